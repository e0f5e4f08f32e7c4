/** What the runner asks of whoever trains its jobs: the local pool, a queue's coordinator, a test. */
import type { Job, Plan } from '../experiment/plan.js';
import type { Beat, RunRecord } from '../experiment/record.js';
import type { JobSource } from './claims.js';
import type { WorkerSetup } from './protocol.js';
import type { EarlyWorker } from './slot.js';
import type { Limits } from './workerLink.js';

/**
 * Trains jobs until none is left or `signal` aborts; running cells then keep checkpoints. The signal's reason says why:
 * see `hasFailedFast`.
 * @throws what `onRecord` throws, and its own failures, which are no cell's fault
 */
export type Executor = (
  jobs: readonly Job[],
  context: ExecutionContext,
  events: ExecutionEvents,
  signal: AbortSignal,
) => Promise<void>;

export interface ExecutionContext {
  /** All cells of the sweep, those with a record included. */
  readonly plan: Plan;
  /** Worker processes on this machine; an executor with workers elsewhere ignores it. */
  readonly workers: number;
  /** How often a cell that failed is tried again. */
  readonly retries: number;
  readonly limits: Limits;
  readonly setup: WorkerSetup;
  /** Of the data that the sweep is about; a worker that finds other data is not used. */
  readonly fingerprint: string;
  /** A worker process of this machine's that was started already for a slot, with `setup` and `limits`. */
  readonly takeEarly?: (slot: number) => EarlyWorker | undefined;
  /** Hands out the jobs, each to one process of all that work in the folder. */
  readonly source: JobSource;
  /** Records that jobs have already, by cell id: failures to be tried again. */
  readonly before: ReadonlyMap<string, RunRecord>;
}

/** What an executor reports while it works. `slot` numbers the places where cells are trained, from 0. */
export interface ExecutionEvents {
  onStart?(slot: number, job: Job, attempt: number): void;
  onBeat?(slot: number, job: Job, beat: Beat): void;
  onNotice?(text: string): void;
  /** The cell's record; the executor waits until it is safe. An error here ends the execution. */
  onRecord(record: RunRecord, slot: number): Promise<void>;
}

/** The reason of an executor's signal after a cell has failed, where one failure is to end the sweep. */
export class FailedFast extends Error {
  constructor() {
    super('a cell failed');
    this.name = 'FailedFast';
  }
}

/** Whether a sweep ends because a cell has failed: jobs that wait are to be taken back. */
export const hasFailedFast = ({ reason }: AbortSignal): boolean => reason instanceof FailedFast;
