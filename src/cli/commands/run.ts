/** `adamw-bench run`: train what is missing of an experiment, and write tables, figures and report. */
import { Option, type Command } from 'commander';
import type { RunFlags } from '../actions/run.js';
import { setOption } from '../options.js';
import { duration, memorySize, wholeNumber } from '../units.js';

const examples = `
Examples:
  adamw-bench run configs/quick.yaml                    a first sweep, on generated images
  adamw-bench run configs/mnist.yaml --data-dir ~/data  MNIST from a folder of yours
  adamw-bench run configs/cifar-cpu.yaml --set train.epochs=3 --set train.seeds='[0,1,2]' --out results/short
  adamw-bench run configs/cifar.yaml --queue redis://10.0.0.5   on other machines, see adamw-bench worker --help
  adamw-bench run configs/cifar.yaml --time-budget 8h   stops after a night; run it again to go on

The same command again trains only the missing cells. Ctrl-C writes checkpoints and stops.
Exit codes: 0 done, 1 unexpected error, 2 refused (configuration, data, folder), 3 some cells failed,
130 stopped before the end.`;

/** A time with its default in seconds, and as help shows it. */
const time = (name: string, about: string, seconds: number, shown: string) =>
  new Option(`--${name} <time>`, about).argParser(duration).default(seconds, shown);

/** A size with its default in bytes, and as help shows it. */
const size = (name: string, about: string, bytes: number, shown: string) =>
  new Option(`--${name} <size>`, about).argParser(memorySize).default(bytes, shown);

/** Adds the command to the program. */
export function addRun(program: Command, finish: (code: number) => void): void {
  program
    .command('run')
    .description(
      'train every cell of a configuration that has no result yet, and write tables, figures, report',
    )
    .argument('<config>', 'YAML file, or the name of a configuration that `init --list` shows')
    .addOption(setOption('override a setting, e.g. train.epochs=2 (repeatable)'))
    .option('-o, --out <dir>', 'results folder (default: results/<name>)')
    .option('--data-dir <dir>', 'where data sets are (default: $ADAMW_BENCH_DATA or the cache folder)')
    .option('-w, --workers <n>', 'worker processes (default: one per core, or per GPU)', wholeNumber(1))
    .option('--retries <n>', 'how often a failed cell is tried again', wholeNumber(0), 1)
    .option('--fail-fast', 'stop at the first cell that fails after its retries')
    .option('--retry-failed', 'train again the cells recorded as failed or timed out')
    .option('--update', 'use a results folder of another configuration, keeping the cells that are in both')
    .option(
      '--choose-again',
      'choose the cells of the second stage anew, e.g. with another grid; the report says so',
    )
    .option('--amend-endpoints', 'change the endpoints of a folder that has records; the report says so')
    .option('--join', 'share the work of another run in the same results folder')
    .option(
      '--queue [redis]',
      'let workers on this or other machines train, over Redis (default address: $ADAMW_BENCH_REDIS)',
    )
    .addOption(time('stall-time', 'with --queue: a worker silent for longer loses its cell', 60, '60s'))
    .addOption(
      size(
        'share-limit',
        'with --queue: largest checkpoint that goes through Redis; 0: none',
        64 * 2 ** 20,
        '64M',
      ),
    )
    .addOption(time('timeout', 'longest time for one cell, e.g. 30m', 0, 'none'))
    .addOption(time('hang-timeout', 'a worker silent for longer is restarted', 600, '10m'))
    .addOption(time('time-budget', 'stop cleanly after this time, e.g. 2h', 0, 'none'))
    .addOption(size('memory-limit', 'most memory for one worker, e.g. 4G', 0, 'none'))
    .addOption(
      time('checkpoint-every', 'keep a checkpoint of a running cell this often; 0: never', 60, '60s'),
    )
    .addOption(
      new Option('--checkpoint-epochs <n>', 'also keep one after every n-th epoch; 0: never')
        .argParser(wholeNumber(0))
        .default(0, 'never'),
    )
    .option('--keep-weights', 'keep the final weights of each cell trained, for `export` and `eval`')
    .option('--no-figures', 'write the CSVs only, no figures and no report')
    .option('-q, --quiet', 'print nothing but errors')
    .option('--json', 'print events as JSON lines')
    .addHelpText('after', examples)
    .action(async (config: string, flags: RunFlags) => {
      const { run } = await import('../actions/run.js');
      finish(await run(config, flags));
    });
}
