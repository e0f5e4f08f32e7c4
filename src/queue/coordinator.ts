/**
 * The coordinator's side of a sweep on many machines: puts cells on the queue, takes results off it into the
 * journal, and only then off Redis, so that it may die at any moment.
 */
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { makeFolder } from '../files/folder.js';
import type { Job } from '../experiment/plan.js';
import {
  hasFailedFast,
  layout,
  packageVersion,
  type ExecutionContext,
  type ExecutionEvents,
  type Executor,
} from '../runner/index.js';
import { explainingAccess } from '../runner/directory.js';
import { NUMERICS } from '../experiment/cell.js';
import type { RedisAddress } from './address.js';
import { openEvents, openQueue } from './bull.js';
import { tick, upkeep } from './upkeep.js';
import { watchCells } from './cellWatch.js';
import { claim } from './claim.js';
import { collector } from './collect.js';
import { connect, mayPass } from './connection.js';
import { enqueue, packed } from './enqueue.js';
import { queueNameOf, type SweepSpec } from './payload.js';
import { explainingReplies, sentenceOf } from './refusals.js';
import {
  claimFrom,
  claimSweep,
  markDrained,
  registerSweep,
  releaseClaim,
  unregisterSweep,
  type Coordinator,
} from './registry.js';
import { isUnanswered } from './unanswered.js';

export interface QueueSettings {
  readonly address: RedisAddress;
  /** Results folder, which this process holds locked. */
  readonly dir: string;
  /** A worker silent for so long loses its cell, seconds. */
  readonly stall: number;
  /** Largest checkpoint or weights that travel through Redis, bytes. */
  readonly shareBytes: number;
}

/** An executor whose workers are wherever someone starts `adamw-bench worker`. */
export const queueExecutor =
  (settings: QueueSettings): Executor =>
  async (jobs, context, events, signal) => {
    const { fingerprint, plan } = context;
    // Of all cells, not of those missing now: a job that an earlier coordinator has queued must mean the same today.
    const all = await packed(plan.jobs(), signal);
    const redis = await connect(settings.address, events.onNotice);
    try {
      const name = queueNameOf(plan.experiment, [packageVersion, NUMERICS, fingerprint, plan.backend]);
      const own = claimFrom(resolve(settings.dir));
      const sweep = { redis, name, own, jobs, packed: all, context, events, signal, settings };
      await explainingReplies(() => followClaimed(sweep));
    } finally {
      redis.disconnect();
    }
  };

/** A sweep as its coordinator follows it. */
interface FollowedSweep {
  readonly redis: Redis;
  readonly name: string;
  readonly own: Coordinator;
  readonly jobs: readonly Job[];
  readonly packed: Awaited<ReturnType<typeof packed>>;
  readonly context: ExecutionContext;
  readonly events: ExecutionEvents;
  readonly signal: AbortSignal;
  readonly settings: QueueSettings;
}

type SweepQueue = ReturnType<typeof openQueue>;

async function followClaimed(sweep: FollowedSweep): Promise<void> {
  const { redis, name, own, signal } = sweep;
  await claim(redis, name, own, signal);
  try {
    await followQueue(sweep);
  } finally {
    await Promise.race([
      releaseClaim(redis, name, own).catch(() => undefined),
      sleep(2000, undefined, { ref: false }),
    ]);
  }
}

async function followQueue(sweep: FollowedSweep): Promise<void> {
  const queue = openQueue(sweep.redis, sweep.name, { own: true });
  const stream = openEvents(sweep.redis, sweep.name);
  try {
    const outstanding = await follow(sweep, queue, stream.events);
    stream.close();
    if (outstanding.size === 0) await removeSweep(sweep, queue);
    else if (sweep.signal.aborted) await leaveSweep(sweep, queue);
  } finally {
    stream.close();
    await Promise.race([queue.close().catch(() => undefined), sleep(2000, undefined, { ref: false })]);
  }
}

/** From the cells to their records, or until someone stops it. @returns cells without a record */
async function follow(
  sweep: FollowedSweep,
  queue: SweepQueue,
  stream: ReturnType<typeof openEvents>['events'],
): Promise<ReadonlyMap<string, Job>> {
  const { context, events, signal } = sweep;
  const { data } = sweep.packed;
  const outstanding = new Map(sweep.jobs.map((job) => [job.cell.id, job]));
  const wake = alarm(signal);
  const watch = watchCells(stream, outstanding, events, wake.ring);
  const spec = specOf(sweep);
  const weightsFolder = spec.keepWeights ? await makeWeightsFolder(sweep.settings.dir) : undefined;
  const followed = { ...sweep, queue, outstanding, data, spec, retries: context.retries };
  const collect = collector({ ...followed, before: context.before, weightsFolder, slotOf: watch.free });
  await collect();
  if (outstanding.size > 0) await queueCells(sweep, queue, outstanding, spec);
  const attempt = tolerating(signal, events.onNotice);
  const keepUp = upkeep(followed);
  while (outstanding.size > 0 && !signal.aborted) {
    if ((await attempt(keepUp)) === 'drained') {
      await collect();
      if ((await queue.getActiveCount()) === 0) break;
    }
    await wake.wait(tick);
    await attempt(collect);
  }
  return outstanding;
}

async function queueCells(
  { redis, name, own, context, packed, events, settings, signal }: FollowedSweep,
  queue: SweepQueue,
  outstanding: ReadonlyMap<string, Job>,
  spec: SweepSpec,
): Promise<void> {
  await registerSweep(redis, name, spec);
  // A large sweep takes longer to queue than a claim lasts. Whoever has lost it hears so from the next upkeep.
  const goOn = async () => !signal.aborted && (await claimSweep(redis, name, own)) === true;
  await enqueue(queue, outstanding.keys(), packed.data, context.retries, goOn);
  events.onNotice?.(`${outstanding.size} cells wait on queue ${name} at ${settings.address.shown}.`);
}

async function makeWeightsFolder(dir: string): Promise<string> {
  const { weights } = layout(dir);
  await explainingAccess(dir, () => makeFolder(weights));
  return weights;
}

const specOf = ({ context, packed, settings }: FollowedSweep): SweepSpec => ({
  format: 1,
  name: context.plan.experiment.name,
  version: packageVersion,
  numerics: NUMERICS,
  fingerprint: context.fingerprint,
  dataset: context.setup.dataset,
  backend: context.setup.backend,
  threads: context.setup.threads,
  variants: packed.variants,
  policy: context.setup.policy,
  limits: context.limits,
  stall: Math.round(settings.stall * 1000),
  shareBytes: settings.shareBytes,
  keepWeights: context.setup.weights !== undefined,
});

/**
 * Ends before every cell has a record. Workers go on with what is queued, for the next run of the command; but where a
 * failure has ended the sweep, the cells that wait are taken off.
 */
async function leaveSweep({ redis, name, events, signal }: FollowedSweep, queue: SweepQueue): Promise<void> {
  if (!hasFailedFast(signal)) {
    events.onNotice?.(
      `Workers go on with queue ${name}; their results wait in Redis for the next run of this command. To stop them: adamw-bench queue drain.`,
    );
    return;
  }
  await tolerating(
    signal,
    events.onNotice,
  )(async () => {
    await markDrained(redis, name);
    await queue.drain(true);
  });
  events.onNotice?.(
    `The cells that waited on queue ${name} are taken off. Those in training go on; their results wait in Redis for the next run of this command.`,
  );
}

/**
 * Everything of the sweep but its results, which are on disk now, leaves Redis. A Redis that cannot do that now (BullMQ
 * pauses the queue first, for which a full one has no room) does not make the results worse.
 */
async function removeSweep({ redis, name, events }: FollowedSweep, queue: SweepQueue): Promise<void> {
  try {
    await unregisterSweep(redis, name);
    await queue.obliterate({ force: true });
  } catch (error) {
    if (!mayPass(error)) throw error;
    events.onNotice?.(`All results are on disk, but queue ${name} stays in Redis. ${sentenceOf(error)}`);
  }
}

/** Sleeps that events and the signal cut short. */
function alarm(signal: AbortSignal) {
  let ring: () => void = () => undefined;
  signal.addEventListener('abort', () => ring(), { once: true });
  let rung = false;
  return {
    ring: () => {
      rung = true;
      ring();
    },
    async wait(milliseconds: number): Promise<void> {
      if (!rung && !signal.aborted) {
        await new Promise<void>((done) => {
          const timer = setTimeout(done, milliseconds);
          ring = () => {
            clearTimeout(timer);
            done();
          };
        });
      }
      rung = false;
    },
  };
}

/**
 * Does something with Redis that is done again later: a lost connection is no error then (the connection itself tells
 * the user), nor is a refusal that passes, which is told once. Once the sweep is to stop, it is not waited for long.
 */
function tolerating(signal: AbortSignal, onNotice: ExecutionEvents['onNotice']) {
  const stopped = whileAfter(signal);
  let told = '';
  const tell = (text: string) => {
    if (text !== told) onNotice?.((told = text));
  };
  return async <T>(act: () => Promise<T>): Promise<T | undefined> => {
    const doing = act().catch((error: unknown) => {
      if (!mayPass(error)) throw error;
      if (!isUnanswered(error)) tell(sentenceOf(error));
      return undefined;
    });
    return await Promise.race([doing, stopped]);
  };
}

/** Resolves a while after the signal: long enough for a result that is being written, not for a Redis that is away. */
async function whileAfter(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
  await sleep(3000, undefined, { ref: false });
  return undefined;
}
