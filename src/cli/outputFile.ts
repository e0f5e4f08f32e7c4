/** Files that a command writes for --out: never one of a results folder, and no existing file without --force. */
import { lstat, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { writeAtomically } from '../files/atomic.js';
import { errnoOf, explainingFiles } from '../files/problem.js';
import { resultsFolderOf } from '../runner/index.js';
import { UsageError } from './exit.js';

const remedy = 'Choose another file with --out.';

/**
 * Refuses a file that may not be written.
 * @throws UsageError if it belongs to a results folder, is a folder or a device, or exists without `force`
 */
export async function requireFree(file: string, force: boolean): Promise<void> {
  if (file === '') throw new UsageError('--out is empty: name a file.');
  const results = await resultsFolderOf(file);
  if (results !== undefined) {
    throw new UsageError(
      `${file} is a file that adamw-bench keeps in the results folder ${results} itself.`,
      {
        code: 'own-file',
        remedy,
      },
    );
  }
  const present = await explainingFiles(file, () => lstat(file).catch(absentOr), { remedy });
  if (!present) return;
  // A link that leads nowhere also belongs to somebody; it may be replaced like a file.
  const target = await stat(file).catch(() => undefined);
  if (target && !target.isFile()) {
    const what = target.isDirectory() ? 'a folder' : 'no ordinary file';
    throw new UsageError(`${file} is ${what}.`, { code: 'not-a-file', remedy });
  }
  if (!force) {
    throw new UsageError(`${file} exists already.`, {
      code: 'file-exists',
      remedy: 'Add --force to replace it, or choose another file with --out.',
    });
  }
}

function absentOr(error: unknown): undefined {
  if (errnoOf(error) !== 'ENOENT') throw error;
}

/** Writes such a file, whole. @throws UsageError as `requireFree`; FileError if the system refuses */
export async function writeOutput(file: string, content: string | Uint8Array, force: boolean): Promise<void> {
  await requireFree(file, force);
  await explainingFiles(file, () => writeAtomically(resolve(file), content), { remedy });
}
