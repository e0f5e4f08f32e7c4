/** A job that a worker has taken from a queue, with all that it needs to train its cell. */
import type { Redis } from 'ioredis';
import type { RunStatus } from '../experiment/record.js';
import type { WorkerSlot } from '../runner/slot.js';
import type { QueuedJob } from './bull.js';
import type { ServedSweep } from './servedSweep.js';

/** Folders of a worker's own, for what its processes keep. */
export interface Folders {
  readonly checkpoints: string;
  readonly weights: string;
}

export interface TakenJob {
  readonly redis: Redis;
  readonly sweep: ServedSweep;
  readonly queued: QueuedJob;
  /** Of the lock that BullMQ gave with the job. */
  readonly token: string;
  readonly slot: WorkerSlot;
  readonly folders: Folders;
  /** Where data sets are; default: as in a local run. */
  readonly dataDir?: string | undefined;
  /** Aborts where the worker is to stop: the cell is handed back, and a Redis that is away not waited for. */
  readonly signal: AbortSignal;
  onNotice(text: string): void;
}

/** What became of the cell here. */
export type CellOutcome = RunStatus | 'refused' | 'handed back' | 'lost';
