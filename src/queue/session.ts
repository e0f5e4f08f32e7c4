/**
 * One cell at a worker: from the job taken to its result in Redis, a failure there, or the job handed back. The
 * lock that BullMQ gives with the job is renewed all the while; without it nothing is delivered.
 */
import { ErrorCode, UnrecoverableError } from 'bullmq';
import type { Redis } from 'ioredis';
import { folderStore } from '../runner/checkpoints.js';
import type { Job } from '../experiment/plan.js';
import { failureOf } from '../experiment/record.js';
import { WorkerFailure, type WorkerHandle } from '../runner/workerProcess.js';
import { decodeCheckpoint } from '../train/checkpoint.js';
import type { RunRecord } from '../experiment/record.js';
import type { QueuedJob } from './bull.js';
import { guardLock, parcelTerms, type Guard } from './lease.js';
import { fetchParcel, sendParcel } from './blobs.js';
import { steadily } from './retrying.js';
import { packResult, unpackJob, type Attempt } from './payload.js';
import { printable } from '../experiment/printable.js';
import { isFinal, sentenceOf } from './refusals.js';
import type { Folders, Seat } from './slot.js';
import type { ServedSweep } from './sweepAtWorker.js';

/** How a failure begins that was refused instead of trained; the coordinator queues such a cell anew. */
export const refusal = 'Refused: ';

/** At most one sign of progress through Redis in this time, milliseconds. */
const beatEvery = 2000;

export interface Turn {
  readonly redis: Redis;
  readonly sweep: ServedSweep;
  readonly queued: QueuedJob;
  readonly token: string;
  readonly seat: Seat;
  readonly folders: Folders;
  /** Aborts where the worker is to stop: the cell is handed back, and a Redis that is away not waited for. */
  readonly signal: AbortSignal;
  onNotice(text: string): void;
}

/** What became of the cell here. */
export type Ending = RunRecord['status'] | 'refused' | 'handed back' | 'lost';

/**
 * Trains the job's cell. Waits where Redis is away, until the signal.
 * @throws Unfit where no cell of the sweep can be trained here; this one is handed back
 * @throws what Redis answers where it refuses for good
 */
export async function takeTurn(turn: Turn): Promise<Ending> {
  const { sweep, queued, token } = turn;
  let job: Job;
  try {
    if (queued.deferredFailure) throw new UnrecoverableError(queued.deferredFailure);
    job = unpackJob(sweep.spec, queued.id, queued.data);
  } catch (error) {
    const message = printable((error as Error).message);
    const reason = error instanceof UnrecoverableError ? message : `${refusal}${message}`;
    turn.onNotice(`Job ${printable(String(queued.id))} of ${sweep.name} is not executed: ${message}.`);
    const told = await settle(turn, () => queued.moveToFailed(new UnrecoverableError(reason), token));
    return told ? 'refused' : 'lost';
  }
  const guard = guardLock(turn, job);
  try {
    return await attempt(turn, job, guard);
  } finally {
    await guard.end();
    await folderStore(turn.folders.checkpoints).remove(job.cell.id);
  }
}

async function attempt(turn: Turn, job: Job, guard: Guard): Promise<Ending> {
  const { queued, seat, signal } = turn;
  const startedAt = new Date().toISOString();
  const began = performance.now();
  const attempts = queued.attemptsMade + 1;
  const abort = () => void seat.stop();
  signal.addEventListener('abort', abort);
  try {
    await fetchCheckpoint(turn, job);
    await guard.adopt();
    const worker = await seat.worker(turn.sweep);
    if (signal.aborted) abort();
    return await deliver(turn, job, guard, await trainOn(worker, turn, job, attempts));
  } catch (error) {
    if (!(error instanceof WorkerFailure)) {
      await handBack(turn, job, guard);
      throw error;
    }
    if (guard.lost) return lostTo(turn, job);
    if (signal.aborted || error.kind === 'stopped') return await handBack(turn, job, guard);
    const seconds = (performance.now() - began) / 1000;
    if (error.kind === 'timeout') {
      const record = failureOf(job, 'timeout', error.message, { startedAt, attempts, seconds });
      return await deliver(turn, job, guard, record);
    }
    turn.onNotice(`Cell ${job.cell.id} (${job.label}) failed in attempt ${attempts}: ${error.message}.`);
    return await fail(turn, guard, error, { spent: seconds });
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Tells the queue that an attempt failed; it decides whether there is another. */
async function fail(turn: Turn, guard: Guard, { message }: Error, spent: Attempt): Promise<Ending> {
  const { queued, token } = turn;
  await guard.share();
  await guard.end();
  const told = await settle(turn, async () => {
    await queued.updateProgress(spent);
    await queued.moveToFailed(new Error(message), token);
  });
  return told ? 'failed' : 'lost';
}

function trainOn(
  worker: WorkerHandle,
  { queued, onNotice }: Turn,
  job: Job,
  attempts: number,
): Promise<RunRecord> {
  let toldAt = 0;
  return worker.train(job, attempts, {
    onNotice,
    onBeat(beat) {
      if (performance.now() - toldAt < beatEvery) return;
      toldAt = performance.now();
      queued.updateProgress(beat).catch(() => undefined);
    },
  });
}

/** Brings a shared checkpoint here, if there is a sound one. */
async function fetchCheckpoint(
  { redis, sweep, folders, signal, onNotice }: Turn,
  { cell }: Job,
): Promise<void> {
  try {
    const bytes = await steadily(() => fetchParcel(redis, sweep.name, 'checkpoint', cell.id), { signal });
    if (!bytes) return;
    decodeCheckpoint(cell, bytes);
    await folderStore(folders.checkpoints).write(cell.id, bytes);
  } catch (error) {
    onNotice(
      `The shared checkpoint of cell ${cell.id} is not used: ${(error as Error).message}. It starts anew.`,
    );
  }
}

async function deliver(turn: Turn, job: Job, guard: Guard, record: RunRecord): Promise<Ending> {
  const { queued, token } = turn;
  await sendWeights(turn, job);
  await guard.end();
  return (await settle(turn, () => queued.moveToCompleted(packResult(record), token, false)))
    ? record.status
    : lostTo(turn, job);
}

/** Weights are worth less than the result: where they cannot be sent, that is said, and the result goes alone. */
async function sendWeights(turn: Turn, { cell }: Job): Promise<void> {
  const { sweep, redis, folders, token, onNotice } = turn;
  if (!sweep.spec.keepWeights) return;
  const weights = folderStore(folders.weights);
  try {
    const bytes = await weights.read(cell.id);
    if (bytes && bytes.length <= sweep.spec.shareBytes) {
      await steadily(
        () => sendParcel(redis, sweep.name, 'weights', cell.id, token, bytes),
        parcelTerms(turn),
      );
    } else if (bytes) onNotice(`The weights of cell ${cell.id} are too large to travel through Redis.`);
    await weights.remove(cell.id);
  } catch (error) {
    onNotice(`The weights of cell ${cell.id} could not be sent: ${(error as Error).message}.`);
  }
}

/** Gives the cell back to the queue, with its checkpoint, without counting an attempt. */
async function handBack(turn: Turn, job: Job, guard: Guard): Promise<Ending> {
  await guard.share();
  await guard.end();
  const handed = await settle(turn, () => turn.queued.moveToWait(turn.token));
  if (handed) turn.onNotice(`Cell ${job.cell.id} (${job.label}) is handed back.`);
  return handed ? 'handed back' : 'lost';
}

function lostTo({ onNotice }: Turn, { cell, label }: Job): 'lost' {
  onNotice(
    `Cell ${cell.id} (${label}) was given to another worker, this one having been silent too long; its result here is dropped.`,
  );
  return 'lost';
}

const losses: readonly unknown[] = [
  ErrorCode.JobNotExist,
  ErrorCode.JobLockNotExist,
  ErrorCode.JobNotInState,
  ErrorCode.JobLockMismatch,
];

/** Whether BullMQ says that a job is no longer ours, or no longer there. */
const isLoss = (error: unknown) => losses.includes((error as { readonly code?: unknown }).code);

/** Tells the queue how a job ended; false where the job is no longer ours to settle. */
async function settle({ queued, signal, onNotice }: Turn, tell: () => Promise<unknown>): Promise<boolean> {
  try {
    await steadily(tell, { signal });
    return true;
  } catch (error) {
    // Nor would it accept that of the next cell, and its training would be for nothing.
    if (isFinal(error)) throw error;
    if (!isLoss(error)) {
      onNotice(`Redis did not accept the end of job ${printable(String(queued.id))}: ${sentenceOf(error)}`);
    }
    return false;
  }
}
