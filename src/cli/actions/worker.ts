/** What `adamw-bench worker` does. */
import { findAddress, serve, type CellOutcome } from '../../queue/index.js';
import { exitCode } from '../exit.js';
import { stopSignal } from '../signals.js';
import { elapsed } from '../units.js';

export interface WorkerFlags {
  readonly concurrency: number;
  readonly idleExit: number;
  readonly dataDir?: string;
  readonly backend?: string;
  readonly quiet?: boolean;
}

/** Trains cells from a queue until it is told to stop or idles; returns the exit code. */
export async function work(redis: string | undefined, flags: WorkerFlags): Promise<number> {
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
