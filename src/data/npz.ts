/**
 * Reads single arrays out of an .npz file (a zip of .npy files, stored or deflated) without unpacking the rest:
 * ImageNet32x32's files are 400 MB each and their labels are wanted first.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { FileError } from '../files/problem.js';
import { fileReader } from '../files/zip.js';
import { DataError, reason, usingData } from './errors.js';
import { parseNpy, type NpyArray } from './npy.js';

/** A limit on what a forged header can allocate; no data set here has larger arrays. */
const MAX_BYTES = 2 ** 31;

/** A stream into `target` that refuses to overflow it. */
function into(target: Uint8Array): WritableStream<Uint8Array> {
  let at = 0;
  return new WritableStream({
    write(chunk) {
      if (at + chunk.length > target.length) throw new Error('an entry is longer than it says');
      target.set(chunk, at);
      at += chunk.length;
    },
    close() {
      if (at < target.length) throw new Error('an entry is shorter than it says');
    },
  });
}

async function unpack(handle: FileHandle, member: string): Promise<Uint8Array | undefined> {
  const { ZipReader } = await import('@zip.js/zip.js');
  const zip = new ZipReader(await fileReader(handle), { useWebWorkers: false, checkSignature: true });
  const entry = (await zip.getEntries()).find((candidate) => candidate.filename === member);
  if (entry === undefined || entry.directory) return undefined;
  if (entry.uncompressedSize > MAX_BYTES)
    throw new Error(`"${member}" claims ${entry.uncompressedSize} bytes, and at most ${MAX_BYTES} are read`);
  const bytes = new Uint8Array(entry.uncompressedSize);
  await entry.getData(into(bytes));
  await zip.close();
  return bytes;
}

/**
 * Array `name` of the .npz file at `file`, undefined if it has none of that name; checksums of the zip are verified.
 * @throws DataError naming the file if it is no zip, is cut off or damaged, or the array is not a plain numeric one
 * @throws FileError if the file cannot be read
 */
export async function findInNpz(file: string, name: string): Promise<NpyArray | undefined> {
  const handle = await usingData(file, () => open(file));
  let bytes: Uint8Array | undefined;
  try {
    bytes = await usingData(file, () => unpack(handle, `${name}.npy`));
  } catch (error) {
    if (error instanceof FileError) throw error;
    throw new DataError(
      `${file}: not a whole .npz file (${reason(error)}). It is damaged or cut off; unpack or fetch it again.`,
      { code: 'data-damaged' },
    );
  } finally {
    await handle.close();
  }
  return bytes && parseNpy(bytes, `${file}: ${name}`);
}

/**
 * As `findInNpz`.
 * @param expected the arrays that the file must have and what to do if it has not, for the message
 * @throws DataError also if the file lacks the array
 */
export async function readNpz(
  file: string,
  name: string,
  expected = '"data" and "labels". Fetch the npz form of the data',
): Promise<NpyArray> {
  const array = await findInNpz(file, name);
  if (array) return array;
  throw new DataError(`${file}: has no array "${name}", expected ${expected}.`, { code: 'data-mismatched' });
}
