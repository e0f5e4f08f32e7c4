/**
 * The local executor: a pool of worker processes on this machine. Each trains one cell at a time, and is started again
 * where it dies.
 */
import { withoutStop } from '../errors/sentence.js';
import type { Job } from '../experiment/plan.js';
import { failureOf, type RunRecord } from '../experiment/record.js';
import type { ExecutionContext, ExecutionEvents, Executor } from './executor.js';
import { nextStep } from './retry.js';
import { workerSlot, type WorkerSlot } from './slot.js';
import { WorkerFailure } from './workerLink.js';
import type { WorkerHandle } from './workerProcess.js';

/** @throws what `onRecord` throws, and WorkerFailure where no worker can be started: that is no cell's fault */
export const runPool: Executor = async (_jobs, context, events, signal) => {
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  const slots = Array.from({ length: Math.min(context.workers, context.source.size) }, (_, slot) =>
    runSlot(slot, context, events, stop).catch((error: unknown) => {
      ended.abort();
      throw error;
    }),
  );
  const outcomes = await Promise.allSettled(slots);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
};

/** Takes the next job as soon as its worker is free, until none is left. */
async function runSlot(
  number: number,
  context: ExecutionContext,
  events: ExecutionEvents,
  signal: AbortSignal,
): Promise<void> {
  const slot = workerSlot(signal, number, context.takeEarly?.(number));
  try {
    for (;;) {
      const claimed = await context.source.next(signal);
      if (!claimed) return;
      try {
        const record = await trainWithRetries(claimed.job, number, slot, context, events, signal);
        if (record) await events.onRecord(record, number);
      } finally {
        await claimed.release();
      }
    }
  } finally {
    await slot.stop();
  }
}

/** Trains a job, again if need be; undefined where the sweep stops first. */
async function trainWithRetries(
  job: Job,
  number: number,
  slot: WorkerSlot,
  context: ExecutionContext,
  events: ExecutionEvents,
  signal: AbortSignal,
): Promise<RunRecord | undefined> {
  const startedAt = new Date().toISOString();
  const began = performance.now();
  for (let attempt = 1; ; attempt++) {
    const worker = await workerIn(slot, context);
    if (!worker) return undefined;
    events.onStart?.(number, job, attempt);
    try {
      return await worker.train(job, attempt, {
        onBeat: (beat) => events.onBeat?.(number, job, beat),
        onNotice: (text) => events.onNotice?.(text),
      });
    } catch (error) {
      if (!(error instanceof WorkerFailure)) throw error;
      const next = nextStep(error, attempt, context.retries, signal.aborted);
      if (next === 'stopped') return undefined;
      if (next !== 'retry') {
        const seconds = (performance.now() - began) / 1000;
        return failureOf(job, next, error.message, { startedAt, attempts: attempt, seconds });
      }
      events.onNotice?.(`Cell ${job.cell.id} (${job.label}) is tried again: ${withoutStop(error.message)}.`);
    }
  }
}

/** @throws WorkerFailure `setup`: whatever prevents a start, it is not held against a cell */
async function workerIn(
  slot: WorkerSlot,
  { setup, limits, fingerprint }: ExecutionContext,
): Promise<WorkerHandle | undefined> {
  try {
    return await slot.worker({ setup, limits, fingerprint });
  } catch (error) {
    throw new WorkerFailure(`No worker could be started: ${(error as Error).message}.`, 'setup');
  }
}
