/** Cells onto the queue, in portions. */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Job } from '../sweep/index.js';
import { jobOptions } from './bull.js';
import { prefix } from './connection.js';
import { execute } from './registry.js';
import { jobIdOf, packJobs, type JobData, type SweepSpec } from './payload.js';

const portion = 1000;

/** The jobs' variants, and what each job carries by its cell's id. */
export function packed(jobs: readonly Job[]): {
  variants: SweepSpec['variants'];
  data: ReadonlyMap<string, JobData>;
} {
  const { variants, packed: each } = packJobs(jobs);
  return { variants, data: new Map(each.map(({ cellId, data }) => [cellId, data])) };
}

/** Puts cells on the queue; those that are on it already, in whatever state, stay as they are. */
export async function enqueue(
  queue: Queue<JobData, unknown>,
  cellIds: Iterable<string>,
  data: ReadonlyMap<string, JobData>,
  retries: number,
): Promise<void> {
  const ids = [...cellIds];
  for (let at = 0; at < ids.length; at += portion) {
    await queue.addBulk(
      ids.slice(at, at + portion).map((id) => ({
        name: 'cell',
        data: data.get(id)!,
        opts: { ...jobOptions(retries), jobId: jobIdOf(id) },
      })),
    );
  }
}

/** Which of these cells Redis does not know. */
export async function missingFrom(redis: Redis, queue: string, cellIds: Iterable<string>): Promise<string[]> {
  const ids = [...cellIds];
  const missing: string[] = [];
  for (let at = 0; at < ids.length; at += portion) {
    const some = ids.slice(at, at + portion);
    const pipeline = redis.pipeline();
    for (const id of some) pipeline.exists(`${prefix}:${queue}:${jobIdOf(id)}`);
    const answers = await execute(pipeline);
    missing.push(...some.filter((_, i) => answers[i] === 0));
  }
  return missing;
}
