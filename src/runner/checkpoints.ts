/** Where checkpoints are kept: one safetensors file per unfinished cell, in a folder. */
import { readFile, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { nameOfTemporary, writeAtomically } from '../files/atomic.js';
import { makeFolder } from '../files/folder.js';

/** A place for the bytes of checkpoints, by cell id. */
export interface CheckpointStore {
  read(id: string): Promise<Uint8Array | undefined>;
  write(id: string, bytes: Uint8Array): Promise<void>;
  remove(id: string): Promise<void>;
}

const suffix = '.safetensors';

/** Checkpoints as `<folder>/<id>.safetensors`, each whole or absent. */
export function folderStore(folder: string): CheckpointStore {
  const fileOf = (id: string) => join(folder, `${id}${suffix}`);
  return {
    async read(id) {
      try {
        return await readFile(fileOf(id));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async write(id, bytes) {
      await makeFolder(folder);
      await writeAtomically(fileOf(id), bytes);
    },
    async remove(id) {
      // The file, and what writers that were killed have left of it.
      const own = `${id}${suffix}`;
      const names = (await readdir(folder).catch(() => [])).filter(
        (name) => name === own || nameOfTemporary(name) === own,
      );
      await Promise.all(names.map((name) => rm(join(folder, name), { force: true })));
    },
  };
}

/**
 * Removes the checkpoints of cells that need them no longer, left by a coordinator that died between a cell's record
 * and its clearing up; and the folder where none is left.
 */
export async function clearCheckpoints(folder: string, isDone: (id: string) => boolean): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (name.endsWith(suffix) && isDone(name.slice(0, -suffix.length))) {
      await rm(join(folder, name), { force: true });
    }
  }
  await rmdir(folder).catch(() => undefined);
}
