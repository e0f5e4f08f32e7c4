/** Encodings that a configuration is not written in, told from its bytes. */

export interface ForeignEncoding {
  readonly name: string;
  readonly hint: string;
}

const AS_UTF8 = 'save the file as UTF-8 (PowerShell: Out-File -Encoding utf8)';

/** UTF-16 and UTF-32, with or without a byte order mark, and other bytes with zeros; undefined for the rest. */
export function encodingOf(bytes: Uint8Array): ForeignEncoding | undefined {
  const [a, b, c, d] = bytes;
  const zeros = countZeros(bytes);
  if ((a === 0xff && b === 0xfe && c === 0 && d === 0) || (a === 0 && b === 0 && c === 0xfe && d === 0xff)) {
    return { name: 'UTF-32', hint: AS_UTF8 };
  }
  if (a === 0xff && b === 0xfe) return { name: 'UTF-16 (little-endian)', hint: AS_UTF8 };
  if (a === 0xfe && b === 0xff) return { name: 'UTF-16 (big-endian)', hint: AS_UTF8 };
  if (zeros.even + zeros.odd === 0) return undefined;
  // Settings are mostly ASCII: in UTF-16 every other byte of them is zero.
  const most = bytes.length / 4;
  if (zeros.odd > most && zeros.even * 4 < zeros.odd) {
    return { name: 'UTF-16 (little-endian, without a byte order mark)', hint: AS_UTF8 };
  }
  if (zeros.even > most && zeros.odd * 4 < zeros.even) {
    return { name: 'UTF-16 (big-endian, without a byte order mark)', hint: AS_UTF8 };
  }
  return { name: 'a file with zero bytes', hint: 'name a YAML file, saved as UTF-8' };
}

function countZeros(bytes: Uint8Array): { readonly even: number; readonly odd: number } {
  const zeros = { even: 0, odd: 0 };
  bytes.forEach((byte, i) => {
    if (byte === 0) zeros[i % 2 === 0 ? 'even' : 'odd']++;
  });
  return zeros;
}
