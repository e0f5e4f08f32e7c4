/** `adamw-bench worker`: train cells of sweeps that others coordinate, from a queue on Redis. */
import { Option, type Command } from 'commander';
import { BACKEND_NAMES } from '../../backends/index.js';
import { findAddress, serve, type CellOutcome } from '../../queue/index.js';
import { exitCode } from '../exit.js';
import { stopSignal } from '../signals.js';
import { duration, elapsed, wholeNumber } from '../units.js';

interface WorkerFlags {
  readonly concurrency: number;
  readonly idleExit: number;
  readonly dataDir?: string;
  readonly backend?: string;
  readonly quiet?: boolean;
}

const examples = `
Examples:
  adamw-bench worker redis://10.0.0.5                   one cell at a time, until it is stopped
  adamw-bench worker redis://10.0.0.5 -c 8 --idle-exit 5m
  ADAMW_BENCH_REDIS=rediss://:secret@host adamw-bench worker

With --idle-exit it says as it leaves how many cells it has trained.
Ctrl-C or SIGTERM hands the running cells back with their checkpoints; another worker goes on from there.
Exit codes: 0 idle for long enough, 1 unexpected error, 2 refused (address, Redis), 130 told to stop.`;

/** Adds the command to the program. */
export function addWorker(program: Command, finish: (code: number) => void): void {
  program
    .command('worker')
    .description('train cells of sweeps started elsewhere with `run --queue`')
    .argument('[redis]', 'address, redis://host:6379 or rediss://… (default: $ADAMW_BENCH_REDIS)')
    .option('-c, --concurrency <n>', 'cells trained at the same time, one process each', wholeNumber(1), 1)
    .addOption(
      new Option('--idle-exit <time>', 'leave after so long without a cell, e.g. 5m; 0: stay')
        .argParser(duration)
        .default(0, 'stay'),
    )
    .option('--data-dir <dir>', 'where data sets are (default: $ADAMW_BENCH_DATA or the cache folder)')
    .addOption(
      new Option('--backend <name>', 'serve only sweeps that this backend computes').choices(BACKEND_NAMES),
    )
    .option('-q, --quiet', 'print nothing but errors')
    .addHelpText('after', examples)
    .action(async (redis: string | undefined, flags: WorkerFlags) => finish(await work(redis, flags)));
}

async function work(redis: string | undefined, flags: WorkerFlags): Promise<number> {
  const address = findAddress(redis);
  const say = (text: string) => {
    if (!flags.quiet) process.stderr.write(`${text}\n`);
  };
  const outcomes: CellOutcome[] = [];
  const stop = stopSignal(0, 'handing running cells back with their checkpoints');
  try {
    const { concurrency, idleExit, dataDir, backend } = flags;
    const how = await serve(
      address,
      { concurrency, idleExit, dataDir, backend, signal: stop.signal },
      {
        onNotice: (text) => say(`note: ${text}`),
        onOutcome: (sweep, cell, outcome) => {
          outcomes.push(outcome);
          say(`${sweep} ${cell}: ${outcome}`);
        },
      },
    );
    if (how === 'idle') say(idleSummary(idleExit, outcomes));
    return how === 'idle' ? exitCode.ok : exitCode.interrupted;
  } finally {
    stop.release();
  }
}

/** What a worker says as it ends after so many seconds without a cell: how many cells it has trained. */
export function idleSummary(idle: number, outcomes: readonly CellOutcome[]): string {
  const counts = new Map<CellOutcome, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const trained = (counts.get('ok') ?? 0) + (counts.get('diverged') ?? 0);
  const others = [...counts]
    .filter(([outcome]) => outcome !== 'ok' && outcome !== 'diverged')
    .map(([outcome, count]) => `${count} ${outcome}`);
  const besides = others.length > 0 ? ` (besides: ${others.join(', ')})` : '';
  return `No cell for ${elapsed(idle)} (--idle-exit): this worker ends. It trained ${trained} cell${trained === 1 ? '' : 's'}${besides}.`;
}
