/** One job from its last checkpoint (or the start) to its record, in this process, on the current backend. */
import type { Dataset } from '../data/index.js';
import { decodeCheckpoint, encodeCheckpoint } from '../train/checkpoint.js';
import type { Cell } from '../experiment/cell.js';
import type { EpochMetrics, RunRecord } from '../experiment/record.js';
import type { Position, Progress, Snapshot } from '../train/snapshot.js';
import { train, InvalidSnapshot, type Observer, type Outcome } from '../train/train.js';
import type { Job } from '../experiment/plan.js';
import type { CheckpointStore } from './checkpoints.js';

/** When to keep a checkpoint: at the end of every n-th epoch, and once this many seconds have gone by. 0: never. */
export interface CheckpointPolicy {
  readonly epochs: number;
  readonly seconds: number;
}

export interface TrainingContext {
  readonly dataset: Dataset;
  readonly store: CheckpointStore;
  readonly policy: CheckpointPolicy;
  /** Where final weights are kept, if they are. */
  readonly weights?: CheckpointStore;
  /** How often this cell has been started, this time included. */
  readonly attempt: number;
  onBeat?(progress: Progress): void;
  onEpoch?(metrics: EpochMetrics): void;
  /** A sentence about something that was put right, e.g. a damaged checkpoint set aside. */
  onNotice?(text: string): void;
  /** Asked after every step; true keeps a checkpoint and returns undefined. */
  shouldStop?(): boolean;
}

/** The cell's record, or undefined where it was told to stop (its checkpoint then waits in the store). */
export async function trainCell(
  { cell, label }: Job,
  context: TrainingContext,
): Promise<RunRecord | undefined> {
  const { dataset } = context;
  const startedAt = new Date().toISOString();
  const from = await lastSnapshot(cell, context);
  const checkpoints = checkpointing(cell, context);
  const observer: Observer = {
    onEpoch: (metrics) => context.onEpoch?.(metrics),
    onBeat: (progress) => context.onBeat?.(progress),
    shouldStop: () => context.shouldStop?.() ?? false,
    wantsSnapshot: (progress) => progress.epoch < cell.epochs && checkpoints.areDue(progress),
    onSnapshot: (snapshot) => checkpoints.keep(snapshot),
    onInterrupt: (snapshot) => checkpoints.keep(snapshot),
  };
  const outcome = await train(cell, dataset, observer, from).catch((error: unknown) => {
    if (!(error instanceof InvalidSnapshot)) throw error;
    tellUnused(cell, context, error);
    return train(cell, dataset, observer);
  });
  if (outcome.status === 'interrupted') return undefined;
  if (outcome.status === 'ok') await keepWeights(cell, outcome, context);
  return recordOf({ cell, label }, outcome, dataset.classes, { startedAt, attempts: context.attempt });
}

/** Weights are worth less than the result: where they cannot be kept, that is said, and the result stands alone. */
async function keepWeights(cell: Cell, outcome: Outcome, context: TrainingContext): Promise<void> {
  if (!context.weights) return;
  // Loaded only where weights are kept: it brings the schemas, which nothing else in a worker needs.
  const { encodeWeights } = await import('../train/weights.js');
  const bytes = encodeWeights(cell, context.dataset, outcome);
  await context.weights.write(cell.id, bytes).catch(({ message }: Error) => {
    context.onNotice?.(`The weights of cell ${cell.id} could not be kept (${message}); its result is.`);
  });
}

/** A checkpoint of a large network takes seconds; the time between two is at least this many times as long. */
const leastRatio = 50;

/** Keeps checkpoints when the policy says so. One that cannot be kept costs time after a crash, not the cell. */
function checkpointing(cell: Cell, { store, policy, onNotice }: TrainingContext) {
  let keptAt = performance.now();
  let cost = 0;
  return {
    areDue({ epoch, batch }: Position): boolean {
      if (policy.epochs > 0 && batch === 0 && epoch % policy.epochs === 0) return true;
      const wait = Math.max(policy.seconds * 1000, leastRatio * cost);
      return policy.seconds > 0 && performance.now() - keptAt > wait;
    },
    async keep(snapshot: Snapshot): Promise<void> {
      const began = performance.now();
      try {
        await store.write(cell.id, encodeCheckpoint(cell, snapshot));
      } catch (error) {
        onNotice?.(`No checkpoint of cell ${cell.id} could be kept: ${(error as Error).message}.`);
      }
      keptAt = performance.now();
      cost = keptAt - began;
    },
  };
}

async function lastSnapshot(cell: Cell, context: TrainingContext): Promise<Snapshot | undefined> {
  try {
    const bytes = await context.store.read(cell.id);
    return bytes && decodeCheckpoint(cell, bytes);
  } catch (error) {
    tellUnused(cell, context, error as Error);
    return undefined;
  }
}

const tellUnused = (cell: Cell, { onNotice }: TrainingContext, { message }: Error) =>
  onNotice?.(`The checkpoint of cell ${cell.id} is not used: ${message}. It starts anew.`);

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
