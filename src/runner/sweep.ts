/** The types of a sweep: its options, its events, its result. */
import type { BackendReport } from '../backends/index.js';
import type { KeptChoice } from '../experiment/confirm.js';
import type { Job } from '../experiment/plan.js';
import type { RunRecord } from '../experiment/record.js';
import type { ExecutionEvents, Executor } from './executor.js';
import type { Manifest } from './manifest.js';
import type { CheckpointPolicy } from './trainCell.js';
import type { Limits } from './workerLink.js';

export interface SweepOptions {
  readonly dir: string;
  readonly dataDir?: string | undefined;
  /** Worker processes, or how many for the backend that is found. */
  readonly workers: number | ((backend: BackendReport) => number);
  readonly retries: number;
  readonly failFast: boolean;
  /** Train cells that are recorded as failed or timed out once more. */
  readonly retryFailed: boolean;
  /** The file that the experiment was read from: it is never written over. */
  readonly configFile?: string;
  /** Keep a folder of another configuration. */
  readonly update: boolean;
  /** Choose the cells of the second stage anew; the manifest keeps the earlier choice. */
  readonly chooseAgain?: boolean;
  /** Change the folder's endpoints although it has records; the manifest keeps the earlier ones. */
  readonly amendEndpoints?: boolean;
  /** Share the work of another process in the same folder. */
  readonly join?: boolean;
  readonly limits: Limits;
  readonly policy: CheckpointPolicy;
  /** Keep the final weights of each cell in the folder `weights`. */
  readonly keepWeights?: boolean;
  /** Who trains, with workers of its own; default the pool of this machine. */
  readonly executor?: Executor;
  /** What the user typed, for the manifest. */
  readonly command: string;
  /** Aborts the sweep; running cells keep checkpoints. */
  readonly signal: AbortSignal;
}

/** What the sweep tells while it works. */
export interface SweepEvents extends Omit<ExecutionEvents, 'onRecord'> {
  onDownload?(progress: { file: string; what?: 'images'; received: number; total?: number }): void;
  onPlan?(plan: SweepPlan): void;
  /** A record of this process's, which is on disk now. */
  onRecord?(record: RunRecord, slot: number): void;
  /** A record that another process in the same folder has appended. */
  onOthersRecord?(record: RunRecord): void;
}

export interface SweepPlan {
  readonly jobs: readonly Job[];
  readonly missing: readonly Job[];
  /** Records there already, of this experiment's cells. */
  readonly kept: readonly RunRecord[];
  readonly backend: BackendReport;
  /** Worker processes of this sweep; null where they are not its own but a queue's, as many as there may be. */
  readonly workers: number | null;
}

export interface SweepResult {
  /** All records of this experiment's cells, old and new. */
  readonly records: readonly RunRecord[];
  readonly jobs: readonly Job[];
  readonly manifest: Manifest;
  /** What the manifest keeps of the second stage, once its cells are chosen. */
  readonly choice?: KeptChoice;
  /** Whether the sweep ended before every cell had a record: from outside, or by `failFast`. */
  readonly interrupted: boolean;
  readonly failedFast: boolean;
}
