/**
 * The idx format of MNIST and Fashion-MNIST: a magic number (two zero bytes, a type, the number of
 * dimensions), each dimension as a big-endian uint32, then the bytes. Only uint8 (type 8) is read.
 * Source: http://yann.lecun.com/exdb/mnist/ ("FILE FORMATS FOR THE MNIST DATABASE").
 */
import { gunzipSync } from 'node:zlib';
import { DataError, reason } from './errors.js';

const UBYTE = 0x08;

/** What an idx file holds, as told by the number of its dimensions. */
const HOLDS: Record<number, string> = { 1: 'labels', 3: 'images' };

/**
 * The file's bytes, unpacked if they are gzip. Allocates no more than `size`, the expected number of bytes, so that a
 * small file cannot unpack into all of memory.
 * @throws DataError if the stream is cut off or damaged, or larger than `size`
 */
export function gunzipIfPacked(bytes: Uint8Array, file: string, size: number): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: size });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ERR_BUFFER_TOO_LARGE' ? `it unpacks to more than ${size} bytes` : reason(error);
    throw new DataError(
      `${file}: not the expected gzip file (${why}). It is damaged, cut off or another file; delete it and fetch it again.`,
      { code: 'data-damaged' },
    );
  }
}

/** The number of bytes of an idx file of this shape. */
export function idxSize(shape: readonly number[]): number {
  return 4 + 4 * shape.length + shape.reduce((product, n) => product * n, 1);
}

/**
 * Reads an idx file of unsigned bytes which must have exactly `shape`.
 * @returns the elements, row-major; a view of `bytes`
 * @throws DataError naming `file` and what was expected, on any other content
 */
export function parseIdx(bytes: Uint8Array, file: string, shape: readonly number[]): Uint8Array {
  const refuse = (found: string) =>
    new DataError(
      `${file}: expected idx ${HOLDS[shape.length] ?? 'data'} of shape [${shape.join(', ')}], found ${found}. ` +
        `Check that no file was renamed or cut off; delete it and fetch it again.`,
      { code: 'data-mismatched' },
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4) throw refuse(`only ${bytes.length} bytes`);
  const magic = view.getUint32(0);
  const rank = bytes[3]!;
  if (magic >>> 8 !== UBYTE)
    throw refuse(`magic number 0x${magic.toString(16).padStart(8, '0')}, not idx bytes`);
  if (rank !== shape.length) throw refuse(`idx ${HOLDS[rank] ?? `data of ${rank} dimensions`}`);
  const header = 4 + 4 * rank;
  if (bytes.length < header) throw refuse(`only ${bytes.length} bytes`);
  const found = shape.map((_, d) => view.getUint32(4 + 4 * d));
  if (found.some((n, d) => n !== shape[d])) throw refuse(`shape [${found.join(', ')}]`);
  if (bytes.length !== idxSize(shape)) throw refuse(`${bytes.length} bytes where ${idxSize(shape)} belong`);
  return bytes.subarray(header);
}
