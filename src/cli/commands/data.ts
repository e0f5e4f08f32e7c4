/** `adamw-bench data`: which data sets there are, fetching them, checking them. */
import type { Command } from 'commander';
import type { CheckFlags } from '../actions/dataCheck.js';

const examples = `
Examples:
  adamw-bench data list                       all data sets, and which files are on this machine
  adamw-bench data fetch cifar10              download and check (162 MB); continues a broken download
  adamw-bench data verify mnist --data-dir ~/data
  adamw-bench data check photos --size 32     your own images: can they be used, how many, of which classes
  adamw-bench data check book.txt             your own text`;

export function addData(program: Command, finish: (code: number) => void): void {
  const data = program
    .command('data')
    .description('list, fetch, verify and check data sets')
    .addHelpText('after', examples);
  const dir = [
    '--data-dir <dir>',
    'where data sets are (default: $ADAMW_BENCH_DATA or the cache folder)',
  ] as const;
  data
    .command('list')
    .description('list the data sets, and which of their files are on this machine')
    .option(...dir)
    .action(async (flags: { dataDir?: string }) => {
      const { list } = await import('../actions/data.js');
      finish(await list(flags.dataDir));
    });
  data
    .command('fetch')
    .description('download the missing files of a data set')
    .argument('<name...>')
    .option(...dir)
    .action(async (names: string[], flags: { dataDir?: string }) => {
      const { fetch } = await import('../actions/data.js');
      finish(await fetch(names, flags.dataDir));
    });
  data
    .command('verify')
    .description('check every file of a data set: checksum and content')
    .argument('<name...>')
    .option(...dir)
    .action(async (names: string[], flags: { dataDir?: string }) => {
      const { verify } = await import('../actions/data.js');
      finish(await verify(names, flags.dataDir));
    });
  data
    .command('check')
    .description('read your own images or text as a run would, and say what they are')
    .argument('<path>', 'a folder with a folder of images a class, an .npz file, or a text file')
    .option('--size <size>', 'resize each image to this side, or to HEIGHTxWIDTH')
    .option('--channels <n>', 'convert each image to grey (1) or colour (3)')
    .option('--background <colour>', 'what is behind transparent pixels: black or white')
    .option(
      '--test <n>',
      'share (below 1) or number of images that become the test set, if there is none (default: 0.2); of a text, a share (0.1)',
    )
    .option('--length <n>', 'of a text: characters of a window (default: 64)')
    .action(async (path: string, flags: CheckFlags) => {
      const { check } = await import('../actions/dataCheck.js');
      finish(await check(path, flags));
    });
}
