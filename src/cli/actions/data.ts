/** What `adamw-bench data` does. */
import { join } from 'node:path';
import {
  datasetCatalog,
  datasetStatus,
  fetchDataset,
  resolveDataDir,
  verifyDataset,
  type DataFile,
  type DatasetName,
  type FileStatus,
} from '../../data/index.js';
import { UsageError, exitCode } from '../exit.js';
import { interactiveStyle, progressDisplay } from '../progress.js';

function known(name: string): DatasetName {
  const names = datasetCatalog().map((entry) => entry.name);
  if (names.includes(name as DatasetName)) return name as DatasetName;
  throw new UsageError(`There is no data set called ${name}. Choose from ${names.join(', ')}.`);
}

/** Lists the data sets and what is there of them; returns the exit code. */
export async function list(dataDir: string | undefined): Promise<number> {
  console.log(`Data folder: ${resolveDataDir(dataDir)}\n`);
  const refusals = new Set<string>();
  for (const { name, title, shape, classes, files } of datasetCatalog()) {
    const status = await datasetStatus(name, { dataDir });
    console.log(
      `${name.padEnd(16)} ${shape.height}x${shape.width}x${shape.channels}  ${String(classes).padStart(4)} classes  ${there(files, status).padEnd(26)} ${title}`,
    );
    for (const about of remarks(status)) console.log(`${' '.repeat(17)}${about}`);
    for (const { state, message } of status) if (state === 'unreadable') refusals.add(message!);
  }
  for (const message of refusals) console.error(message);
  return refusals.size > 0 ? exitCode.refused : exitCode.ok;
}

/** Notes below the table: files at other places, and things that are none of the set's files. */
function remarks(status: readonly FileStatus[]): string[] {
  const found = new Set(status.flatMap(({ found = [] }) => found));
  const bad = status.flatMap(({ state, message }) => (state === 'bad' ? [message!] : []));
  return [...[...found].map((thing) => `found, but not usable: ${thing}`), ...bad.slice(0, 3)];
}

/** The state of a data set's files in a few words; `data verify` says more. */
function there(files: readonly DataFile[], status: readonly FileStatus[]): string {
  if (files.length === 0) return 'generated';
  const count = (...states: FileStatus['state'][]) =>
    status.filter(({ state }) => states.includes(state)).length;
  const of = (some: number) => `${some} of ${files.length} file${files.length === 1 ? '' : 's'}`;
  if (count('unreadable') > 0) return `${of(count('unreadable'))} unreadable`;
  if (count('missing') > 0) return `${of(count('missing'))} missing`;
  if (count('bad') > 0) return `${of(count('bad'))} unusable`;
  // This includes a truncated file: only `data verify` looks inside.
  if (count('different') > 0) return `${of(count('different'))} not official`;
  return count('unchecked') > 0 ? 'present (unchecked)' : 'present';
}

/** Downloads what is missing of data sets; returns the exit code. */
export async function fetch(names: readonly string[], dataDir: string | undefined): Promise<number> {
  const display = progressDisplay(interactiveStyle());
  try {
    for (const name of names.map(known)) {
      const paths = await fetchDataset(name, {
        dataDir,
        onProgress: (progress) => display.onDownload?.(progress),
      });
      console.log(paths.length > 0 ? paths.join('\n') : `${name} is generated; there is nothing to fetch.`);
    }
  } finally {
    display.end();
  }
  return exitCode.ok;
}

/** Checks every file of data sets; returns the exit code. */
export async function verify(names: readonly string[], dataDir: string | undefined): Promise<number> {
  let sound = true;
  for (const name of names.map(known)) {
    const { files } = datasetCatalog().find((entry) => entry.name === name)!;
    const status = await verifyDataset(name, { dataDir });
    const folder = join(resolveDataDir(dataDir), name);
    for (const file of status) {
      console.log(line(file, folder, files.find((known) => known.name === file.name)?.md5));
    }
    console.log(overall(name, status, files));
    if (status.some(isUnusable)) sound = false;
  }
  return sound ? exitCode.ok : exitCode.refused;
}

const isUnusable = ({ state }: FileStatus) => ['missing', 'bad', 'unreadable'].includes(state);

/** Explains the states whose word is not clear alone. */
const meanings: Partial<Record<FileStatus['state'], string>> = {
  repacked: 'Its md5 is not the official one, but the unpacked contents are the official bytes: used.',
  different:
    'Its md5 is not the official one. The contents have the right form and are used, but results may not compare with published ones.',
  unchecked: 'No md5 is published for it. The contents have the right form and are used.',
};

function line(
  { name, path, state, message, found = [] }: FileStatus,
  folder: string,
  md5: string | undefined,
): string {
  const belongs = `Belongs in ${folder}${md5 === undefined ? '' : `, md5 ${md5}`}.`;
  const about =
    state === 'missing'
      ? [belongs, ...found.map((thing) => `Found, but not usable: ${thing}.`)]
      : [state === 'bad' || state === 'unreadable' ? undefined : meanings[state], message];
  const lines = about.filter((one) => one !== undefined).map((one) => `\n           ${one}`);
  return `${state.padEnd(10)} ${path ?? name}${lines.join('')}`;
}

/** One line on the whole data set, and what to do if it cannot be used. */
function overall(name: string, status: readonly FileStatus[], files: readonly DataFile[]): string {
  if (files.length === 0) return `${name} is generated; there is nothing to verify.`;
  const unusable = status.filter(isUnusable);
  if (unusable.length === 0) {
    const official = status.every(({ state }) => state === 'official' || state === 'repacked');
    return official ? `${name} is complete and official.` : `${name} is complete and can be used.`;
  }
  const head = `${name} cannot be used: ${unusable.length} of ${files.length} file${files.length === 1 ? ' is' : 's are'} missing or bad.`;
  if (files.every(({ urls }) => urls.length === 0)) {
    return `${head} Get them from https://image-net.org/download-images: that needs registration.`;
  }
  if (unusable.some(({ state }) => state === 'unreadable'))
    return `${head} Make the unreadable files readable first.`;
  const first = unusable.some(({ state }) => state === 'bad') ? 'Delete the bad files, then run' : 'Run';
  return `${head} ${first}: adamw-bench data fetch ${name}`;
}
