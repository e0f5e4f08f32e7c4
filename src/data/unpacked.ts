/** Reads an archive's members from the folder that it was unpacked to. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Wanted } from './archive.js';
import { DataError, usingData } from './errors.js';

/**
 * The members `wanted`, whose files lie in `folder` without their folder in the archive.
 * @returns bytes by path in the archive, in the order of `wanted`
 * @throws DataError naming the file that has another size; FileError for one that is absent or cannot be read
 */
export async function readUnpacked(folder: string, wanted: Wanted): Promise<Map<string, Uint8Array>> {
  const members = new Map<string, Uint8Array>();
  for (const [name, size] of wanted) {
    const file = path.join(folder, path.posix.basename(name));
    const bytes = await usingData(file, () => readFile(file));
    if (bytes.length !== size)
      throw new DataError(
        `${file}: ${bytes.length} bytes long, expected ${size}. Unpack the archive again.`,
        { code: 'data-mismatched' },
      );
    members.set(name, bytes);
  }
  return members;
}
