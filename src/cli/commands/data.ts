/** `adamw-bench data`: which data sets there are, fetching them, checking them. */
import type { Command } from 'commander';
import {
  datasetCatalog,
  datasetStatus,
  fetchDataset,
  resolveDataDir,
  verifyDataset,
  type DatasetName,
  type FileStatus,
} from '../../data/index.js';
import { UsageError, exitCode } from '../exit.js';
import { progressDisplay } from '../progress.js';

const examples = `
Examples:
  adamw-bench data list                       what there is, and what of it is on this machine
  adamw-bench data fetch cifar10              download and check (162 MB); continues a broken download
  adamw-bench data verify mnist --data-dir ~/data`;

/** Adds the commands to the program. */
export function addData(program: Command, finish: (code: number) => void): void {
  const data = program
    .command('data')
    .description('list, fetch and verify data sets')
    .addHelpText('after', examples);
  const dir = [
    '--data-dir <dir>',
    'where data sets are (default: $ADAMW_BENCH_DATA or the cache folder)',
  ] as const;
  data
    .command('list')
    .description('list the data sets and what is there of them')
    .option(...dir)
    .action(async (flags: { dataDir?: string }) => finish(await list(flags.dataDir)));
  data
    .command('fetch')
    .description('download what is missing of a data set')
    .argument('<name...>')
    .option(...dir)
    .action(async (names: string[], flags: { dataDir?: string }) =>
      finish(await fetch(names, flags.dataDir)),
    );
  data
    .command('verify')
    .description('check every file of a data set: checksum and content')
    .argument('<name...>')
    .option(...dir)
    .action(async (names: string[], flags: { dataDir?: string }) =>
      finish(await verify(names, flags.dataDir)),
    );
}

function known(name: string): DatasetName {
  const names = datasetCatalog().map((entry) => entry.name);
  if (names.includes(name as DatasetName)) return name as DatasetName;
  throw new UsageError(`There is no data set called ${name}. Choose from ${names.join(', ')}.`);
}

async function list(dataDir: string | undefined): Promise<number> {
  console.log(`Data folder: ${resolveDataDir(dataDir)}\n`);
  for (const { name, title, shape, classes, files } of datasetCatalog()) {
    const status = await datasetStatus(name, { dataDir });
    const missing = status.filter(({ state }) => state === 'missing').length;
    const there =
      files.length === 0
        ? 'generated'
        : missing === 0
          ? 'present'
          : `${missing} of ${status.length} files missing`;
    console.log(
      `${name.padEnd(16)} ${shape.height}x${shape.width}x${shape.channels}  ${String(classes).padStart(4)} classes  ${there.padEnd(22)} ${title}`,
    );
  }
  return exitCode.ok;
}

async function fetch(names: readonly string[], dataDir: string | undefined): Promise<number> {
  const display = progressDisplay(process.stderr.isTTY ? 'bars' : 'lines');
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

async function verify(names: readonly string[], dataDir: string | undefined): Promise<number> {
  let sound = true;
  for (const name of names.map(known)) {
    for (const file of await verifyDataset(name, { dataDir })) {
      console.log(line(file));
      if (file.state === 'missing' || file.state === 'bad') sound = false;
    }
  }
  return sound ? exitCode.ok : exitCode.refused;
}

const line = ({ name, path, state, message }: FileStatus) =>
  `${state.padEnd(10)} ${path ?? name}${message === undefined ? '' : `\n           ${message}`}`;
