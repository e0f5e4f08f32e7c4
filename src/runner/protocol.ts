/** What the coordinator and a worker process say to each other. */
import type { DatasetSpec } from '../experiment/specs.js';
import type { Beat, RunRecord } from '../experiment/record.js';
import type { Job } from '../experiment/plan.js';
import type { CheckpointPolicy } from './trainCell.js';

/** Everything a worker needs before its first cell. */
export interface WorkerSetup {
  readonly dataset: DatasetSpec;
  readonly dataDir?: string | undefined;
  /** What computes, as cells name it: see identityOf. */
  readonly backend: string;
  readonly threads: number;
  /** The worker's place among those of this machine, from 0: it decides which GPU is its own. */
  readonly slot?: number;
  /** Folder of the checkpoints. */
  readonly checkpoints: string;
  readonly policy: CheckpointPolicy;
  /** Folder of final weights, where they are to be kept. */
  readonly weights?: string;
}

export type ToWorker =
  | { readonly type: 'setup'; readonly setup: WorkerSetup }
  | { readonly type: 'train'; readonly job: Job; readonly attempt: number }
  /** Keep a checkpoint of the current cell, if any, and exit. */
  | { readonly type: 'stop' };

/**
 * `error`: something was thrown, and the worker is fine. `model`: the network does not fit the device, nor would it the
 * next time. `device`: the worker's GPU has failed; another process may get a new device.
 */
export type ErrorKind = 'error' | 'model' | 'device';

export type FromWorker =
  | { readonly type: 'ready'; readonly fingerprint: string }
  | { readonly type: 'beat'; readonly beat: Beat }
  | { readonly type: 'notice'; readonly text: string }
  | { readonly type: 'record'; readonly record: RunRecord }
  /** What was asked for has failed. After `device` the worker ends. */
  | { readonly type: 'error'; readonly message: string; readonly kind: ErrorKind }
  | { readonly type: 'stopped' };
