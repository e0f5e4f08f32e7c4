/** Writing a file so that a reader sees the old one or the new one, never half of it. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join, basename } from 'node:path';

/**
 * Writes the pieces to a temporary file beside `path` and renames it. Makes the folder where it is missing.
 * Throws a sentence naming the path where the disk refuses; no temporary file stays behind.
 */
export async function writeWhole(path: string, pieces: Iterable<string | Uint8Array>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID().slice(0, 8)}.tmp`);
  try {
    const file = await open(temporary, 'wx');
    try {
      for (const piece of pieces) await file.writeFile(piece);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${path} could not be written (${why}). Check that the folder is writable and the disk not full.`,
      {
        cause: error,
      },
    );
  }
}
