/** What the coordinator does regularly: renews its claim, queues cells again that Redis has lost, looks for workers. */
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Job } from '../experiment/plan.js';
import type { ExecutionEvents } from '../runner/index.js';
import { QueueError } from './address.js';
import { enqueue, missingFrom } from './enqueue.js';
import type { JobData, SweepSpec } from './payload.js';
import {
  claimSweep,
  isDrained,
  isRegistered,
  listWorkers,
  registerSweep,
  type Coordinator,
} from './registry.js';

/** How often the coordinator checks the sweep if no event wakes it, milliseconds. */
export const tick = 2000;
/** Without a worker for so long, the user hears of it, milliseconds. */
const unservedNotice = 10_000;

interface UpkeepContext {
  readonly redis: Redis;
  readonly name: string;
  readonly own: Coordinator;
  readonly spec: SweepSpec;
  readonly queue: Queue<JobData, unknown>;
  /** Cells without a record yet. */
  readonly outstanding: ReadonlyMap<string, Job>;
  readonly data: ReadonlyMap<string, JobData>;
  readonly retries: number;
  readonly events: ExecutionEvents;
}

/**
 * A check of the sweep, at most once a tick; it answers 'drained' once a person has taken the waiting cells off.
 * @param now a clock that nobody sets, milliseconds
 * @throws QueueError where another coordinator has taken over
 */
export function upkeep(
  context: UpkeepContext,
  now: () => number = () => performance.now(),
): () => Promise<'drained' | 'fine'> {
  const { redis, name, own, spec } = context;
  const checkWorkers = workerCheck(context, now);
  let checkedAt = -Infinity;
  return async () => {
    if (now() - checkedAt < tick - 100) return 'fine';
    checkedAt = now();
    const holder = await claimSweep(redis, name, own);
    if (holder !== true)
      throw new QueueError(`This sweep was taken over by a run on ${holder.host}, folder ${holder.dir}.`, {
        code: 'sweep-taken',
      });
    if (await isDrained(redis, name)) return 'drained';
    if (!(await isRegistered(redis, name))) await registerSweep(redis, name, spec);
    await replaceLost(context);
    await checkWorkers();
    return 'fine';
  };
}

/** Queues the cells again that Redis no longer has. */
async function replaceLost({
  redis,
  name,
  queue,
  outstanding,
  data,
  retries,
  events,
}: UpkeepContext): Promise<void> {
  const counts = await queue.getJobCounts();
  const there = Object.values(counts).reduce((sum, n) => sum + n, 0);
  if (there >= outstanding.size) return;
  const lost = await missingFrom(redis, name, outstanding.keys());
  if (lost.length === 0) return;
  await enqueue(queue, lost, data, retries);
  events.onNotice?.(`Redis had lost ${lost.length} cells; they are on the queue again.`);
}

/** Tells the user, once, that no worker has served the sweep for a while, and why. */
function workerCheck({ redis, name, events }: UpkeepContext, now: () => number): () => Promise<void> {
  let servedAt = now();
  let told = '';
  return async () => {
    const workers = await listWorkers(redis);
    if (workers.some(({ serves }) => serves.includes(name))) servedAt = now();
    if (now() - servedAt < unservedNotice) return;
    const reasons = new Set(
      workers.flatMap(({ host, refuses }) => (refuses[name] ? [`${host}: ${refuses[name]}`] : [])),
    );
    const text =
      reasons.size > 0
        ? `No worker can serve this sweep. ${[...reasons].slice(0, 3).join('; ')}.`
        : 'No worker serves this sweep yet. Start some with: adamw-bench worker, and the address of Redis.';
    if (text !== told) events.onNotice?.((told = text));
  };
}
