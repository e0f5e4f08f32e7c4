/**
 * Reads and writes the safetensors container (https://github.com/huggingface/safetensors#format): eight bytes of
 * header length (little-endian), a JSON header, then the tensors' bytes end to end. Only float32.
 *
 * The format would not notice a flipped bit. So we add a metadata entry, which other readers ignore: the sha256 of all
 * bytes, with the checksum's own 64 digits as zeros.
 */
import { createHash } from 'node:crypto';

/** Named float32 tensors, and free text about them. */
export interface Container {
  readonly tensors: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
  >;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Longer headers are refused before they are parsed, as by the format's own reader. */
const maxHeader = 100_000_000;
const checksumKey = 'sha256';
const noChecksum = '0'.repeat(64);

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

/**
 * The container's bytes.
 * @throws Error if a tensor's shape and length disagree, or a name is reserved by the format
 */
export function encodeSafetensors({ tensors, metadata }: Container): Uint8Array {
  let at = 0;
  const entries = Object.entries(tensors);
  const layout = entries.map(([name, { shape, data }]) => {
    if (name === '__metadata__') throw new Error('A tensor cannot be called __metadata__.');
    if (sizeOf(shape) !== data.length) {
      throw new Error(`Tensor ${name} of shape [${shape.join(', ')}] cannot hold ${data.length} values.`);
    }
    const offsets = [at, (at += data.byteLength)];
    return [name, { dtype: 'F32', shape, data_offsets: offsets }] as const;
  });
  // The checksum comes first, so that nothing before it can look like it.
  const json = JSON.stringify({
    __metadata__: Object.assign({ [checksumKey]: noChecksum }, metadata, { [checksumKey]: noChecksum }),
    ...Object.fromEntries(layout),
  });
  // Spaces align the data, as the format's own writer does.
  const header = Buffer.from(json + ' '.repeat((8 - (Buffer.byteLength(json) % 8)) % 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const parts = entries.map(([, { data }]) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  const bytes = Buffer.concat([length, header, ...parts]);
  bytes.write(sha256(bytes), bytes.indexOf(noChecksum));
  return bytes;
}

const sha256 = (...parts: readonly Uint8Array[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/**
 * Parses and verifies a container.
 * @throws Error that says what is wrong: it is cut off; its header is not JSON; tensors overlap, leave gaps or reach
 *   beyond the end; a type is not F32; a checksum does not match, or is missing although required
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  { requireChecksum = false }: { readonly requireChecksum?: boolean } = {},
): Container {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 8) throw new Error('it is too short to be a safetensors file');
  const length = Number(buffer.readBigUInt64LE(0));
  if (length > maxHeader || 8 + length > buffer.length) throw new Error('its header is cut off');
  const header = parseHeader(buffer.toString('utf8', 8, 8 + length));
  const tensors = readTensors(header.tensors, buffer.subarray(8 + length));
  const { [checksumKey]: checksum, ...metadata } = header.metadata;
  if (checksum !== undefined) verify(buffer, checksum);
  else if (requireChecksum) throw new Error('it has no checksum');
  return { tensors, metadata };
}

/** Compares a container with the checksum found in it. */
function verify(buffer: Buffer, checksum: string): void {
  const at = buffer.indexOf(checksum);
  const found =
    checksum.length === noChecksum.length && at > 0
      ? sha256(buffer.subarray(0, at), Buffer.from(noChecksum), buffer.subarray(at + noChecksum.length))
      : undefined;
  if (found !== checksum) throw new Error('its checksum does not match its content');
}

interface Entry {
  readonly dtype?: unknown;
  readonly shape?: unknown;
  readonly data_offsets?: unknown;
}

function readTensors(entries: Record<string, Entry>, body: Buffer): Container['tensors'] {
  const placed = Object.entries(entries).map(([name, { dtype, shape, data_offsets: offsets }]) => {
    if (dtype !== 'F32') throw new Error(`its tensor ${name} is ${String(dtype)}, not F32`);
    if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2)
      throw new Error(`its entry ${name} is malformed`);
    return { name, shape, from: offsets[0]!, to: offsets[1]! };
  });
  // The header may list them in any order; their bytes follow each other without gaps.
  placed.sort((a, b) => a.from - b.from || a.to - b.to);
  let expected = 0;
  const tensors = placed.map(({ name, shape, from, to }) => {
    if (from !== expected || to - from !== sizeOf(shape) * 4 || to > body.length) {
      throw new Error(`its tensor ${name} does not lie where the header says`);
    }
    expected = to;
    const data = new Float32Array(sizeOf(shape));
    Buffer.from(data.buffer).set(body.subarray(from, to));
    return [name, { shape, data }] as const;
  });
  if (expected !== body.length) throw new Error('its length does not match its header');
  return Object.fromEntries(tensors);
}

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);

function parseHeader(text: string): { metadata: Record<string, string>; tensors: Record<string, Entry> } {
  let header: unknown;
  try {
    header = JSON.parse(text);
  } catch {
    throw new Error('its header is not JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new Error('its header is not an object');
  }
  const { __metadata__: metadata = {}, ...tensors } = header as Record<string, unknown>;
  const isObject = (value: unknown) => typeof value === 'object' && value !== null;
  if (!isObject(metadata) || Object.values(metadata).some((value) => typeof value !== 'string')) {
    throw new Error('its metadata are not text');
  }
  if (!Object.values(tensors).every(isObject)) throw new Error('its header has an entry that is no tensor');
  return { metadata: metadata as Record<string, string>, tensors: tensors as Record<string, Entry> };
}
