/**
 * The state of a run, as plain arrays and numbers, for a checkpoint. Random streams have no position of their own
 * (random/stream.ts): epoch and batch determine them.
 */
import { tensor1d } from '../backends/tfjs.js';
import type { EpochMetrics } from '../experiment/record.js';
import type { Weights } from './step.js';

/** Where in the run, and what the current epoch has added up to so far. */
export interface Position {
  /** Epochs completed. */
  readonly epoch: number;
  /** Batches of the current epoch completed. */
  readonly batch: number;
  /** Sum over the epoch's images so far of the loss, and how many were classified wrong. */
  readonly lossSum: number;
  readonly wrong: number;
  /** Seconds spent on the current epoch's steps so far, and on the whole run. */
  readonly epochSeconds: number;
  readonly seconds: number;
}

/** A position on the way, as an observer sees it. */
export interface Progress extends Position {
  /** Batches of the epoch whose scores are known: what lossSum, wrong and epochSeconds are of. At most `batch`. */
  readonly scored: number;
}

export interface Snapshot {
  readonly position: Position;
  readonly metrics: readonly EpochMetrics[];
  readonly theta: Float32Array;
  readonly slots: readonly Float32Array[];
  readonly state: Float32Array;
  /** What the decay recorder has gathered, where it runs. */
  readonly recorder?: readonly Float32Array[];
}

/** Copies the weights out of the backend; they must not change meanwhile. */
export async function weightArrays({
  theta,
  slots,
  state,
}: Weights): Promise<Pick<Snapshot, 'theta' | 'slots' | 'state'>> {
  const copy = async (tensor: Weights['theta']) => Float32Array.from(await tensor.data());
  return { theta: await copy(theta), slots: await Promise.all(slots.map(copy)), state: await copy(state) };
}

/** Weights in the current backend. The tensors may share the arrays' memory: no operation writes to its inputs. */
export const weightTensors = ({
  theta,
  slots,
  state,
}: Pick<Snapshot, 'theta' | 'slots' | 'state'>): Weights => ({
  theta: tensor1d(theta),
  slots: slots.map((slot) => tensor1d(slot)),
  state: tensor1d(state),
});
