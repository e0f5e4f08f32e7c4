/**
 * The local executor: a pool of worker processes that train cells one each, restart when they die, and give up a
 * cell only after its retries.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunRecord } from '../train/record.js';
import type { Job } from './cells.js';
import { listSource, type JobSource } from './claims.js';
import type { Beat, WorkerSetup } from './protocol.js';
import { failureOf } from './failure.js';
import { WorkerFailure, startWorker, type Limits, type WorkerHandle } from './workerProcess.js';

export interface PoolOptions {
  readonly workers: number;
  /** How often a cell that failed is tried again. */
  readonly retries: number;
  readonly limits: Limits;
  readonly setup: WorkerSetup;
  /** Of the data that the sweep is about; a worker that finds other data is not used. */
  readonly fingerprint: string;
  /** Where the jobs are taken from, if others take from there too; default the list. */
  readonly source?: JobSource;
  /** Records that jobs have already, by cell id: failures to be tried again. */
  readonly before?: ReadonlyMap<string, RunRecord>;
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
 * @throws what `onRecord` throws, and WorkerFailure where a worker cannot be set up: that is no cell's fault, and is
 * not held against any
 */
export async function runPool(
  jobs: readonly Job[],
  options: PoolOptions,
  events: ExecutionEvents,
  signal: AbortSignal,
): Promise<void> {
  const source = options.source ?? listSource(jobs);
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  const slots = Array.from({ length: Math.min(options.workers, source.size) }, (_, slot) =>
    runSlot(slot, source, options, events, stop).catch((error: unknown) => {
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
  source: JobSource,
  options: PoolOptions,
  events: ExecutionEvents,
  signal: AbortSignal,
): Promise<void> {
  const seat = seatFor({ ...options, setup: { ...options.setup, slot } }, signal);
  try {
    for (;;) {
      const claimed = await source.next(signal);
      if (!claimed) return;
      try {
        const record = await insist(claimed.job, slot, seat, options, events, signal);
        if (record) await events.onRecord(record, slot);
      } finally {
        await claimed.release();
      }
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
    const worker = await seat.worker();
    if (!worker) return undefined;
    events.onStart?.(slot, job, attempt);
    try {
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
  /**
   * The seat's worker, started anew where the last one is gone; undefined where the sweep stops meanwhile.
   * @throws WorkerFailure
   */
  worker(): Promise<WorkerHandle | undefined>;
  leave(): Promise<void>;
}

/** A worker may die before its first cell for reasons that pass: so often it is started. */
const starts = 3;
/** Who is killed from outside is told nothing about why: memory is short, or somebody tidies up. That takes time. */
const startsIfKilled = 10;

/**
 * Starts a worker, again where it dies; undefined where the signal comes first.
 * @throws WorkerFailure `setup` where it says in good order that it cannot be set up, else as the last one died
 */
export async function startPatiently(
  { setup, limits, fingerprint }: Pick<PoolOptions, 'setup' | 'limits' | 'fingerprint'>,
  signal?: AbortSignal,
): Promise<WorkerHandle | undefined> {
  for (let died = 1; !signal?.aborted; died++) {
    try {
      return await startWorker(setup, limits, fingerprint, signal);
    } catch (error) {
      if (signal?.aborted) return undefined;
      const { kind, message } = error as WorkerFailure;
      const killed = kind === 'crash' && message.includes('was killed by');
      if (kind === 'setup' || died >= (killed ? startsIfKilled : starts)) throw error;
      if (killed) await sleep(Math.min(100 * 2 ** died, 2000), undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}

function seatFor(options: PoolOptions, signal: AbortSignal): Seat {
  let current: WorkerHandle | undefined;
  const onAbort = () => void current?.stop();
  signal.addEventListener('abort', onAbort);
  const start = async () => {
    try {
      return await startPatiently(options, signal);
    } catch (error) {
      throw new WorkerFailure(`No worker could be started: ${(error as Error).message}.`, 'setup');
    }
  };
  return {
    async worker() {
      if (!current?.alive) current = await start();
      if (!signal.aborted) return current;
      void current?.stop();
      return undefined;
    },
    async leave() {
      signal.removeEventListener('abort', onAbort);
      await current?.stop();
    },
  };
}
