/** Which files of a results folder are ours. Files that somebody else wrote are not replaced, moved or removed. */
import { lstat, open, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { ReportedError } from '../errors/reported.js';
import { errnoOf } from '../files/problem.js';
import { isOwnOrTemporary, marks, ownFolders, type OwnFile, type OwnFolder } from './ownFiles.js';

/** Files of somebody else's that are in the way. */
export class ForeignFiles extends ReportedError {
  constructor(
    dir: string,
    readonly files: readonly string[],
    remedy: string,
  ) {
    const shown = files.slice(0, 8).join(', ') + (files.length > 8 ? ` and ${files.length - 8} more` : '');
    super(`${dir} has files that adamw-bench did not write, and that it would replace: ${shown}.`, {
      code: 'foreign-files',
      remedy,
    });
  }
}

/** So much of a file is looked at, bytes. */
const mostBytes = 16 * 2 ** 20;

type Look =
  | { readonly is: 'absent' }
  | { readonly is: 'folder' }
  | { readonly is: 'file'; readonly bytes: Buffer }
  /** A pipe, a dangling link, a file that we may not read ... */
  | { readonly is: 'other' };

/** What there is at a path, a link followed. @throws the file system's error where that cannot be told */
async function lookAt(path: string): Promise<Look> {
  const present = await lstat(path).catch(absentOr);
  if (!present) return { is: 'absent' };
  const target = await stat(path).catch((error: unknown) => {
    if (['ENOENT', 'ELOOP'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  });
  if (target?.isDirectory()) return { is: 'folder' };
  if (!target?.isFile()) return { is: 'other' };
  const bytes = await beginningOf(path).catch((error: unknown) => {
    if (['EACCES', 'EPERM', 'ENOENT'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  });
  return bytes ? { is: 'file', bytes } : { is: 'other' };
}

function absentOr(error: unknown): undefined {
  if (errnoOf(error) !== 'ENOENT') throw error;
}

async function beginningOf(path: string): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, mostBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Whether a folder is ours: its configuration, manifest or journal says so. */
export async function isMarked(dir: string): Promise<boolean> {
  for (const file of marks) if (await isOurs(dir, file, false)) return true;
  return false;
}

/** Whether a file of a folder is there and ours. */
export const isOwn = async (dir: string, file: OwnFile): Promise<boolean> =>
  isOurs(dir, file, await isMarked(dir));

async function isOurs(dir: string, file: OwnFile, marked: boolean): Promise<boolean> {
  const look = await lookAt(join(dir, file.name));
  return look.is === 'file' && (await file.isOurs({ bytes: look.bytes, marked, other: otherOf(dir) }));
}

const otherOf = (dir: string) => async (name: string) => {
  const look = await lookAt(join(dir, name));
  return look.is === 'file' ? look.bytes : undefined;
};

/** The names among `files` of what exists in the folder and is not ours. */
async function foreignFiles(dir: string, files: readonly (OwnFile | OwnFolder)[]): Promise<string[]> {
  const marked = await isMarked(dir);
  const foreign: string[] = [];
  for (const file of files) {
    // A file in the place of a folder of ours stands for all that would be in that.
    if (foreign.includes(dirname(file.name))) continue;
    const { is } = await lookAt(join(dir, file.name));
    const fits = 'isFolder' in file ? is === 'folder' : is === 'file' && (await isOurs(dir, file, marked));
    if (is !== 'absent' && !fits) foreign.push(file.name);
  }
  return foreign;
}

/**
 * Refuses a folder in which a file that is to be written, moved or removed is not ours.
 * @param remedy what the user can do, as a sentence
 * @throws ForeignFiles, or the file system's error where the folder cannot be read
 */
export async function requireOwn(
  dir: string,
  files: readonly (OwnFile | OwnFolder)[],
  remedy: string,
): Promise<void> {
  const foreign = await foreignFiles(dir, files);
  if (foreign.length > 0) throw new ForeignFiles(dir, foreign, remedy);
}

/** Whether two paths lead to one file: through links, and whatever the file system thinks of upper and lower case. */
export async function isSameFile(a: string, b: string): Promise<boolean> {
  const [one, other] = await Promise.all(
    [a, b].map((path) => stat(path, { bigint: true }).catch(() => undefined)),
  );
  return one !== undefined && other !== undefined && one.dev === other.dev && one.ino === other.ino;
}

/** The results folder that a file belongs to, as one of those the program keeps there itself; undefined where none. */
export async function resultsFolderOf(file: string): Promise<string | undefined> {
  const folder = await realpath(dirname(resolve(file))).catch(() => undefined);
  if (folder === undefined) return undefined;
  const target = await realpath(file).catch(() => undefined);
  const paths = [join(folder, basename(resolve(file))), ...(target === undefined ? [] : [target])];
  for (const path of paths) {
    const dir = candidateOf(path);
    if (dir !== undefined && (await isMarked(dir))) return dir;
  }
  return undefined;
}

/** The folder that would be a file's results folder, going by the names. Some disks do not tell `A` from `a`. */
function candidateOf(path: string): string | undefined {
  const name = basename(path).toLowerCase();
  const parent = dirname(path);
  if (isOwnOrTemporary('', name)) return parent;
  const within = ownFolders.find((folder) => folder === basename(parent).toLowerCase());
  return within !== undefined && isOwnOrTemporary(within, name) ? dirname(parent) : undefined;
}
