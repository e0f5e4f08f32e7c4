/** The commands of `adamw-bench queue`: status, pause, resume, drain. */
import type { Redis } from 'ioredis';
import { QueueError } from './address.js';
import { openQueue } from './bull.js';
import { parseSpec } from './payload.js';
import { explainingReplies } from './refusals.js';
import { listSweeps, listWorkers, markDrained, type WorkerFacts } from './registry.js';

export type Change = 'pause' | 'resume' | 'drain';

/** How one sweep stands. */
export interface SweepStatus {
  readonly queue: string;
  readonly name: string;
  readonly version: string;
  readonly backend: string;
  readonly paused: boolean;
  /** Cells by state. `done` and `failed` are results that no coordinator has fetched yet. */
  readonly waiting: number;
  readonly active: number;
  readonly delayed: number;
  readonly done: number;
  readonly failed: number;
  readonly workers: number;
}

export interface QueueStatus {
  readonly sweeps: readonly SweepStatus[];
  readonly workers: readonly WorkerFacts[];
}

/** @throws QueueError where Redis refuses */
export const queueStatus = (redis: Redis): Promise<QueueStatus> => explainingReplies(() => statusIn(redis));

async function statusIn(redis: Redis): Promise<QueueStatus> {
  const workers = await listWorkers(redis);
  const sweeps = await Promise.all(
    Object.entries(await listSweeps(redis)).map(([name, text]) => statusOf(redis, name, text, workers)),
  );
  return { sweeps: sweeps.sort((a, b) => (a.queue < b.queue ? -1 : 1)), workers };
}

async function statusOf(
  redis: Redis,
  name: string,
  text: string,
  workers: readonly WorkerFacts[],
): Promise<SweepStatus> {
  const parsed = parseSpec(text);
  const spec = 'spec' in parsed ? parsed.spec : undefined;
  const queue = openQueue(redis, name);
  const counts = await queue.getJobCounts('wait', 'active', 'delayed', 'completed', 'failed');
  const paused = await queue.isPaused();
  await queue.close();
  const of = (state: string) => counts[state] ?? 0;
  return {
    queue: name,
    name: spec?.name ?? 'unreadable',
    version: spec?.version ?? '?',
    backend: spec?.backend ?? '?',
    paused,
    waiting: of('wait'),
    active: of('active'),
    delayed: of('delayed'),
    done: of('completed'),
    failed: of('failed'),
    workers: workers.filter(({ serves }) => serves.includes(name)).length,
  };
}

/**
 * Does something to each sweep's queue.
 * @param only an experiment's or queue's name; undefined for all
 * @returns the queues' names
 * @throws QueueError where there is no such sweep, or Redis refuses
 */
export const changeQueues = (redis: Redis, change: Change, only: string | undefined): Promise<string[]> =>
  explainingReplies(() => changeIn(redis, change, only));

async function changeIn(redis: Redis, change: Change, only: string | undefined): Promise<string[]> {
  const { sweeps } = await queueStatus(redis);
  const chosen = sweeps.filter(({ queue, name }) => only === undefined || queue === only || name === only);
  if (chosen.length === 0) {
    const there = sweeps.map(({ queue }) => queue).join(', ') || 'none';
    throw new QueueError(
      only === undefined
        ? 'There is no sweep on this Redis.'
        : `There is no sweep ${only} on this Redis. There are: ${there}.`,
    );
  }
  for (const { queue: name } of chosen) {
    const queue = openQueue(redis, name);
    if (change === 'pause') await queue.pause();
    else if (change === 'resume') await queue.resume();
    else {
      await markDrained(redis, name);
      await queue.drain(true);
    }
    await queue.close();
  }
  return chosen.map(({ queue }) => queue);
}
