/** What the system says of a path that cannot be used, as a sentence for the user. */
import { getSystemErrorMap } from 'node:util';
import { constants as zlib } from 'node:zlib';
import { ReportedError } from '../errors/reported.js';

/** The sentences for what people meet most; `%` is the path. Every other errno gets the system's own words. */
const sentences: Readonly<Record<string, string>> = {
  EACCES: '% cannot be used: you have no permission.',
  EPERM: '% cannot be used: you have no permission.',
  EROFS: '% is on a read-only file system.',
  ENOSPC: 'The disk of % is full.',
  EDQUOT: 'Your quota on the disk of % is used up.',
  ENOENT: '% does not exist, or something above it.',
  EEXIST: '% exists already.',
  ENOTDIR: '% is not a folder, or something above it is a file.',
  EISDIR: '% is a folder, not a file.',
  EIO: 'The disk of % fails.',
  ENAMETOOLONG: 'The path % is longer than its file system allows.',
  ELOOP: '% is a symbolic link that leads back to itself.',
  EMFILE: '% cannot be opened: this process has too many files open (ulimit -n).',
  ENFILE: '% cannot be opened: the machine has too many files open.',
  ESTALE: '% has gone from its network file system.',
};

/** The name of a system error, `EACCES` say; undefined for errors that are none. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, errno } = error as NodeJS.ErrnoException;
  if (typeof errno !== 'number' || typeof code !== 'string') return undefined;
  // zlib's errors have numbers too, but a damaged gzip file is no system error.
  return Object.hasOwn(zlib, code) ? undefined : code;
}

/** The sentence about `path` for a system error; undefined for errors that are none. */
export function sentenceFor(path: string, error: unknown): string | undefined {
  const code = errnoOf(error);
  if (code === undefined) return undefined;
  const own = sentences[code];
  // A replacement function: a path may hold `$&`.
  if (own !== undefined) return own.replace('%', () => path);
  const words = getSystemErrorMap().get((error as NodeJS.ErrnoException).errno!)?.[1] ?? 'system error';
  return `${path} cannot be used: ${words} (${code}).`;
}

/** A path that cannot be used. Its code is `file-` and the errno in lower case, e.g. `file-enospc`. */
export class FileError extends ReportedError {}

/**
 * Runs an action on a path that the user gave.
 * @param remedy what the user can do if the system refuses, as a sentence
 * @throws FileError for every system error; other errors unchanged
 */
export async function explainingFiles<T>(
  path: string,
  act: () => Promise<T>,
  { remedy, exitCode = 2 }: { readonly remedy?: string; readonly exitCode?: 1 | 2 } = {},
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const sentence = sentenceFor(path, error);
    if (sentence === undefined) throw error;
    throw new FileError(sentence, {
      code: `file-${errnoOf(error)!.toLowerCase()}`,
      exitCode,
      cause: error,
      ...(remedy === undefined ? {} : { remedy }),
    });
  }
}
