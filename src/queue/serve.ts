/** A worker for any sweep on a Redis: takes cells as long as there are any, in as many processes as it is told. */
import { mkdtemp, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sentenceFor } from '../files/problem.js';
import { packageVersion } from '../runner/index.js';
import { QueueError, type RedisAddress } from './address.js';
import { connect } from './connection.js';
import { refuse, takeNext, type Desk, type ServeEvents, type ServeOptions } from './workerState.js';
import { GivenUp, steadily, unlessStopped } from './retrying.js';
import { printable } from '../experiment/printable.js';
import { explainingReplies, isFinal, sentenceOf } from './refusals.js';
import { beat, listSweeps, signOff } from './registry.js';
import { seatIn, type Folders } from './slot.js';
import { admit, closeIfDone, Unfit } from './sweepAtWorker.js';
import { takeTurn, type Turn } from './session.js';
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
  const desk: Desk = {
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
      await introduce(desk);
      await work(desk, root);
    });
    return options.signal.aborted ? 'stopped' : 'idle';
  } finally {
    await leave(desk, root);
  }
}

/** Writes this worker's entry: a Redis that takes no writes at the start is the user's mistake, later it may pass. */
async function introduce(desk: Desk): Promise<void> {
  const { signal } = desk.options;
  const write = () => beat(desk.redis, factsOf(desk));
  await steadily(write, { signal, refusals: 0 }).catch((error: unknown) => {
    if (!(error instanceof GivenUp)) throw error;
  });
}

/** Runs the slots, and what keeps the desk up to date, until all slots have ended. One that fails ends the others. */
async function work(desk: Desk, root: string): Promise<void> {
  const { concurrency, signal } = desk.options;
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  const failures: unknown[] = [];
  const watched = (task: Promise<void>) =>
    task.catch((error: unknown) => {
      failures.push(error);
      ended.abort();
    });
  const keepers = [keepList(desk, stop), keepEntry(desk, stop)].map(watched);
  const foldersOf = (slot: number) => ({
    checkpoints: join(root, `${slot}`),
    weights: join(root, 'weights'),
  });
  const slots = Array.from({ length: concurrency }, (_, slot) => runSlot(desk, foldersOf(slot), stop));
  await Promise.all(slots.map(watched));
  ended.abort();
  await Promise.all(keepers);
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

async function leave({ redis, id, sweeps }: Desk, root: string): Promise<void> {
  const within = (what: Promise<unknown>) => Promise.race([what.catch(() => undefined), sleep(2000)]);
  await within(signOff(redis, id));
  await within(Promise.all([...sweeps.values()].map(({ taker }) => taker.close(true))));
  redis.disconnect();
  await rm(root, { recursive: true, force: true });
}

/** Keeps the list of sweeps up to date. Data may have to be loaded for that, which takes its time. */
const keepList = (desk: Desk, signal: AbortSignal) => {
  const texts = new Map<string, string>();
  return keep(() => lookAround(desk, texts), desk, signal);
};

/** Keeps this worker's entry in Redis up to date. */
const keepEntry = (desk: Desk, signal: AbortSignal) =>
  keep(() => beat(desk.redis, factsOf(desk)), desk, signal);

/**
 * Does something again and again; what goes wrong is said once, and a Redis that is away says so itself.
 * @throws what Redis answers where it refuses for good
 */
async function keep(act: () => Promise<void>, { events }: Desk, signal: AbortSignal): Promise<void> {
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

const factsOf = ({ id, options, busy, sweeps, refuses }: Desk) => ({
  id,
  host: hostname(),
  pid: process.pid,
  version: packageVersion,
  slots: options.concurrency,
  busy,
  serves: [...sweeps.keys()],
  refuses: Object.fromEntries([...refuses].map(([name, { why }]) => [name, why])),
});

async function lookAround(desk: Desk, texts: Map<string, string>): Promise<void> {
  const { redis, sweeps, refuses, options, events, now } = desk;
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
      const sweep = await admit(redis, name, text, options);
      texts.set(name, text);
      refuses.delete(name);
      sweeps.set(name, sweep);
      events.onNotice(`Serving ${name}.`);
    } catch (error) {
      if (!(error instanceof Unfit)) throw error;
      texts.set(name, text);
      refuse(desk, name, error);
    }
  }
}

/** One place at the desk: takes the next cell as soon as it is free. */
async function runSlot(desk: Desk, folders: Folders, signal: AbortSignal): Promise<void> {
  const { options, events, redis } = desk;
  const seat = seatIn(folders, options.dataDir);
  const onNotice = (text: string) => events.onNotice(text);
  try {
    while (!signal.aborted) {
      const token = randomUUID();
      const taken = await unlessStopped(() => takeNext(desk, token), signal);
      if (taken) await serveCell(desk, { ...taken, redis, token, seat, folders, signal, onNotice });
      else if (isIdleForLong(desk)) return;
      else await sleep(pollEvery, undefined, { signal }).catch(() => undefined);
    }
  } catch (error) {
    if (!(error instanceof GivenUp)) throw error;
  } finally {
    await seat.stop();
  }
}

const isIdleForLong = ({ busy, lastBusy, now, options: { idleExit } }: Desk) =>
  busy === 0 && idleExit > 0 && (now() - lastBusy) / 1000 > idleExit;

/** Trains one cell, counted as under way meanwhile. A sweep that turns out unfit is left to others. */
async function serveCell(desk: Desk, turn: Turn): Promise<void> {
  const { sweep, queued } = turn;
  desk.busy++;
  sweep.active++;
  try {
    const ending = await takeTurn(turn);
    desk.events.onEnding?.(sweep.name, printable(String(queued.id)), ending);
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    refuse(desk, sweep.name, error);
  } finally {
    sweep.active--;
    closeIfDone(sweep);
    desk.busy--;
    desk.lastBusy = desk.now();
  }
}
