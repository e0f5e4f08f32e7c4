/** A data set's files on disk: where they are, and getting them. */
import { access, constants, readlink, stat } from 'node:fs/promises';
import path from 'node:path';
import { labelOf } from './authenticity.js';
import type { CatalogEntry, DataFile } from './catalog.js';
import { manualDownload, download, type DownloadOptions, type Target } from './download.js';
import { lookElsewhere, type Located } from './elsewhere.js';
import { DataError, usingData } from './errors.js';
import { errnoOf } from '../files/problem.js';

/** What is at a path; undefined if nothing is. @throws FileError, also for a file that may not be read */
function kindOf(at: string): Promise<'folder' | 'file' | undefined> {
  return usingData(at, async () => {
    try {
      await access(at, constants.R_OK);
      return (await stat(at)).isDirectory() ? 'folder' : 'file';
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  });
}

/** Nothing is at `at`, followed to its end: is there a link that leads nowhere? @throws DataError if so */
async function refuseDangling(at: string): Promise<void> {
  const to = await readlink(at).catch(() => undefined);
  if (to !== undefined)
    throw new DataError(
      `${at} is a symbolic link to ${to}, which does not exist. Restore what it leads to, or delete the link.`,
      { code: 'data-dangling-link' },
    );
}

/**
 * Reports the folder that is at fault rather than a file below it. A folder that does not exist is no fault.
 * @throws FileError if it is a file, or its files cannot be reached; DataError if it is a link that leads nowhere
 */
async function requireFolder(folder: string): Promise<void> {
  try {
    // "." asks for the right to enter it, too.
    await usingData(folder, () => stat(`${folder}${path.sep}.`));
  } catch (error) {
    if (!(error instanceof Error) || errnoOf(error.cause) !== 'ENOENT') throw error;
    await refuseDangling(folder);
    if (path.dirname(folder) !== folder) await requireFolder(path.dirname(folder));
  }
}

/** What was found in place of a file, as a sentence with a space in front; empty if nothing was. */
function foundInstead(found: readonly string[]): string {
  return found.length === 0 ? '' : ` Found, but not usable: ${found.join('; ')}.`;
}

function target(entry: CatalogEntry, file: DataFile, dataDir: string, found: readonly string[]): Target {
  return {
    ...file,
    label: labelOf(entry, file),
    path: path.join(dataDir, entry.name, file.name),
    found: foundInstead(found),
  };
}

/**
 * Where a file is: at its own place, where an idx file may also lie unpacked, without `.gz`; or wherever other
 * programs leave it, if its checksum proves that it is the file. Else what was found in its place.
 * @throws FileError if the system refuses to look; DataError for a link that leads nowhere
 */
export async function locate(
  entry: CatalogEntry,
  file: DataFile,
  dataDir: string,
): Promise<Located | { readonly path?: undefined; readonly found: readonly string[] }> {
  const folder = path.join(dataDir, entry.name);
  await requireFolder(dataDir);
  await requireFolder(folder);
  const packed = path.join(folder, file.name);
  if ((await kindOf(packed)) !== undefined) return { path: packed };
  const plain = packed.replace(/-ubyte\.gz$/, '-ubyte');
  if ((await kindOf(plain)) === 'file') return { path: plain };
  const elsewhere = await lookElsewhere(entry, file, dataDir);
  if (elsewhere.path === undefined) {
    await refuseDangling(packed);
    await refuseDangling(plain);
  }
  return elsewhere;
}

/**
 * Makes sure that every file of the data set is there, downloading what is missing if `fetch`.
 * @returns where each lies, by file name
 * @throws DataError if a file is missing and cannot be had: which, where to put it, which checksum
 * @throws FileError if the system refuses to read or write
 */
export async function ensureFiles(
  entry: CatalogEntry,
  dataDir: string,
  fetch: boolean,
  options: DownloadOptions = {},
): Promise<Map<string, Located>> {
  const places = new Map<string, Located>();
  for (const file of entry.files) {
    const place = await locate(entry, file, dataDir);
    if (place.path !== undefined) {
      places.set(file.name, place);
      continue;
    }
    const wanted = target(entry, file, dataDir, place.found);
    if (!fetch)
      throw new DataError(
        `${wanted.label} is missing.${wanted.found} Run "adamw-bench data fetch ${entry.name}", or ${manualDownload(wanted)}.`,
        { code: 'data-missing' },
      );
    await download(wanted, options);
    places.set(file.name, { path: wanted.path });
  }
  return places;
}
