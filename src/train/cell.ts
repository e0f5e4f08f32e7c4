/** A cell: one optimizer, learning rate, weight decay and seed; all that decides one training run's result. */
import type { DatasetSpec, ModelSpec, OptimizerSpec, Schedule } from '../config/schema.js';

/** Raised when a change to the training code changes results, so that old journals are not mixed with new. */
export const NUMERICS = 1;

/** Everything that decides a run's numbers, and nothing else. Its hash is the cell's identity. */
export interface Cell {
  /** First 16 hex digits of the sha256 of the rest, see `identify`. */
  readonly id: string;
  readonly numerics: number;
  readonly dataset: DatasetSpec;
  readonly model: ModelSpec;
  /** `label` is kept outside: what a curve is called does not change it. */
  readonly optimizer: Omit<OptimizerSpec, 'label' | 'lr' | 'wd' | 'schedule' | 'epochs'>;
  readonly schedule: Schedule;
  readonly epochs: number;
  readonly batchSize: number;
  readonly warmup: number;
  readonly recordDecay: boolean;
  readonly lr: number;
  readonly wd: number;
  readonly seed: number;
  /** The backend that computes, resolved (never `auto`), and its threads: float sums depend on both. */
  readonly backend: string;
  readonly threads: number;
}
