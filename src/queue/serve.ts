/** A worker for any sweep on a Redis: takes cells as long as there are any, in as many processes as it is told. */
import { mkdtemp, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { packageVersion } from '../sweep/index.js';
import { QueueError, type RedisAddress } from './address.js';
import type { QueuedJob } from './bull.js';
import { connect, isConnectionError, mayPass } from './connection.js';
import { GivenUp, unlessStopped } from './patience.js';
import { deniedIn, explainingDenials } from './permissions.js';
import { plain } from './plain.js';
import { beat, listSweeps, signOff } from './registry.js';
import { seatIn, type Folders } from './seat.js';
import { admit, closeIfDone, Unfit, type Admission, type ServedSweep } from './sweepAtWorker.js';
import { takeTurn, type Ending, type Turn } from './turn.js';
import { dropUnreadable, isUnreadable } from './unreadable.js';

export interface ServeOptions extends Admission {
  /** Cells trained at the same time, each in a process. */
  readonly concurrency: number;
  /** Leave after so long without a cell, seconds; 0: never. */
  readonly idleExit: number;
  /** Aborts: cells are handed back with their checkpoints. */
  readonly signal: AbortSignal;
}

export interface ServeEvents {
  onNotice(text: string): void;
  onEnding?(sweep: string, cellId: string, ending: Ending): void;
}

/** How often to look for new sweeps, and for cells where there were none, milliseconds. */
const lookEvery = 1000;
const pollEvery = 500;

/** After so long a sweep whose data was missing is looked at again, milliseconds. */
const refusalLasts = 60_000;

/** Why a sweep is left to others, and when to look again, if ever. */
interface Refusal {
  readonly why: string;
  readonly again?: number;
}

interface Desk {
  readonly redis: Redis;
  readonly id: string;
  readonly sweeps: Map<string, ServedSweep>;
  readonly refuses: Map<string, Refusal>;
  readonly options: ServeOptions;
  readonly events: ServeEvents;
  busy: number;
  lastBusy: number;
}

/**
 * Serves until told to stop or idle for too long.
 * @throws QueueError where Redis or the folder for temporary files cannot be used at the start, or where our user of
 *   Redis turns out to lack a permission
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
  const desk: Desk = {
    redis,
    id: randomUUID(),
    sweeps: new Map(),
    refuses: new Map(),
    options,
    events,
    busy: 0,
    lastBusy: Date.now(),
  };
  try {
    await explainingDenials(() => work(desk, root));
    return options.signal.aborted ? 'stopped' : 'idle';
  } finally {
    await leave(desk, root);
  }
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
  const slots = Array.from({ length: concurrency }, (_, slot) => runSlot(desk, slot, foldersOf(slot), stop));
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
    throw new QueueError(
      `No folder for checkpoints could be made in ${tmpdir()}: ${(error as Error).message}. Make room there, or name another folder in TMPDIR.`,
    );
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
 * @throws what Redis answers where our user may not do it
 */
async function keep(act: () => Promise<void>, { events }: Desk, signal: AbortSignal): Promise<void> {
  let told = '';
  while (!signal.aborted) {
    try {
      await unlessStopped(act, signal);
      told = '';
    } catch (error) {
      if (deniedIn(error) !== undefined) throw error;
      const { message } = error as Error;
      if (!isConnectionError(error) && !signal.aborted && message !== told) events.onNotice((told = message));
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
  const { redis, sweeps, refuses, options, events } = desk;
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
    if (texts.has(name) && (due === undefined || Date.now() < due)) continue;
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

/** Leaves a sweep alone, for a while or for good, and says so once. */
function refuse({ sweeps, refuses, events }: Desk, name: string, { message, passing }: Unfit): void {
  const served = sweeps.get(name);
  sweeps.delete(name);
  if (served) {
    served.retired = true;
    closeIfDone(served);
  }
  const before = refuses.get(name);
  refuses.set(name, { why: message, ...(passing ? { again: Date.now() + refusalLasts } : {}) });
  if (before?.why === message) return;
  events.onNotice(`Sweep ${name} is left to other workers: ${message.replace(/\.$/, '')}.`);
}

/** One place at the desk: takes the next cell as soon as it is free. */
async function runSlot(desk: Desk, slot: number, folders: Folders, signal: AbortSignal): Promise<void> {
  const { options, events, redis } = desk;
  const seat = seatIn(folders, options.dataDir, slot);
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

const isIdleForLong = ({ busy, lastBusy, options: { idleExit } }: Desk) =>
  busy === 0 && idleExit > 0 && (Date.now() - lastBusy) / 1000 > idleExit;

/** Trains one cell, counted as under way meanwhile. A sweep that turns out unfit is left to others. */
async function serveCell(desk: Desk, turn: Turn): Promise<void> {
  const { sweep, queued } = turn;
  desk.busy++;
  sweep.active++;
  try {
    const ending = await takeTurn(turn);
    desk.events.onEnding?.(sweep.name, plain(String(queued.id)), ending);
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    refuse(desk, sweep.name, error);
  } finally {
    sweep.active--;
    closeIfDone(sweep);
    desk.busy--;
    desk.lastBusy = Date.now();
  }
}

/** The next cell of any sweep, the least recently served first. */
async function takeNext(
  { redis, sweeps, events }: Desk,
  token: string,
): Promise<{ sweep: ServedSweep; queued: QueuedJob } | undefined> {
  for (const sweep of [...sweeps.values()]) {
    try {
      const queued = (await sweep.taker.getNextJob(token, { block: false })) as QueuedJob | undefined;
      if (!queued) continue;
      if (sweeps.get(sweep.name) === sweep) {
        sweeps.delete(sweep.name);
        sweeps.set(sweep.name, sweep);
      }
      return { sweep, queued };
    } catch (error) {
      if (deniedIn(error) !== undefined) throw error;
      const dropped = isUnreadable(error)
        ? await dropUnreadable(redis, sweep.name, token).catch(() => undefined)
        : undefined;
      if (dropped !== undefined) {
        events.onNotice(`Job ${plain(dropped)} of ${sweep.name} cannot be read and was taken off the queue.`);
        continue;
      }
      // A sweep that ended this moment, or a broken connection: the next round sees more clearly.
      if (!mayPass(error) && sweeps.get(sweep.name) === sweep) {
        events.onNotice(`No cell could be taken from ${sweep.name}: ${(error as Error).message}`);
      }
    }
  }
  return undefined;
}
