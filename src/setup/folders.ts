/**
 * The folders of a set-up. It is made in a sibling of its place and moved there whole, so at every moment the place
 * holds a whole set-up or none; what a killed one has left is used or cleared away by the next.
 */
import { lstat, mkdir, readFile, readdir, realpath, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SETUP_FILE } from '../backends/tensorflowHome.js';
import { syncFolder } from '../files/atomic.js';
import { makeFolder } from '../files/folder.js';
import { claimLock, acquireLock } from '../files/lock.js';
import { explainingFiles } from '../files/problem.js';
import { SetupError } from './errors.js';

export interface Places {
  /** The set-up's own place. */
  readonly folder: string;
  /** What is being made: `downloads` and `build`. */
  readonly partial: string;
  readonly downloads: string;
  readonly build: string;
  /** The one before, between two renames. */
  readonly old: string;
  readonly lock: string;
}

/** All paths that belong to a set-up in `folder`. */
export function placesOf(folder: string): Places {
  const partial = `${folder}.partial`;
  return {
    folder,
    partial,
    downloads: join(partial, 'downloads'),
    build: join(partial, 'build'),
    old: `${folder}.old`,
    lock: `${folder}.lock`,
  };
}

const exists = async (path: string) => (await lstat(path).catch(() => undefined)) !== undefined;

/** The folder itself where `path` is a link to one, else the absolute path. */
export const realFolder = (path: string): Promise<string> => realpath(path).catch(() => resolve(path));

/** Refuses a folder with something in it that no set-up has put there. @throws SetupError */
export async function requireOurs(folder: string): Promise<void> {
  const names = await explainingFiles(folder, () =>
    readdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    }),
  );
  if (names.length === 0 || (await isSetUp(folder))) return;
  throw new SetupError(
    `${folder} has files in it that are not of a set-up.`,
    'setup-folder',
    'Name an empty folder, or one that does not exist, with --dir.',
  );
}

/** Whether the folder says that it is one of ours, of whatever version. */
async function isSetUp(folder: string): Promise<boolean> {
  try {
    const found = JSON.parse(await readFile(join(folder, SETUP_FILE), 'utf8')) as {
      tensorflow?: unknown;
    } | null;
    return typeof found?.tensorflow === 'string';
  } catch {
    return false;
  }
}

/**
 * Holds the lock of a set-up while something is done to it; another process's set-up is waited for.
 * @param onWait told the process that is waited for
 */
export async function alone<T>(
  { folder, lock }: Places,
  onWait: (pid: number | undefined) => void,
  act: () => Promise<T>,
): Promise<T> {
  const remedy = `Name a folder that you can write to with --dir.`;
  const release = await explainingFiles(
    dirname(folder),
    async () => {
      await makeFolder(dirname(folder));
      const claim = await claimLock(lock);
      if ('release' in claim) return claim.release;
      onWait(claim.owner?.pid);
      return acquireLock(lock);
    },
    { remedy },
  );
  try {
    return await act();
  } finally {
    await release();
  }
}

/** Clears up after a set-up that was killed. Its downloads stay, and the next set-up uses them. */
export async function recover({ folder, old, build, downloads }: Places): Promise<void> {
  if (await exists(old)) {
    if (await exists(folder)) await rm(old, { recursive: true, force: true });
    else await rename(old, folder);
  }
  await rm(build, { recursive: true, force: true });
  for (const name of await readdir(downloads).catch(() => [])) {
    if (name.startsWith('scratch-')) await rm(join(downloads, name), { recursive: true, force: true });
  }
}

/** Moves the finished build to its place, in the place of the one before. */
export async function putInPlace({ folder, build, old, partial }: Places): Promise<void> {
  if (await exists(folder)) await rename(folder, old);
  await rename(build, folder);
  await syncFolder(dirname(folder));
  await rm(old, { recursive: true, force: true });
  await rm(partial, { recursive: true, force: true });
}

/** Makes the usual place a link to a set-up elsewhere, so that the loader finds it. False where that cannot be. */
export async function linkHome(home: string, folder: string): Promise<boolean> {
  if (home === folder) return true;
  try {
    await mkdir(dirname(home), { recursive: true });
    const found = await lstat(home).catch(() => undefined);
    if (found?.isSymbolicLink() === true) await rm(home);
    else if (found !== undefined) return false;
    await symlink(folder, home);
    return true;
  } catch {
    return false;
  }
}

/** Takes a set-up away with all that belongs to it; returns whether there was anything. */
export async function removeAll({ folder, partial, old }: Places): Promise<boolean> {
  let found = false;
  for (const path of [folder, partial, old]) {
    if (!(await exists(path))) continue;
    found = true;
    await explainingFiles(path, () => rm(path, { recursive: true, force: true }));
  }
  return found;
}
