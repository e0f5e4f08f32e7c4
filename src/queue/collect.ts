/** Ended jobs into records: each is checked, handed on until it is on disk, and only then removed from Redis. */
import { join } from 'node:path';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { writeAtomically } from '../files/atomic.js';
import type { Job } from '../experiment/plan.js';
import type { ExecutionEvents } from '../runner/index.js';
import { StorageError, explainingAccess } from '../runner/directory.js';
import { failureOf, type RunRecord } from '../experiment/record.js';
import { decodeWeights } from '../train/weights.js';
import type { QueuedJob } from './bull.js';
import { enqueue } from './enqueue.js';
import { dropBlobs, fetchBlob } from './blobs.js';
import { attemptSchema, cellIdOf, unpackResult, type JobData } from './payload.js';
import { printable } from '../experiment/printable.js';
import { parseFailedReason } from './failedReason.js';
import { isUnreadable } from './unreadable.js';

export interface CollectorSetup {
  readonly redis: Redis;
  readonly queue: Queue<JobData, unknown>;
  /** Cells without a record yet; the collector takes out what it has handed on. */
  readonly outstanding: Map<string, Job>;
  readonly data: ReadonlyMap<string, JobData>;
  /** Records that are on disk already, of cells that are to be tried again. */
  readonly before?: ReadonlyMap<string, RunRecord> | undefined;
  readonly retries: number;
  readonly weightsFolder: string | undefined;
  readonly events: ExecutionEvents;
  /** The place where a cell was trained, free from now on. */
  slotOf(cellId: string): number;
}

const portion = 50;
/** After so many results that could not be used a cell is given up. */
const mostRefusals = 3;

/** A function that takes every ended job off the queue. */
export function collector(setup: CollectorSetup): () => Promise<void> {
  const { queue } = setup;
  const refusals = new Map<string, number>();
  const collectJob = async (queued: QueuedJob, state: 'completed' | 'failed') => {
    const job = setup.outstanding.get(cellIdOf(queued.id));
    if (!job) return queued.remove();
    const record = recordFrom(job, queued, state);
    if (!('refused' in record) && isOnDisk(record, setup.before)) {
      await removeJob(setup, queued);
      return;
    }
    if ('refused' in record && (await requeue(setup, refusals, job, queued, record.refused))) return;
    const final = 'refused' in record ? failure(job, queued, record.refused) : record;
    if (final.status === 'ok') await keepWeights(setup, job);
    await setup.events.onRecord(final, setup.slotOf(job.cell.id));
    setup.outstanding.delete(job.cell.id);
    await removeJob(setup, queued);
  };
  return async () => {
    for (const state of ['completed', 'failed'] as const) {
      for (let stuck = 0; ;) {
        const ids = await queue.getRanges([state], stuck, stuck + portion - 1, true);
        const read = await Promise.all(ids.map(async (id) => [id, await readJob(queue, id)] as const));
        for (const [id, queued] of read) {
          if (queued) await collectJob(queued, state);
          // Forged or half lost. The cell, if it is one of ours, is missed then, and queued anew.
          else if ((await queue.remove(id)) === 1)
            setup.events.onNotice?.(`Job ${printable(id)} cannot be read and was taken off the queue.`);
          else stuck++;
        }
        if (ids.length < portion) break;
      }
    }
  };
}

/**
 * Whether an ended job is the one a record on disk came from: its coordinator died before it had taken the job off.
 * Else `--retry-failed` would take the old failure for the new result.
 */
function isOnDisk(record: RunRecord, before: CollectorSetup['before']): boolean {
  const known = before?.get(record.cell.id);
  const keys = ['status', 'startedAt', 'seconds', 'attempts'] as const;
  return known !== undefined && keys.every((key) => record[key] === known[key]);
}

/** Takes an ended job of a cell off Redis, and what came with it. */
async function removeJob({ redis, queue }: CollectorSetup, queued: QueuedJob): Promise<void> {
  await dropBlobs(redis, queue.name, cellIdOf(queued.id));
  await queued.remove();
}

/** A job; undefined where there is none, or what there is cannot be read. */
async function readJob(queue: Queue<JobData, unknown>, id: string): Promise<QueuedJob | undefined> {
  try {
    return await queue.getJob(id);
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}

function recordFrom(
  job: Job,
  queued: QueuedJob,
  state: 'completed' | 'failed',
): RunRecord | { refused: string } {
  if (state === 'failed') {
    const reason = parseFailedReason(queued.failedReason);
    return 'refused' in reason
      ? { refused: `its job was refused by a worker: ${reason.refused}` }
      : failure(job, queued, reason.failed);
  }
  try {
    return unpackResult(job, queued.returnvalue);
  } catch (error) {
    return { refused: `its result was refused: ${printable((error as Error).message)}` };
  }
}

/** Redis may say anything; a Date takes so many milliseconds. */
const isTime = (at: number | undefined): at is number => at !== undefined && Math.abs(at) <= 8.64e15;

function failure(
  job: Job,
  { processedOn, finishedOn, timestamp, attemptsMade, progress }: QueuedJob,
  why: string,
): RunRecord {
  const from = [processedOn, timestamp].find(isTime) ?? Date.now();
  const to = [finishedOn].find(isTime) ?? from;
  // A worker that was lost has told nothing: what is left are the clocks of two machines.
  const { data } = attemptSchema.safeParse(progress);
  return failureOf(job, 'failed', why, {
    startedAt: new Date(from).toISOString(),
    attempts: Number.isSafeInteger(attemptsMade) ? Math.max(1, attemptsMade) : 1,
    seconds: data?.spent ?? Math.max(0, (to - from) / 1000),
  });
}

/** Queues a cell anew whose job or result was no good; false once that has happened too often. */
async function requeue(
  { queue, data, retries, events }: CollectorSetup,
  refusals: Map<string, number>,
  { cell, label }: Job,
  queued: QueuedJob,
  why: string,
): Promise<boolean> {
  const times = (refusals.get(cell.id) ?? 0) + 1;
  refusals.set(cell.id, times);
  if (times > mostRefusals) return false;
  events.onNotice?.(`Cell ${cell.id} (${label}) is queued again: ${why}.`);
  await queued.remove();
  await enqueue(queue, [cell.id], data, retries);
  return true;
}

/** Weights that came with a result, into the results folder. */
async function keepWeights(
  { redis, queue, weightsFolder, events }: CollectorSetup,
  { cell }: Job,
): Promise<void> {
  if (!weightsFolder) return;
  const bytes = await fetchBlob(redis, queue.name, 'weights', cell.id);
  try {
    if (!bytes) throw new Error('none came with the result');
    if (decodeWeights(bytes).cell.id !== cell.id) throw new Error('they belong to another cell');
  } catch (error) {
    events.onNotice?.(`The weights of cell ${cell.id} are not kept: ${(error as Error).message}.`);
    return;
  }
  const write = () => writeAtomically(join(weightsFolder, `${cell.id}.safetensors`), bytes);
  await explainingAccess(weightsFolder, write, (message, options) => new StorageError(message, options));
}
