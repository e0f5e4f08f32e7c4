/** Recognises what people have in place of a data file: web pages, pointers, other forms of the data. */
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { constants, gunzipSync } from 'node:zlib';

/** Enough for the head of a web page, and for the first header of a packed archive. */
const HEAD = 16_384;

/** The forms of CIFAR that are not read, by the folder which each archive holds. */
const otherForms: readonly (readonly [string, string])[] = [
  ['cifar-10-batches-py', 'the Python version of CIFAR-10; the binary version is read'],
  ['cifar-10-batches-mat', 'the Matlab version of CIFAR-10; the binary version is read'],
  ['cifar-100-python', 'the Python version of CIFAR-100; the binary version is read'],
  ['cifar-100-matlab', 'the Matlab version of CIFAR-100; the binary version is read'],
];

const startsWith = (bytes: Buffer, ...start: number[]) => start.every((byte, i) => bytes[i] === byte);

/** What the text at the start of a file shows. */
function ofText(text: string): string | undefined {
  const start = text
    .replace(/^\uFEFF/, '')
    .trimStart()
    .toLowerCase();
  if (start.startsWith('version https://git-lfs.github.com/spec/'))
    return 'a Git LFS pointer, not the file itself ("git lfs pull" gets it)';
  if (/^<(!doctype html|html|head|body|!--)/.test(start)) return 'a web page (HTML)';
  if (start.startsWith('<?xml'))
    return /<html/.test(start) ? 'a web page (HTML)' : "a server's answer in XML";
  return undefined;
}

/** The name of a tar archive's first entry; undefined for other bytes. */
function firstEntry(bytes: Buffer): string | undefined {
  if (bytes.length < 512 || bytes.toString('latin1', 257, 262) !== 'ustar') return undefined;
  return bytes.toString('utf8', 0, 100).replace(/\0.*$/s, '');
}

const formOf = (name: string): string | undefined => {
  const top = name.split('/').filter((part) => part !== '.' && part !== '')[0];
  return otherForms.find(([folder]) => folder === top)?.[1];
};

function ofBytes(bytes: Buffer): string | undefined {
  if (startsWith(bytes, 0x00, 0x05, 0x16, 0x07))
    return "a Mac's note about a file (AppleDouble), not the file itself";
  const entry = firstEntry(bytes);
  return entry === undefined ? ofText(bytes.toString('utf8')) : formOf(entry);
}

/** As much as `bytes`, the start of a gzip file, unpack to; nothing if they are damaged. */
function unpackedHead(bytes: Buffer): Buffer {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}

async function headOf(file: string): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD), 0, HEAD, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/**
 * What the file at `file` is, if that is certain and it is no data file of ours: "a web page (HTML)", for example.
 * @throws the file system's error if it cannot be read
 */
export async function whatIs(file: string): Promise<string | undefined> {
  if ((await stat(file)).isDirectory()) return formOf(path.basename(file));
  const bytes = await headOf(file);
  if (bytes.length === 0) return 'an empty file';
  if (startsWith(bytes, 0x1f, 0x8b)) return ofBytes(unpackedHead(bytes));
  if (startsWith(bytes, 0x50, 0x4b, 0x03, 0x04) && !file.endsWith('.npz')) return 'a zip archive';
  if (startsWith(bytes, 0x42, 0x5a, 0x68)) return 'packed with bzip2';
  if (startsWith(bytes, 0xfd, 0x37, 0x7a, 0x58, 0x5a)) return 'packed with xz';
  return ofBytes(bytes);
}
