/** Folders: made where they can be, and refused at once where they cannot. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and those above it; what is there already stays as it is. Node's own recursive mkdir says of a
 * read-only disk that it does not exist, and of a folder that can never be (/proc/x, say) nothing: it never ends.
 * @throws the file system's error (EACCES, EROFS, ENOSPC ...); EEXIST or ENOTDIR where a file is in the way
 */
export async function makeFolder(folder: string): Promise<void> {
  const dir = resolve(folder);
  try {
    await mkdir(dir).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' || dirname(dir) === dir) throw error;
      await makeFolder(dirname(dir));
      // Once: where it still does not exist with its parent there, it never will.
      await mkdir(dir);
    });
  } catch (error) {
    // Another process may have been quicker.
    if (!(await stat(dir).catch(() => undefined))?.isDirectory()) throw error;
  }
}
