/**
 * One cell at a worker, from the job taken to one of three ends: its result in Redis, its failure in Redis, or the job
 * handed back. The lock that BullMQ gives with the job is renewed until then; without it nothing is delivered.
 */
import { ErrorCode, UnrecoverableError } from 'bullmq';
import { withoutStop } from '../errors/sentence.js';
import { folderStore } from '../runner/checkpoints.js';
import type { Job } from '../experiment/plan.js';
import { failureOf, type RunRecord } from '../experiment/record.js';
import { nextStep } from '../runner/retry.js';
import { WorkerFailure } from '../runner/workerLink.js';
import type { WorkerHandle } from '../runner/workerProcess.js';
import { decodeCheckpoint } from '../train/checkpoint.js';
import { blobRetry, holdLease, type Lease } from './lease.js';
import { refusalReason } from './failedReason.js';
import { fetchBlob, sendBlob } from './blobs.js';
import { withRetries } from './redisRetry.js';
import { packResult, unpackJob, type Attempt } from './payload.js';
import { printable } from '../experiment/printable.js';
import { isFinal, sentenceOf } from './refusals.js';
import { CannotServe } from './servedSweep.js';
import type { CellOutcome, TakenJob } from './takenJob.js';

/** At most one sign of progress through Redis in this time, milliseconds. */
const beatEvery = 2000;

/**
 * Trains the job's cell. Waits where Redis is away, until the signal.
 * @throws CannotServe where no cell of the sweep can be trained here; this one is handed back
 * @throws what Redis answers where it refuses for good
 */
export async function trainTakenJob(taken: TakenJob): Promise<CellOutcome> {
  const { sweep, queued, token } = taken;
  let job: Job;
  try {
    if (queued.deferredFailure) throw new UnrecoverableError(queued.deferredFailure);
    job = unpackJob(sweep.spec, queued.id, queued.data);
  } catch (error) {
    const message = printable((error as Error).message);
    const reason = error instanceof UnrecoverableError ? message : refusalReason(message);
    taken.onNotice(`Job ${printable(String(queued.id))} of ${sweep.name} is not executed: ${message}.`);
    const told = await settle(taken, () => queued.moveToFailed(new UnrecoverableError(reason), token));
    return told ? 'refused' : 'lost';
  }
  const lease = holdLease(taken, job);
  try {
    return await attempt(taken, job, lease);
  } finally {
    await lease.end();
    await folderStore(taken.folders.checkpoints).remove(job.cell.id);
  }
}

async function attempt(taken: TakenJob, job: Job, lease: Lease): Promise<CellOutcome> {
  const { queued, signal } = taken;
  const startedAt = new Date().toISOString();
  const began = performance.now();
  const attempts = queued.attemptsMade + 1;
  try {
    await fetchCheckpoint(taken, job);
    await lease.noteCheckpoint();
    const worker = await workerFor(taken);
    if (!worker) return await handBack(taken, job, lease);
    return await deliver(taken, job, lease, await trainOn(worker, taken, job, attempts));
  } catch (error) {
    if (!(error instanceof WorkerFailure)) {
      await handBack(taken, job, lease);
      throw error;
    }
    if (lease.lost) return lostTo(taken, job);
    const seconds = (performance.now() - began) / 1000;
    const next = nextStep(error, attempts, (queued.opts.attempts ?? 1) - 1, signal.aborted);
    if (next === 'stopped') return await handBack(taken, job, lease);
    if (next === 'timeout') {
      const record = failureOf(job, 'timeout', error.message, { startedAt, attempts, seconds });
      return await deliver(taken, job, lease, record);
    }
    // Besides, BullMQ counts the attempts as `nextStep` does: the coordinator has queued the job with one more than its
    // retries.
    taken.onNotice(
      `Cell ${job.cell.id} (${job.label}) failed in attempt ${attempts}: ${withoutStop(error.message)}.`,
    );
    const { message } = error;
    const failure = next === 'failed' ? new UnrecoverableError(message) : new Error(message);
    return await fail(taken, lease, failure, { spent: seconds });
  }
}

/**
 * A process for the sweep's cells; undefined where this worker is to stop.
 * @throws CannotServe where none can be started
 */
async function workerFor({ sweep, slot, folders, dataDir }: TakenJob): Promise<WorkerHandle | undefined> {
  const { dataset, backend, threads, policy, keepWeights, limits, fingerprint } = sweep.spec;
  const { checkpoints, weights } = folders;
  const setup = {
    dataset,
    dataDir,
    backend,
    threads,
    checkpoints,
    policy,
    ...(keepWeights ? { weights } : {}),
  };
  try {
    return await slot.worker({ setup, limits, fingerprint });
  } catch (error) {
    if (!(error instanceof WorkerFailure)) throw error;
    // No cell's fault, and it would fail for each. A worker that says so itself (no backend, no data) fails for good.
    throw new CannotServe(`no process for its cells could be started here: ${error.message}`, {
      temporary: error.kind !== 'setup',
      cause: error,
    });
  }
}

/** Tells the queue that an attempt failed. It decides whether there is another, unless the failure is final. */
async function fail(taken: TakenJob, lease: Lease, failure: Error, spent: Attempt): Promise<CellOutcome> {
  const { queued, token } = taken;
  await lease.shareCheckpoint();
  await lease.end();
  const told = await settle(taken, async () => {
    await queued.updateProgress(spent);
    await queued.moveToFailed(failure, token);
  });
  return told ? 'failed' : 'lost';
}

function trainOn(
  worker: WorkerHandle,
  { queued, onNotice }: TakenJob,
  job: Job,
  attempts: number,
): Promise<RunRecord> {
  let toldAt = -Infinity;
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
  { redis, sweep, folders, signal, onNotice }: TakenJob,
  { cell }: Job,
): Promise<void> {
  try {
    const bytes = await withRetries(() => fetchBlob(redis, sweep.name, 'checkpoint', cell.id), { signal });
    if (!bytes) return;
    decodeCheckpoint(cell, bytes);
    await folderStore(folders.checkpoints).write(cell.id, bytes);
  } catch (error) {
    onNotice(
      `The shared checkpoint of cell ${cell.id} is not used: ${(error as Error).message}. It starts anew.`,
    );
  }
}

async function deliver(taken: TakenJob, job: Job, lease: Lease, record: RunRecord): Promise<CellOutcome> {
  const { queued, token } = taken;
  await sendWeights(taken, job);
  await lease.end();
  return (await settle(taken, () => queued.moveToCompleted(packResult(record), token, false)))
    ? record.status
    : lostTo(taken, job);
}

/** Weights are worth less than the result: where they cannot be sent, that is said, and the result goes alone. */
async function sendWeights(taken: TakenJob, { cell }: Job): Promise<void> {
  const { sweep, redis, folders, token, onNotice } = taken;
  if (!sweep.spec.keepWeights) return;
  const weights = folderStore(folders.weights);
  try {
    const bytes = await weights.read(cell.id);
    if (bytes && bytes.length <= sweep.spec.shareBytes) {
      await withRetries(
        () => sendBlob(redis, sweep.name, 'weights', cell.id, token, bytes),
        blobRetry(taken),
      );
    } else if (bytes) onNotice(`The weights of cell ${cell.id} are too large to travel through Redis.`);
    await weights.remove(cell.id);
  } catch (error) {
    onNotice(`The weights of cell ${cell.id} could not be sent: ${(error as Error).message}.`);
  }
}

/** Gives the cell back to the queue with its checkpoint. That counts no attempt. */
async function handBack(taken: TakenJob, job: Job, lease: Lease): Promise<CellOutcome> {
  await lease.shareCheckpoint();
  await lease.end();
  const handed = await settle(taken, () => taken.queued.moveToWait(taken.token));
  if (handed) taken.onNotice(`Cell ${job.cell.id} (${job.label}) is handed back.`);
  return handed ? 'handed back' : 'lost';
}

function lostTo({ onNotice }: TakenJob, { cell, label }: Job): 'lost' {
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
async function settle(
  { queued, signal, onNotice }: TakenJob,
  tell: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await withRetries(tell, { signal });
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
