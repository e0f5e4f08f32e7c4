/**
 * Looks for a data set's file under the names and in the folders that other programs use. A file is used only if its
 * checksum proves it. Everything else is named, so that the user sees what is wrong.
 */
import { readdir, readlink, stat } from 'node:fs/promises';
import path from 'node:path';
import { identify, type Authenticity } from './authenticity.js';
import type { CatalogEntry, DataFile } from './catalog.js';
import { usingData } from './errors.js';
import { errnoOf, sentenceFor } from '../files/problem.js';
import { wrongMember } from './members.js';
import { whatIs } from './whatIs.js';

/** A file's place. Its authenticity is set if it proved the file. */
export interface Located {
  readonly path: string;
  readonly authenticity?: Authenticity;
}

/** How many things that cannot be used a message names. */
const MAX_NAMED = 3;

/** A file's name without what programs add or change: case, "-idx3" as ".idx3", a second copy's number, packing. */
const plainName = (name: string) =>
  name
    .toLowerCase()
    .replace(/ ?\(\d+\)/, '')
    .replace(/\.\d+$/, '')
    .replace(/\.(?=idx\d)/, '-')
    .replace(/\.(tar\.gz|tgz|tar|gz)$/, '');

/** Whether this is the data folder itself, or its raw/, where files of several sets may lie. */
const isShared = (folder: string) => folder === '' || folder === 'raw';

/** The folders below the data folder that may hold a set's files. torchvision keeps them in `MNIST/raw`. */
const foldersOf = ({ name, otherFolders = [] }: CatalogEntry) =>
  [name, ...otherFolders, ''].flatMap((folder) => [folder, path.join(folder, 'raw')]);

/** The names in a folder; none if there is no such folder or it cannot be listed. */
const namesIn = async (folder: string) => (await readdir(folder).catch(() => [])).sort();

/** Why a folder that exists cannot be listed. */
async function whyUnlisted(folder: string): Promise<string | undefined> {
  try {
    await readdir(folder);
    return undefined;
  } catch (error) {
    const absent = ['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '');
    return absent ? undefined : sentenceFor(folder, error)?.replace(/\.$/, '');
  }
}

const isFolder = async (at: string) => (await stat(at).catch(() => undefined))?.isDirectory() ?? false;

/** Paths in `folder` that by their names may be `file`, also in folders of that name (at most two deep). */
async function candidates(file: DataFile, folder: string, deeper = 2): Promise<string[]> {
  const names = await namesIn(folder);
  const { archive } = file;
  const some = archive !== undefined && names.includes(archive.members[0]!.name) ? [folder] : [];
  for (const name of names) {
    if (name !== archive?.folder && plainName(name) !== plainName(file.name)) continue;
    const at = path.join(folder, name);
    if (!(await isFolder(at))) some.push(at);
    else if (deeper > 0) {
      const inside = await candidates(file, at, deeper - 1);
      some.push(...(inside.length === 0 && name === archive?.folder ? [at] : inside));
    }
  }
  return some;
}

/** How `at` is proven to be `file`, or why not; undefined if it is another set's file in a shared folder. */
async function checkCandidate(file: DataFile, at: string, shared: boolean) {
  if (file.archive !== undefined && (await isFolder(at))) {
    const wrong = await wrongMember(at, file.archive);
    return wrong === undefined ? { authenticity: 'repacked' as const } : { why: wrong };
  }
  const identity = await identify(file, at);
  if ('thing' in identity) return { why: identity.thing };
  if ('other' in identity) return shared ? undefined : { why: `this is ${identity.other}` };
  const { authenticity } = identity;
  if (authenticity === 'official' || authenticity === 'repacked') return { authenticity };
  if (authenticity === 'unchecked') return { why: 'no checksum is published that could prove it' };
  if (file.archive === undefined) return { why: 'its checksum is not the official one' };
  const wrong = await wrongMember(at, file.archive);
  return wrong === undefined ? { authenticity: 'repacked' as const } : { why: wrong };
}

/** `checkCandidate`; if the system refuses, its sentence is the reason. */
async function checkOrExplain(
  file: DataFile,
  at: string,
  shared: boolean,
): ReturnType<typeof checkCandidate> {
  try {
    return await checkCandidate(file, at, shared);
  } catch (error) {
    const link = await readlink(at).catch(() => undefined);
    if (link !== undefined) return { why: `a symbolic link to ${link}, which cannot be read` };
    const why = error instanceof Error ? (sentenceFor(at, error.cause ?? error) ?? error.message) : '';
    return { why: why.replace(/\.$/, '') };
  }
}

/** Letters and digits only, in lower case. */
const stem = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** Whether a name begins with the set's: `cifar-10-python.tar.gz` for cifar10, but not cifar-100's. */
function isNamedAfter({ name, otherFolders = [] }: CatalogEntry, thing: string): boolean {
  return [name, ...otherFolders].some((known) => {
    const rest = stem(thing).slice(stem(known).length);
    return stem(thing).startsWith(stem(known)) && !/^\d/.test(rest);
  });
}

/** Things by other names in the set's folders, and by the set's name in the data folder. */
async function unrecognisedFiles(entry: CatalogEntry, dataDir: string): Promise<string[]> {
  const known = new Set(entry.files.flatMap(({ name, archive }) => [plainName(name), archive?.folder]));
  const folders = new Set(foldersOf(entry).map((folder) => folder.toLowerCase()));
  const found: string[] = [];
  for (const folder of foldersOf(entry)) {
    for (const name of await namesIn(path.join(dataDir, folder))) {
      const own = known.has(plainName(name)) || folders.has(path.join(folder, name).toLowerCase());
      if (own || /^\.|\.(part|lock|tmp)$/.test(name) || (isShared(folder) && !isNamedAfter(entry, name)))
        continue;
      const at = path.join(dataDir, folder, name);
      const what = await usingData(at, () => whatIs(at)).catch(() => undefined);
      found.push(what === undefined ? at : `${at} (${what})`);
    }
  }
  return found;
}

/**
 * Looks everywhere except at the file's own place.
 * @returns where the proven file is, or else what was found and cannot be used: path and reason each
 */
export async function lookElsewhere(
  entry: CatalogEntry,
  file: DataFile,
  dataDir: string,
): Promise<Located | { readonly path?: undefined; readonly found: readonly string[] }> {
  const found: string[] = [];
  for (const folder of foldersOf(entry)) {
    const why = await whyUnlisted(path.join(dataDir, folder));
    if (why !== undefined) found.push(why);
    for (const at of await candidates(file, path.join(dataDir, folder))) {
      const verdict = await checkOrExplain(file, at, isShared(folder));
      if (verdict === undefined) continue;
      if ('authenticity' in verdict) return { path: at, authenticity: verdict.authenticity };
      found.push(`${at} (${verdict.why})`);
    }
  }
  return { found: [...found, ...(await unrecognisedFiles(entry, dataDir))].slice(0, MAX_NAMED) };
}
