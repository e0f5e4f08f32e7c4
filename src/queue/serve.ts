/** A worker for any sweep on a Redis: takes cells as long as there are any, in as many processes as it is told. */
import { mkdtemp, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sentenceFor } from '../files/problem.js';
import { packageVersion } from '../runner/index.js';
import { workerSlot } from '../runner/slot.js';
import { QueueError, type RedisAddress } from './address.js';
import { connect } from './connection.js';
import {
  leaveToOthers,
  takeNextJob,
  type WorkerState,
  type ServeEvents,
  type ServeOptions,
} from './workerState.js';
import { WaitAborted, withRetries, unlessStopped } from './redisRetry.js';
import { printable } from '../experiment/printable.js';
import { explainingReplies, isFinal, sentenceOf } from './refusals.js';
import { listSweeps, sendHeartbeat, signOff } from './registry.js';
import { CannotServe, closeIfDone, openSweep } from './servedSweep.js';
import { trainTakenJob } from './session.js';
import type { Folders, TakenJob } from './takenJob.js';
import { isUnanswered } from './unanswered.js';

/** How often to look for new sweeps, and for cells where there were none, milliseconds. */
const lookEvery = 1000;
const pollEvery = 500;

/**
 * Serves until told to stop or idle for too long.
 * @throws QueueError where Redis or the folder for temporary files cannot be used at the start, or where Redis turns
 *   out later to refuse for good
 */
export async function serve(
  address: RedisAddress,
  options: ServeOptions,
  events: ServeEvents,
): Promise<'idle' | 'stopped'> {
  const redis = await connect(address, (text) => events.onNotice(text));
  const root = await makeRoot().catch((error: unknown) => {
    redis.disconnect();
    throw error;
  });
  const now = options.now ?? (() => performance.now());
  const state: WorkerState = {
    redis,
    id: randomUUID(),
    sweeps: new Map(),
    refuses: new Map(),
    options,
    events,
    now,
    busy: 0,
    lastBusy: now(),
  };
  try {
    await explainingReplies(async () => {
      await register(state);
      await runSlots(state, root);
    });
    return options.signal.aborted ? 'stopped' : 'idle';
  } finally {
    await close(state, root);
  }
}

/** Writes this worker's entry: a Redis that takes no writes at the start is the user's mistake, later it may pass. */
async function register(state: WorkerState): Promise<void> {
  const { signal } = state.options;
  const write = () => sendHeartbeat(state.redis, factsOf(state));
  await withRetries(write, { signal, refusals: 0 }).catch((error: unknown) => {
    if (!(error instanceof WaitAborted)) throw error;
  });
}

/** Runs the slots, and what keeps the worker's state up to date, until all slots have ended. One that fails ends the others. */
async function runSlots(state: WorkerState, root: string): Promise<void> {
  const { concurrency, signal } = state.options;
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  const failures: unknown[] = [];
  const watched = (task: Promise<void>) =>
    task.catch((error: unknown) => {
      failures.push(error);
      ended.abort();
    });
  const upkeep = [updateSweeps(state, stop), updateEntry(state, stop)].map(watched);
  const foldersOf = (slot: number) => ({
    checkpoints: join(root, `${slot}`),
    weights: join(root, 'weights'),
  });
  const slots = Array.from({ length: concurrency }, (_, slot) => runSlot(state, slot, foldersOf(slot), stop));
  await Promise.all(slots.map(watched));
  ended.abort();
  await Promise.all(upkeep);
  if (failures.length > 0) throw failures[0];
}

/** A folder for checkpoints on their way. @throws QueueError */
async function makeRoot(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'adamw-bench-worker-'));
  } catch (error) {
    const why = sentenceFor(tmpdir(), error);
    if (why === undefined) throw error;
    throw new QueueError(`No folder for checkpoints could be made. ${why}`, {
      cause: error,
      remedy: 'Make room there, or name another folder in TMPDIR.',
    });
  }
}

async function close({ redis, id, sweeps }: WorkerState, root: string): Promise<void> {
  const within = (what: Promise<unknown>) => Promise.race([what.catch(() => undefined), sleep(2000)]);
  await within(signOff(redis, id));
  await within(Promise.all([...sweeps.values()].map(({ consumer }) => consumer.close(true))));
  redis.disconnect();
  await rm(root, { recursive: true, force: true });
}

/** Keeps the list of sweeps up to date. Data may have to be loaded for that, which takes its time. */
const updateSweeps = (state: WorkerState, signal: AbortSignal) => {
  const texts = new Map<string, string>();
  return repeat(() => refreshSweeps(state, texts), state, signal);
};

/** Keeps this worker's entry in Redis up to date. */
const updateEntry = (state: WorkerState, signal: AbortSignal) =>
  repeat(() => sendHeartbeat(state.redis, factsOf(state)), state, signal);

/**
 * Does something again and again; what goes wrong is said once, and a Redis that is away says so itself.
 * @throws what Redis answers where it refuses for good
 */
async function repeat(act: () => Promise<void>, { events }: WorkerState, signal: AbortSignal): Promise<void> {
  let told = '';
  while (!signal.aborted) {
    try {
      await unlessStopped(act, signal);
      told = '';
    } catch (error) {
      if (isFinal(error)) throw error;
      const text = sentenceOf(error);
      if (!isUnanswered(error) && !signal.aborted && text !== told) events.onNotice((told = text));
    }
    await sleep(lookEvery, undefined, { signal }).catch(() => undefined);
  }
}

const factsOf = ({ id, options, busy, sweeps, refuses }: WorkerState) => ({
  id,
  host: hostname(),
  pid: process.pid,
  version: packageVersion,
  slots: options.concurrency,
  busy,
  serves: [...sweeps.keys()],
  refuses: Object.fromEntries([...refuses].map(([name, { why }]) => [name, why])),
});

async function refreshSweeps(state: WorkerState, texts: Map<string, string>): Promise<void> {
  const { redis, sweeps, refuses, options, events, now } = state;
  const listed = await listSweeps(redis);
  for (const name of [...texts.keys()]) {
    if (listed[name] === texts.get(name)) continue;
    texts.delete(name);
    refuses.delete(name);
    const old = sweeps.get(name);
    sweeps.delete(name);
    if (!old) continue;
    old.retired = true;
    closeIfDone(old);
  }
  for (const [name, text] of Object.entries(listed)) {
    const due = refuses.get(name)?.again;
    if (texts.has(name) && (due === undefined || now() < due)) continue;
    try {
      const sweep = await openSweep(redis, name, text, options);
      texts.set(name, text);
      refuses.delete(name);
      sweeps.set(name, sweep);
      events.onNotice(`Serving ${name}.`);
    } catch (error) {
      if (!(error instanceof CannotServe)) throw error;
      texts.set(name, text);
      leaveToOthers(state, name, error);
    }
  }
}

/** One of the worker's slots: takes the next cell as soon as it is free. */
async function runSlot(
  state: WorkerState,
  number: number,
  folders: Folders,
  signal: AbortSignal,
): Promise<void> {
  const { options, events, redis } = state;
  const slot = workerSlot(signal, number);
  const onNotice = (text: string) => events.onNotice(text);
  try {
    while (!signal.aborted) {
      const token = randomUUID();
      const taken = await unlessStopped(() => takeNextJob(state, token), signal);
      if (taken)
        await serveCell(state, {
          ...taken,
          redis,
          token,
          slot,
          folders,
          dataDir: options.dataDir,
          signal,
          onNotice,
        });
      else if (isIdleForLong(state)) return;
      else await sleep(pollEvery, undefined, { signal }).catch(() => undefined);
    }
  } catch (error) {
    if (!(error instanceof WaitAborted)) throw error;
  } finally {
    await slot.stop();
  }
}

const isIdleForLong = ({ busy, lastBusy, now, options: { idleExit } }: WorkerState) =>
  busy === 0 && idleExit > 0 && (now() - lastBusy) / 1000 > idleExit;

/** Trains one cell, counted as under way meanwhile. A sweep that cannot be served here is left to others. */
async function serveCell(state: WorkerState, taken: TakenJob): Promise<void> {
  const { sweep, queued } = taken;
  state.busy++;
  sweep.active++;
  try {
    const outcome = await trainTakenJob(taken);
    state.events.onOutcome?.(sweep.name, printable(String(queued.id)), outcome);
  } catch (error) {
    if (!(error instanceof CannotServe)) throw error;
    leaveToOthers(state, sweep.name, error);
  } finally {
    sweep.active--;
    closeIfDone(sweep);
    state.busy--;
    state.lastBusy = state.now();
  }
}
