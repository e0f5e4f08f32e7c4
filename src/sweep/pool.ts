/**
 * The local executor: a pool of worker processes that train cells one each, restart when they die, and give up a
 * cell only after its retries.
 */
import type { RunRecord } from '../train/record.js';
import type { Job } from './cells.js';
import type { Beat, WorkerSetup } from './protocol.js';
import { failureOf } from './trainCell.js';
import { WorkerFailure, startWorker, type Limits, type WorkerHandle } from './workerProcess.js';

export interface PoolOptions {
  readonly workers: number;
  /** How often a cell that failed is tried again. */
  readonly retries: number;
  readonly limits: Limits;
  readonly setup: WorkerSetup;
  /** Of the data that the sweep is about; a worker that finds other data is not used. */
  readonly fingerprint: string;
}

/** What an executor reports while it works. `slot` numbers the places where cells are trained, from 0. */
export interface ExecutionEvents {
  onStart?(slot: number, job: Job, attempt: number): void;
  onBeat?(slot: number, job: Job, beat: Beat): void;
  onNotice?(text: string): void;
  /** The cell's record; the executor waits until it is safe. An error here ends the execution. */
  onRecord(record: RunRecord, slot: number): Promise<void>;
}

/**
 * Trains jobs until none is left or `signal` aborts, in which case running cells keep checkpoints first.
 * @throws what `onRecord` throws, and WorkerFailure where not even a first worker could be set up
 */
export async function runPool(
  jobs: readonly Job[],
  options: PoolOptions,
  events: ExecutionEvents,
  signal: AbortSignal,
): Promise<void> {
  const waiting = jobs[Symbol.iterator]();
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  const slots = Array.from({ length: Math.min(options.workers, jobs.length) }, (_, slot) =>
    runSlot(slot, waiting, options, events, stop).catch((error: unknown) => {
      ended.abort();
      throw error;
    }),
  );
  const outcomes = await Promise.allSettled(slots);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

/** One place in the pool: takes the next job as soon as it is free. */
async function runSlot(
  slot: number,
  waiting: Iterator<Job>,
  options: PoolOptions,
  events: ExecutionEvents,
  signal: AbortSignal,
): Promise<void> {
  const seat = seatFor(options, signal);
  try {
    while (!signal.aborted) {
      const next = waiting.next();
      if (next.done) return;
      const record = await insist(next.value, slot, seat, options, events, signal);
      if (record) await events.onRecord(record, slot);
    }
  } finally {
    await seat.leave();
  }
}

/** Trains a job, again if need be; undefined where the sweep stops first. */
async function insist(
  job: Job,
  slot: number,
  seat: Seat,
  { retries }: PoolOptions,
  events: ExecutionEvents,
  signal: AbortSignal,
): Promise<RunRecord | undefined> {
  const startedAt = new Date().toISOString();
  const began = performance.now();
  for (let attempt = 1; ; attempt++) {
    events.onStart?.(slot, job, attempt);
    try {
      const worker = await seat.worker();
      return await worker.train(job, attempt, {
        onBeat: (beat) => events.onBeat?.(slot, job, beat),
        onNotice: (text) => events.onNotice?.(text),
      });
    } catch (error) {
      if (!(error instanceof WorkerFailure)) throw error;
      if (signal.aborted || error.kind === 'stopped') return undefined;
      const about = { startedAt, attempts: attempt, seconds: (performance.now() - began) / 1000 };
      if (error.kind === 'timeout') return failureOf(job, 'timeout', error.message, about);
      if (attempt > retries) return failureOf(job, 'failed', error.message, about);
      events.onNotice?.(`Cell ${job.cell.id} (${job.label}) is tried again: ${error.message}.`);
    }
  }
}

interface Seat {
  /** The seat's worker, started anew where the last one is gone. */
  worker(): Promise<WorkerHandle>;
  leave(): Promise<void>;
}

function seatFor({ setup, limits, fingerprint }: PoolOptions, signal: AbortSignal): Seat {
  let current: WorkerHandle | undefined;
  const onAbort = () => void current?.stop();
  signal.addEventListener('abort', onAbort);
  return {
    async worker() {
      if (!current?.alive) current = await startWorker(setup, limits, fingerprint);
      if (signal.aborted) void current.stop();
      return current;
    },
    async leave() {
      signal.removeEventListener('abort', onAbort);
      await current?.stop();
    },
  };
}
