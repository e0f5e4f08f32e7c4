/** A data set's files on disk: where they are, whether they are the published ones, and getting them. */
import path from 'node:path';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { pipeline } from 'node:stream/promises';
import { datasetCatalog, type CatalogEntry, type DataFile } from './catalog.js';
import { byHand, download, md5OfFile, sizeOf, type DownloadOptions, type Target } from './download.js';
import { DataError } from './errors.js';

/** Official: the published bytes. Repacked: the published content, packed otherwise. Unchecked: none published. */
export type Authenticity = 'official' | 'repacked' | 'different' | 'unchecked';

/** What messages call a file, e.g. `mnist/t10k-labels-idx1-ubyte.gz`. */
export function labelOf(entry: CatalogEntry, file: DataFile): string {
  return `${entry.name}/${file.name}`;
}

function target(entry: CatalogEntry, file: DataFile, dataDir: string): Target {
  return { ...file, label: labelOf(entry, file), path: path.join(dataDir, entry.name, file.name) };
}

/**
 * The path of a file that is there, or undefined. An idx file may also lie there unpacked, without `.gz`, as most
 * programs that keep MNIST leave it.
 */
export async function locate(
  entry: CatalogEntry,
  file: DataFile,
  dataDir: string,
): Promise<string | undefined> {
  const packed = path.join(dataDir, entry.name, file.name);
  if ((await sizeOf(packed)) !== undefined) return packed;
  const plain = packed.replace(/-ubyte\.gz$/, '-ubyte');
  return plain !== packed && (await sizeOf(plain)) !== undefined ? plain : undefined;
}

/** md5 of the content of a gzip file; undefined if it is not one or is damaged, which reading it will report. */
async function unpackedMd5(file: string): Promise<string | undefined> {
  const hash = createHash('md5');
  try {
    await pipeline(createReadStream(file), createGunzip(), hash);
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}

/** The catalogue's file, other than `file`, which has this md5 packed or unpacked. */
function otherWith(md5: string | undefined, file: DataFile): string | undefined {
  for (const entry of datasetCatalog())
    for (const other of entry.files)
      if (other !== file && md5 !== undefined && (other.md5 === md5 || other.contentMd5 === md5))
        return labelOf(entry, other);
  return undefined;
}

/**
 * Compares a file with what is published.
 * @throws DataError if it is, by its md5, another file of the catalogue (test for train, Fashion-MNIST for MNIST)
 */
export async function authenticate(entry: CatalogEntry, file: DataFile, at: string): Promise<Authenticity> {
  if (file.md5 === undefined) return 'unchecked';
  const md5 = await md5OfFile(at);
  if (md5 === file.md5 || md5 === file.contentMd5) return 'official';
  const content = file.contentMd5 === undefined ? undefined : await unpackedMd5(at);
  if (content !== undefined && content === file.contentMd5) return 'repacked';
  const other = otherWith(md5, file) ?? otherWith(content, file);
  if (other !== undefined)
    throw new DataError(
      `${at}: this is ${other}, expected ${labelOf(entry, file)}. The files were swapped; delete it and fetch it again.`,
    );
  return 'different';
}

/**
 * Makes sure that every file of the data set is there, downloading what is missing if `fetch`.
 * @returns path by file name
 * @throws DataError if a file is missing and cannot be had: which, where to put it, which checksum
 */
export async function ensureFiles(
  entry: CatalogEntry,
  dataDir: string,
  fetch: boolean,
  options: DownloadOptions = {},
): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  for (const file of entry.files) {
    const present = await locate(entry, file, dataDir);
    const wanted = target(entry, file, dataDir);
    if (present === undefined && !fetch)
      throw new DataError(
        `${wanted.label} is missing. Run "adamw-bench data fetch ${entry.name}", or ${byHand(wanted)}.`,
      );
    if (present === undefined) await download(wanted, options);
    paths.set(file.name, present ?? wanted.path);
  }
  return paths;
}
