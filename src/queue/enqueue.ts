/** Cells onto the queue, in portions. */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Job } from '../experiment/plan.js';
import { inSlices } from '../runner/index.js';
import { jobOptions } from './bull.js';
import { prefix } from './connection.js';
import { execute } from './registry.js';
import { jobIdOf, jobPacker, type JobData, type SweepSpec } from './payload.js';

const portion = 1000;

/**
 * The jobs' variants, and what each job carries by its cell's id; `jobs` are taken one by one, in slices.
 * @throws the signal's reason once it aborts
 */
export async function packed(
  jobs: Iterable<Job>,
  signal?: AbortSignal,
): Promise<{
  variants: SweepSpec['variants'];
  data: ReadonlyMap<string, JobData>;
}> {
  const { variants, pack } = jobPacker();
  const data = new Map<string, JobData>();
  await inSlices(
    jobs,
    (job) => {
      const one = pack(job);
      data.set(one.cellId, one.data);
    },
    signal,
  );
  return { variants, data };
}

/**
 * Puts cells on the queue; those that are on it already, in whatever state, stay as they are.
 * @param goOn asked before each portion; where it says no, the rest stays for the next run
 */
export async function enqueue(
  queue: Queue<JobData, unknown>,
  cellIds: Iterable<string>,
  data: ReadonlyMap<string, JobData>,
  retries: number,
  goOn: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<void> {
  const ids = [...cellIds];
  for (let at = 0; at < ids.length && (await goOn()); at += portion) {
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
