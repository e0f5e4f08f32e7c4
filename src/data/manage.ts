/** What `adamw-bench data list|fetch|verify` do. */
import { catalogEntry, type CatalogEntry, type DataFile, type DatasetName } from './catalog.js';
import { resolveDataDir } from './dataDir.js';
import type { Progress } from './download.js';
import { authenticate, type Authenticity } from './authenticity.js';
import { DataError } from './errors.js';
import { ensureFiles, locate } from './files.js';
import { FileError } from '../files/problem.js';
import { formatOf } from './formats.js';

export interface ManageOptions {
  readonly dataDir?: string | undefined;
}

export interface FileStatus {
  readonly name: string;
  /** Where the file is, or undefined if it is missing. */
  readonly path?: string;
  readonly state: Authenticity | 'missing' | 'bad' | 'unreadable';
  /** What is wrong, for `bad` and `unreadable`; what was passed over in a file that can be used. */
  readonly message?: string;
  /** What was found where a missing file could be: path and reason each. */
  readonly found?: readonly string[];
}

type Look = (file: string, path: string, notice: (sentence: string) => void) => Promise<void>;

async function statusOf(
  entry: CatalogEntry,
  file: DataFile,
  dataDir: string,
  look: Look,
): Promise<FileStatus> {
  const { name } = file;
  let path: string | undefined;
  try {
    const place = await locate(entry, file, dataDir);
    if (place.path === undefined) return { name, state: 'missing', found: place.found };
    path = place.path;
    const state = place.authenticity ?? (await authenticate(entry, file, path));
    const notices: string[] = [];
    await look(name, path, (sentence) => notices.push(`${sentence}.`));
    return { name, path, state, ...(notices.length > 0 ? { message: notices.join(' ') } : {}) };
  } catch (error) {
    if (!(error instanceof DataError || error instanceof FileError)) throw error;
    const state = error instanceof FileError ? 'unreadable' : 'bad';
    return { name, ...(path === undefined ? {} : { path }), state, message: error.message };
  }
}

/** Runs `look` on each file that is there; a refusal becomes the file's status. */
async function eachFile(name: DatasetName, options: ManageOptions, look: Look): Promise<FileStatus[]> {
  const entry = catalogEntry(name);
  const dataDir = resolveDataDir(options.dataDir);
  const statuses: FileStatus[] = [];
  for (const file of entry.files) statuses.push(await statusOf(entry, file, dataDir, look));
  return statuses;
}

/** Which files are there and have the published md5; reads them, but does not look into them. */
export function datasetStatus(name: DatasetName, options: ManageOptions = {}): Promise<FileStatus[]> {
  return eachFile(name, options, () => Promise.resolve());
}

/** The full check: md5, and every file read as loading would. Empty for generated data. */
export function verifyDataset(name: DatasetName, options: ManageOptions = {}): Promise<FileStatus[]> {
  const entry = catalogEntry(name);
  return eachFile(name, options, (file, path, notice) => formatOf(entry).check(entry, file, path, notice));
}

/**
 * Downloads the files that are missing.
 * @returns the files' paths; nothing for generated data
 * @throws DataError if one cannot be had; FileError if the system refuses to read or write
 */
export async function fetchDataset(
  name: DatasetName,
  options: ManageOptions & { readonly onProgress?: ((progress: Progress) => void) | undefined } = {},
): Promise<string[]> {
  const places = await ensureFiles(catalogEntry(name), resolveDataDir(options.dataDir), true, {
    onProgress: options.onProgress,
  });
  return [...places.values()].map(({ path }) => path);
}
