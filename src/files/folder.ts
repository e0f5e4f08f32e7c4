/** Folders: made where they can be, and refused at once where they cannot. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and its parents; existing ones stay as they are. Node's own recursive mkdir reports ENOENT on a
 * read-only disk, and never ends for a folder that cannot exist (below /proc/x, for example).
 * @throws the file system's error (EACCES, EROFS, ENOSPC ...); EEXIST or ENOTDIR if a file is in the way
 */
export async function makeFolder(folder: string): Promise<void> {
  const dir = resolve(folder);
  try {
    await mkdir(dir).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' || dirname(dir) === dir) throw error;
      await makeFolder(dirname(dir));
      // Only once: if its parent exists and this still fails, it always will.
      await mkdir(dir);
    });
  } catch (error) {
    // Another process may have made it first.
    if (!(await stat(dir).catch(() => undefined))?.isDirectory()) throw error;
  }
}
