/** Whether a file is the published one, told by its checksum and never by its name. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { datasetCatalog, type CatalogEntry, type DataFile } from './catalog.js';
import { md5OfFile } from './download.js';
import { DataError, usingData } from './errors.js';
import { whatIs } from './whatIs.js';

/** Official: the published bytes. Repacked: the published content, packed otherwise. Unchecked: none published. */
export type Authenticity = 'official' | 'repacked' | 'different' | 'unchecked';

/** What messages call a file, e.g. `mnist/t10k-labels-idx1-ubyte.gz`. */
export function labelOf(entry: CatalogEntry, file: DataFile): string {
  return `${entry.name}/${file.name}`;
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

/** What a file is: how authentic, or else which other thing. */
export type Identity =
  | { readonly authenticity: Authenticity }
  /** Another file of the catalogue (test for train, Fashion-MNIST for MNIST). */
  | { readonly other: string }
  /** No data file at all. */
  | { readonly thing: string };

/**
 * Compares the file at `at` with what is published as `file`.
 * @throws FileError if it cannot be read
 */
export function identify(file: DataFile, at: string): Promise<Identity> {
  return usingData(at, async (): Promise<Identity> => {
    const md5 = file.md5 === undefined ? undefined : await md5OfFile(at);
    if (md5 !== undefined && (md5 === file.md5 || md5 === file.contentMd5))
      return { authenticity: 'official' };
    const thing = await whatIs(at);
    if (thing !== undefined) return { thing };
    if (md5 === undefined) return { authenticity: 'unchecked' };
    const content = file.contentMd5 === undefined ? undefined : await unpackedMd5(at);
    if (content !== undefined && content === file.contentMd5) return { authenticity: 'repacked' };
    const other = otherWith(md5, file) ?? otherWith(content, file);
    return other === undefined ? { authenticity: 'different' } : { other };
  });
}

/**
 * How authentic the file at its own place is.
 * @throws DataError if it is another file of the catalogue, or no data file at all; FileError if it cannot be read
 */
export async function authenticate(entry: CatalogEntry, file: DataFile, at: string): Promise<Authenticity> {
  const identity = await identify(file, at);
  if ('authenticity' in identity) return identity.authenticity;
  if ('other' in identity)
    throw new DataError(
      `${at}: this is ${identity.other}, expected ${labelOf(entry, file)}. The files were swapped; delete it and fetch it again.`,
      { code: 'data-swapped' },
    );
  throw new DataError(
    `${at}: this is ${identity.thing}, expected ${labelOf(entry, file)}. Delete it and fetch it again.`,
    { code: 'data-not-data' },
  );
}
