/**
 * The state of a run, as plain arrays and numbers, for a checkpoint. Random streams have no position of their own
 * (random/stream.ts): epoch and batch determine them.
 */
import { tensor1d } from '@tensorflow/tfjs-core';
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

export interface Snapshot {
  readonly position: Position;
  readonly metrics: readonly EpochMetrics[];
  readonly theta: Float32Array;
  readonly slots: readonly Float32Array[];
  readonly state: Float32Array;
  /** What the decay recorder has gathered, where it runs. */
  readonly recorder?: readonly Float32Array[];
}

/** Copies the weights out of the backend. */
export function weightArrays(weights: Weights): Pick<Snapshot, 'theta' | 'slots' | 'state'> {
  const copy = (tensor: Weights['theta']) => Float32Array.from(tensor.dataSync());
  return { theta: copy(weights.theta), slots: weights.slots.map(copy), state: copy(weights.state) };
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
