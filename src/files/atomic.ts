/** Files that are either whole or absent, whatever happens while they are written. */
import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ageOf } from './age.js';
import { flush, flushFolder } from './flush.js';

/** The name of a file's temporary: the file's own, who writes it, something random. */
const temporaryOf = (file: string) => `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
const temporaryEnd = /\.\d+\.[0-9a-f]{8}\.tmp$/;

/** The name that a temporary of `writeAtomically` would get in the end; undefined for any other file. */
export function nameOfTemporary(name: string): string | undefined {
  return temporaryEnd.test(name) ? name.replace(temporaryEnd, '') : undefined;
}

/**
 * Writes `content` to a temporary file in the same folder, flushes it to disk and renames it to `file`. A reader sees
 * the old content or the new, never a part, also after a crash.
 * @throws the file system's error (ENOSPC, EROFS, ENOENT ...); the temporary file is removed
 */
export async function writeAtomically(
  file: string,
  content: string | Uint8Array | Iterable<string | Uint8Array>,
): Promise<void> {
  const temporary = temporaryOf(file);
  try {
    const handle = await open(temporary, 'wx');
    try {
      const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
      // Each writeFile on a handle continues after the last one.
      for (const piece of pieces) await handle.writeFile(piece);
      await flush(handle);
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(file));
}

/** Makes a rename or a new file in `folder` durable, where the platform can (Windows cannot open folders). */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (!handle) return;
  await flushFolder(handle);
  await handle.close();
}

/**
 * Removes temporary files in a folder that were not written to for `seconds`: their writers were killed.
 * @param isOurs whether the program writes a file of this name there; other temporary files stay
 */
export async function clearTemporaries(
  folder: string,
  isOurs: (name: string) => boolean,
  seconds = 600,
): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const final = nameOfTemporary(name);
    if (final === undefined || !isOurs(final)) continue;
    const file = join(folder, name);
    if (!(await stat(file).catch(() => undefined))?.isFile()) continue;
    // The file is gone, or the folder takes no probe: it stays as it is.
    const age = await ageOf(file, join(folder, 'age')).catch(() => 0);
    if (age > seconds * 1000) await rm(file, { force: true });
  }
}
