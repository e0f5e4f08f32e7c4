/** What `adamw-bench data list|fetch|verify` do. */
import { catalogEntry, type DatasetName } from './catalog.js';
import { resolveDataDir } from './dataDir.js';
import type { Progress } from './download.js';
import { DataError, explained } from './errors.js';
import { authenticate, ensureFiles, locate, type Authenticity } from './files.js';
import { formatOf } from './formats.js';

export interface ManageOptions {
  readonly dataDir?: string | undefined;
}

export interface FileStatus {
  readonly name: string;
  /** Where the file is, or undefined if it is missing. */
  readonly path?: string;
  readonly state: Authenticity | 'missing' | 'bad';
  /** What is wrong, for `bad`. */
  readonly message?: string;
}

/** Runs `look` on each file that is there; a DataError becomes the file's `bad` status. */
async function eachFile(
  name: DatasetName,
  options: ManageOptions,
  look: (file: string, path: string) => Promise<void>,
): Promise<FileStatus[]> {
  const entry = catalogEntry(name);
  const dataDir = resolveDataDir(options.dataDir);
  const statuses: FileStatus[] = [];
  for (const file of entry.files) {
    const path = await locate(entry, file, dataDir);
    if (path === undefined) {
      statuses.push({ name: file.name, state: 'missing' });
      continue;
    }
    try {
      const state = await explained(path, () => authenticate(entry, file, path));
      await explained(path, () => look(file.name, path));
      statuses.push({ name: file.name, path, state });
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      statuses.push({ name: file.name, path, state: 'bad', message: error.message });
    }
  }
  return statuses;
}

/** Which files are there and have the published md5; reads them, but does not look into them. */
export function datasetStatus(name: DatasetName, options: ManageOptions = {}): Promise<FileStatus[]> {
  return eachFile(name, options, () => Promise.resolve());
}

/** The full check: md5, and every file read as loading would. Empty for generated data. */
export function verifyDataset(name: DatasetName, options: ManageOptions = {}): Promise<FileStatus[]> {
  const entry = catalogEntry(name);
  return eachFile(name, options, (file, path) => formatOf(entry).check(entry, file, path));
}

/**
 * Downloads the files that are missing.
 * @returns the files' paths; nothing for generated data
 * @throws DataError if one cannot be had
 */
export async function fetchDataset(
  name: DatasetName,
  options: ManageOptions & { readonly onProgress?: ((progress: Progress) => void) | undefined } = {},
): Promise<string[]> {
  const paths = await ensureFiles(catalogEntry(name), resolveDataDir(options.dataDir), true, {
    onProgress: options.onProgress,
  });
  return [...paths.values()];
}
