/** What a training run leaves behind. One RunRecord is one line of runs.jsonl. */
import type { Cell } from './cell.js';

/** Measurements of one epoch (1-based). Errors are shares in [0, 1], losses are mean cross-entropies in nats. */
export interface EpochMetrics {
  readonly epoch: number;
  /** eta_t * lr at the epoch's last step. */
  readonly lr: number;
  /** Running means over the epoch's batches, in training mode, while the parameters move. */
  readonly trainLoss: number;
  readonly trainError: number;
  /** On the whole test set, after the epoch. */
  readonly testLoss: number;
  readonly testError: number;
  /** Euclidean norm of all parameters after the epoch. */
  readonly thetaNorm: number;
  /** Training speed, evaluation excluded. */
  readonly imagesPerSecond: number;
  /** Wall time of the epoch, evaluation included. */
  readonly seconds: number;
}

/** Relative shrink per step due to decay, in one bucket of weights of similar gradient magnitude. */
export interface DecayBucket {
  /** Median root-mean-square gradient of the bucket's weights over the recorded steps. */
  readonly gradient: number;
  /** Median over the bucket's weights of (shrink per step caused by decay) / |theta|. */
  readonly relativeDecay: number;
  readonly count: number;
}

export type RunStatus = 'ok' | 'diverged' | 'failed' | 'timeout';

/** The outcome of one cell. `diverged`: the loss became non-finite, finalTestError is chance. */
export interface RunRecord {
  readonly cell: Cell;
  /** The optimizer's label in this experiment. */
  readonly label: string;
  readonly status: RunStatus;
  /** Why, for every status but `ok`. */
  readonly reason?: string;
  readonly epochs: readonly EpochMetrics[];
  /** Test error after the last epoch (the paper's measure), chance where diverged, null where failed or timed out. */
  readonly finalTestError: number | null;
  readonly finalTrainLoss: number | null;
  readonly decay?: readonly DecayBucket[];
  readonly attempts: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly seconds: number;
  /** Peak resident memory of the worker so far, bytes. */
  readonly peakMemory: number;
}
