/** Where checkpoints are kept: one safetensors file per unfinished cell, in a folder. */
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from '../files/atomic.js';

/** A place for the bytes of checkpoints, by cell id. */
export interface CheckpointStore {
  read(id: string): Promise<Uint8Array | undefined>;
  write(id: string, bytes: Uint8Array): Promise<void>;
  remove(id: string): Promise<void>;
}

/** Checkpoints as `<folder>/<id>.safetensors`, each whole or absent. */
export function folderStore(folder: string): CheckpointStore {
  const fileOf = (id: string) => join(folder, `${id}.safetensors`);
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
      await mkdir(folder, { recursive: true });
      await writeAtomically(fileOf(id), bytes);
    },
    remove: (id) => rm(fileOf(id), { force: true }),
  };
}
