/** One job from its last checkpoint (or the start) to its record, in this process, on the current backend. */
import type { Dataset } from '../data/index.js';
import { decodeCheckpoint, encodeCheckpoint } from '../train/checkpoint.js';
import type { EpochMetrics, RunRecord } from '../train/record.js';
import type { Position, Snapshot } from '../train/snapshot.js';
import { train, type Outcome } from '../train/train.js';
import type { Job } from './cells.js';
import type { CheckpointStore } from './checkpoints.js';

/** When to keep a checkpoint: at the end of every n-th epoch, and once this many seconds have gone by. 0: never. */
export interface CheckpointPolicy {
  readonly epochs: number;
  readonly seconds: number;
}

export interface Surroundings {
  readonly dataset: Dataset;
  readonly store: CheckpointStore;
  readonly policy: CheckpointPolicy;
  /** How often this cell has been started, this time included. */
  readonly attempt: number;
  onBeat?(position: Position): void;
  onEpoch?(metrics: EpochMetrics): void;
  /** A sentence about something that was put right, e.g. a damaged checkpoint set aside. */
  onNotice?(text: string): void;
  /** Asked after every step; true keeps a checkpoint and returns undefined. */
  shouldStop?(): boolean;
}

/** The cell's record, or undefined where it was told to stop (its checkpoint then waits in the store). */
export async function trainCell({ cell, label }: Job, around: Surroundings): Promise<RunRecord | undefined> {
  const { store, policy, dataset } = around;
  const startedAt = new Date().toISOString();
  const from = await lastSnapshot(cell, around);
  let keptAt = performance.now();
  const keep = async (snapshot: Snapshot) => {
    await store.write(cell.id, encodeCheckpoint(cell, snapshot));
    keptAt = performance.now();
  };
  const outcome = await train(
    cell,
    dataset,
    {
      onEpoch: (metrics) => around.onEpoch?.(metrics),
      onBeat: (position) => around.onBeat?.(position),
      shouldStop: () => around.shouldStop?.() ?? false,
      onInterrupt: keep,
      async onPause(position, snapshot) {
        if (position.epoch === cell.epochs) return;
        const byEpoch = policy.epochs > 0 && position.batch === 0 && position.epoch % policy.epochs === 0;
        const byTime = policy.seconds > 0 && performance.now() - keptAt > policy.seconds * 1000;
        if (byEpoch || byTime) await keep(snapshot());
      },
    },
    from,
  );
  if (outcome.status === 'interrupted') return undefined;
  return recordOf({ cell, label }, outcome, dataset.classes, { startedAt, attempts: around.attempt });
}

async function lastSnapshot(cell: Job['cell'], around: Surroundings): Promise<Snapshot | undefined> {
  const bytes = await around.store.read(cell.id);
  if (!bytes) return undefined;
  try {
    return decodeCheckpoint(cell, bytes);
  } catch (error) {
    around.onNotice?.(
      `The checkpoint of cell ${cell.id} is not used: ${(error as Error).message}. It starts anew.`,
    );
    await around.store.remove(cell.id);
    return undefined;
  }
}

/** The record of a run that came to an end. A diverged one counts as guessing: (classes - 1)/classes wrong. */
function recordOf(
  { cell, label }: Job,
  outcome: Outcome,
  classes: number,
  { startedAt, attempts }: Pick<RunRecord, 'startedAt' | 'attempts'>,
): RunRecord {
  const last = outcome.metrics.at(-1);
  const ok = outcome.status === 'ok';
  return {
    cell,
    label,
    status: ok ? 'ok' : 'diverged',
    ...(outcome.reason === undefined ? {} : { reason: outcome.reason }),
    epochs: outcome.metrics,
    finalTestError: ok ? last!.testError : 1 - 1 / classes,
    finalTrainLoss: ok ? last!.trainLoss : null,
    ...(outcome.decay ? { decay: outcome.decay } : {}),
    attempts,
    startedAt,
    seconds: outcome.seconds,
    peakMemory: process.resourceUsage().maxRSS * 1024,
  };
}

/** The record of a cell that could not be trained to an end. */
export const failureOf = (
  { cell, label }: Job,
  status: 'failed' | 'timeout',
  reason: string,
  about: Pick<RunRecord, 'startedAt' | 'attempts' | 'seconds'>,
): RunRecord => ({
  cell,
  label,
  status,
  reason,
  epochs: [],
  finalTestError: null,
  finalTrainLoss: null,
  ...about,
  peakMemory: 0,
});
