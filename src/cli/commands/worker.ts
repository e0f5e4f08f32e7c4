/** `adamw-bench worker`: trains cells of sweeps that `run --queue` coordinates, over Redis. */
import { Option, type Command } from 'commander';
import { BACKEND_NAMES } from '../../backends/backend.js';
import { duration, wholeNumber } from '../units.js';
import type { WorkerFlags } from '../actions/worker.js';

const examples = `
Examples:
  adamw-bench worker redis://10.0.0.5                   one cell at a time, until it is stopped
  adamw-bench worker redis://10.0.0.5 -c 8 --idle-exit 5m
  ADAMW_BENCH_REDIS=rediss://:secret@host adamw-bench worker

With --idle-exit it prints at its end how many cells it trained.
Ctrl-C or SIGTERM hands the running cells back with their checkpoints, and another worker continues them.
Exit codes: 0 --idle-exit, 1 unexpected error, 2 refused (address, Redis), 130 told to stop.`;

/** Adds the command to the program. */
export function addWorker(program: Command, finish: (code: number) => void): void {
  program
    .command('worker')
    .description('train cells of sweeps started elsewhere with `run --queue`')
    .argument('[redis]', 'address, redis://host:6379 or rediss://… (default: $ADAMW_BENCH_REDIS)')
    .option('-c, --concurrency <n>', 'cells trained at the same time, one process each', wholeNumber(1), 1)
    .addOption(
      new Option('--idle-exit <time>', 'exit after this time without a cell, e.g. 5m; 0: never')
        .argParser(duration)
        .default(0, 'never'),
    )
    .option('--data-dir <dir>', 'where data sets are (default: $ADAMW_BENCH_DATA or the cache folder)')
    .addOption(
      new Option('--backend <name>', 'serve only sweeps that this backend computes').choices(BACKEND_NAMES),
    )
    .option('-q, --quiet', 'print nothing but errors')
    .addHelpText('after', examples)
    .action(async (redis: string | undefined, flags: WorkerFlags) => {
      const { work } = await import('../actions/worker.js');
      finish(await work(redis, flags));
    });
}
