/** BullMQ's objects as we use them: jobs are fetched and settled by hand, so that one worker serves many sweeps. */
import { Queue, QueueEvents, Worker, type Job as BullJob, type JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { prefix } from './connection.js';
import type { JobData } from './payload.js';

export type QueuedJob = BullJob<JobData, unknown>;

/** First wait before a failed cell is tried again; each further one doubles it. Milliseconds. */
const firstBackoff = 1000;
/** Workers that may be lost over one cell before it is given up. */
const maxStalls = 100;

/** INFO has been read by inspect.ts, which says in one sentence what BullMQ would print raw. */
const inspected = { skipVersionCheck: true };

/** How jobs are queued: finished ones stay in Redis until the coordinator has them on disk. */
export const jobOptions = (retries: number): JobsOptions => ({
  attempts: retries + 1,
  backoff: { type: 'exponential', delay: firstBackoff },
  removeOnComplete: false,
  removeOnFail: false,
  stackTraceLimit: 0,
});

const ignore = () => undefined;

/**
 * A sweep's queue, on a connection that stays the caller's. Its coordinator's own also writes to Redis that it exists;
 * who merely looks must not bring back a queue that has just been removed.
 */
export function openQueue(redis: Redis, name: string, { own = false } = {}): Queue<JobData, unknown> {
  const queue = new Queue<JobData, unknown>(name, {
    connection: redis,
    prefix,
    skipMetasUpdate: !own,
    ...inspected,
  });
  // The connection's own listeners tell the user.
  queue.on('error', ignore);
  return queue;
}

/** A sweep's events, on a connection of their own, and how to hear no more of them. */
export function openEvents(redis: Redis, name: string): { events: QueueEvents; close(): void } {
  // BullMQ has a watchdog for this one; ioredis's timer would outlive it and hold the process.
  const connection = redis.duplicate({ socketTimeout: undefined });
  connection.on('error', ignore);
  const events = new QueueEvents(name, { connection, prefix, blockingTimeout: 2000, ...inspected });
  events.on('error', ignore);
  return {
    events,
    close() {
      // BullMQ's own close waits for the read that blocks, ten seconds at worst.
      events.removeAllListeners();
      events.on('error', ignore);
      void events.close().catch(ignore);
      connection.disconnect();
    },
  };
}

/** What takes jobs from a sweep's queue, and puts back those of lost workers. It trains none itself. */
export async function openConsumer(
  redis: Redis,
  name: string,
  stall: number,
): Promise<Worker<JobData, unknown>> {
  const consumer = new Worker<JobData, unknown>(name, null, {
    connection: redis,
    prefix,
    autorun: false,
    lockDuration: stall,
    stalledInterval: Math.max(500, stall / 2),
    maxStalledCount: maxStalls,
    ...inspected,
  });
  consumer.on('error', ignore);
  await consumer.startStalledCheckTimer();
  return consumer;
}
