/** Decoded images on disk, so that workers and later runs need not decode them again. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeAtomically } from '../../files/atomic.js';
import { makeFolder } from '../../files/folder.js';

/** Raised when decoding or resizing changes, so that earlier files are not used. */
const VERSION = 1;

/** What decoding gives: pixels of all images, one after the other, and their common form. */
export interface Decoded {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

const digest = (...parts: (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** height, width, channels as 32-bit numbers, then the sha256 of the pixels. */
const HEADER = 12 + 32;

/** OpenSSL hashes at most 2 GiB at once, and Node writes no more: larger sets are decoded each time. */
const MOST = 2 ** 31 - 1 - HEADER;

/**
 * @param folder where the files lie
 * @param key all that decides what is decoded: the fingerprint of the files, and what is done to each image
 */
export function decodedCache(folder: string, key: readonly unknown[]) {
  const name = digest(JSON.stringify([VERSION, ...key]))
    .toString('hex')
    .slice(0, 32);
  const file = path.join(folder, `${name}.images`);
  return {
    /** What was kept, if it is there and whole. */
    async read(): Promise<Decoded | undefined> {
      const bytes = await readFile(file).catch(() => undefined);
      if (bytes === undefined || bytes.length <= HEADER) return undefined;
      const pixels = new Uint8Array(bytes.buffer, bytes.byteOffset + HEADER, bytes.length - HEADER);
      if (!digest(pixels).equals(bytes.subarray(12, HEADER))) return undefined;
      const [height, width, channels] = [0, 4, 8].map((at) => bytes.readUInt32LE(at)) as [
        number,
        number,
        1 | 3,
      ];
      return { height, width, channels, pixels };
    },

    /** Keeps it; a folder that cannot be written to is no reason to stop. */
    async write({ height, width, channels, pixels }: Decoded): Promise<void> {
      if (pixels.length > MOST) return;
      const numbers = Buffer.alloc(12);
      [height, width, channels].forEach((value, i) => numbers.writeUInt32LE(value, 4 * i));
      try {
        await makeFolder(folder);
        await writeAtomically(file, Buffer.concat([numbers, digest(pixels), pixels]));
      } catch {
        // Then it is decoded again next time.
      }
    },
  };
}
