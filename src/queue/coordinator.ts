/**
 * The coordinator's side of a sweep on many machines: puts cells on the queue, takes results off it into the
 * journal, and only then off Redis, so that it may die at any moment.
 */
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Experiment } from '../config/index.js';
import { makeFolder } from '../files/folder.js';
import { plan, type Job } from '../experiment/plan.js';
import {
  layout,
  packageVersion,
  type ExecutionEvents,
  type Executor,
  type PoolOptions,
} from '../runner/index.js';
import { explainingAccess } from '../runner/directory.js';
import { NUMERICS } from '../experiment/cell.js';
import type { RedisAddress } from './address.js';
import { openEvents, openQueue } from './bull.js';
import { caretaker, tick } from './upkeep.js';
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
  readonly experiment: Experiment;
  /** Results folder, which this process holds locked. */
  readonly dir: string;
  /** A worker silent for so long loses its cell, seconds. */
  readonly stall: number;
  /** Largest checkpoint or weights that travel through Redis, bytes. */
  readonly shareBytes: number;
  /** Take the waiting cells off the queue once one fails. */
  readonly failFast: boolean;
}

/** An executor whose workers are wherever someone starts `adamw-bench worker`. */
export const queueExecutor =
  (settings: QueueSettings): Executor =>
  async (jobs, options, events, signal) => {
    const { address, experiment, dir } = settings;
    // Of all cells, not of those missing now: a job that an earlier coordinator has queued must mean the same today.
    const all = await packed(plan(experiment, options.setup.backend).jobs(), signal);
    const redis = await connect(address, events.onNotice);
    try {
      const { fingerprint, setup } = options;
      const name = queueNameOf(experiment, [packageVersion, NUMERICS, fingerprint, setup.backend]);
      const own = claimFrom(resolve(dir));
      const about = { redis, name, own, jobs, packed: all, options, events, signal, settings };
      await explainingReplies(() => followClaimed(about));
    } finally {
      redis.disconnect();
    }
  };

async function followClaimed(about: Following): Promise<void> {
  const { redis, name, own, signal } = about;
  await claim(redis, name, own, signal);
  try {
    await follow(about);
  } finally {
    await Promise.race([
      releaseClaim(redis, name, own).catch(() => undefined),
      sleep(2000, undefined, { ref: false }),
    ]);
  }
}

interface Following {
  readonly redis: Redis;
  readonly name: string;
  readonly own: Coordinator;
  readonly jobs: readonly Job[];
  readonly packed: Awaited<ReturnType<typeof packed>>;
  readonly options: PoolOptions;
  readonly events: ExecutionEvents;
  readonly signal: AbortSignal;
  readonly settings: QueueSettings;
}

/** From the cells to their records, or until someone stops it. */
async function follow(about: Following): Promise<void> {
  const { redis, name, own, jobs, options, events, settings, signal } = about;
  const { variants, data } = about.packed;
  const queue = openQueue(redis, name, { own: true });
  const stream = openEvents(redis, name);
  const outstanding = new Map(jobs.map((job) => [job.cell.id, job]));
  const wake = alarm(signal);
  const watch = watchCells(stream.events, outstanding, events, wake.ring);
  const spec = describe(about, variants);
  const weightsFolder = spec.keepWeights ? await makeWeightsFolder(settings.dir) : undefined;
  const ward = { ...about, queue, outstanding, data, spec, retries: options.retries };
  const collecting = collector({ ...ward, before: options.before, weightsFolder, slotOf: watch.leave });
  try {
    await collecting.collect();
    if (outstanding.size > 0) {
      await registerSweep(redis, name, spec);
      // A large sweep takes longer to queue than a claim lasts. Whoever has lost it hears so from the caretaker.
      const goOn = async () => !signal.aborted && (await claimSweep(redis, name, own)) === true;
      await enqueue(queue, outstanding.keys(), data, options.retries, goOn);
      events.onNotice?.(`${outstanding.size} cells wait on queue ${name} at ${settings.address.shown}.`);
    }
    const patiently = patience(signal, events.onNotice);
    const look = caretaker(ward);
    while (outstanding.size > 0 && !signal.aborted) {
      if ((await patiently(look)) === 'drained') {
        await collecting.collect();
        if ((await queue.getActiveCount()) === 0) break;
      }
      await wake.wait(tick);
      await patiently(collecting.collect);
      if (settings.failFast && collecting.failures() > 0) {
        await markDrained(redis, name);
        await queue.drain(true);
      }
    }
    if (outstanding.size === 0) {
      stream.close();
      await retire(about, queue);
    } else if (signal.aborted) events.onNotice?.(left(name));
  } finally {
    stream.close();
    await Promise.race([queue.close().catch(() => undefined), sleep(2000, undefined, { ref: false })]);
  }
}

async function makeWeightsFolder(dir: string): Promise<string> {
  const { weights } = layout(dir);
  await explainingAccess(dir, () => makeFolder(weights));
  return weights;
}

const left = (name: string) =>
  `Workers go on with queue ${name}; their results wait in Redis for the next run of this command. To stop them: adamw-bench queue drain.`;

const describe = ({ options, settings }: Following, variants: SweepSpec['variants']): SweepSpec => ({
  format: 1,
  name: settings.experiment.name,
  version: packageVersion,
  numerics: NUMERICS,
  fingerprint: options.fingerprint,
  dataset: options.setup.dataset,
  backend: options.setup.backend,
  threads: options.setup.threads,
  variants,
  policy: options.setup.policy,
  limits: options.limits,
  stall: Math.round(settings.stall * 1000),
  shareBytes: settings.shareBytes,
  keepWeights: options.setup.weights !== undefined,
});

/**
 * Everything of the sweep but its results, which are on disk now, leaves Redis. A Redis that cannot do that now (BullMQ
 * pauses the queue first, for which a full one has no room) does not make the results worse.
 */
async function retire(
  { redis, name, events }: Following,
  queue: ReturnType<typeof openQueue>,
): Promise<void> {
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
 * How something is done with Redis: connection losses are waited out (the connection itself tells the user), and so
 * are refusals that pass, each of which is told once; but not for long once the sweep is to stop.
 */
function patience(signal: AbortSignal, onNotice: ExecutionEvents['onNotice']) {
  const givenUp = giveUp(signal);
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
    return await Promise.race([doing, givenUp]);
  };
}

/** Resolves a while after the signal: long enough for a result that is being written, not for a Redis that is away. */
async function giveUp(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
  await sleep(3000, undefined, { ref: false });
  return undefined;
}
