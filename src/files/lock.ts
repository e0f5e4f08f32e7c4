/**
 * Lock files: one process at a time for a folder, a cell or a download. A lock says who its owner is; one left behind
 * by a process that died is taken over. Works between processes of one machine and between machines that share a
 * file system, whatever their clocks say.
 */
import { open, readFile, rm, stat } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { ageOf } from './age.js';
import { ReportedError } from '../errors/reported.js';
import { birthOf, isRunning, place } from './process.js';

/** A live owner rewrites its lock this often. */
const HEARTBEAT_MS = 2_000;
/** Not rewritten for so long, the lock of a process that we cannot see is dead. */
const SILENT_MS = 60_000;
/** A lock without readable content is being written, unless it is older than this. */
const UNWRITTEN_MS = 5_000;
/** A lock that looks old is watched for so long: a clock that was set, or a machine that slept, makes live ones look old. */
const WATCH_MS = 2.5 * HEARTBEAT_MS;

/** Who holds a lock. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Where `pid` means this process, and when it started: see process.ts. */
  readonly place?: string;
  readonly birth?: string;
}

function parseOwner(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const owner = value as Owner;
    return Number.isInteger(owner.pid) && typeof owner.host === 'string' ? owner : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether a file of this content may be a lock: one, or what a crash has left of one. Anything else was written by
 * another program, and is not for us to remove.
 */
export const isLock = (text: string): boolean =>
  parseOwner(text) !== undefined || text.startsWith('{"pid":') || '{"pid":'.startsWith(text);

/** A file of a lock's name that is no lock. */
export class ForeignLock extends ReportedError {
  constructor(file: string) {
    super(`${file} is in the way: it has a lock's name, but adamw-bench did not write it.`, {
      code: 'foreign-lock',
      remedy: 'Move it elsewhere.',
    });
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/**
 * The content of the lock if its owner is gone; undefined if it lives, or there is no lock.
 * @throws ForeignLock
 */
async function contentOfDead(file: string): Promise<string | undefined> {
  const content = await readFile(file, 'utf8').catch(absent);
  if (content === undefined) return undefined;
  if (!isLock(content)) throw new ForeignLock(file);
  return (await isDead(file, parseOwner(content))) ? content : undefined;
}

async function isDead(file: string, owner: Owner | undefined): Promise<boolean> {
  try {
    if (owner && isHere(owner)) {
      return !isRunning(owner.pid) || (owner.birth !== undefined && birthOf(owner.pid) !== owner.birth);
    }
    // Set back, the clock makes a lock's age negative, and for long.
    const age = Math.abs(await ageOf(file));
    return age > (owner === undefined ? UNWRITTEN_MS : SILENT_MS) && (await isSilent(file));
  } catch (error) {
    absent(error);
    return false;
  }
}

/** Whether nobody writes the file for two heartbeats, whatever the clocks say. */
async function isSilent(file: string): Promise<boolean> {
  const before = await stat(file);
  await sleep(WATCH_MS);
  const { mtimeMs, ino } = await stat(file);
  return mtimeMs === before.mtimeMs && ino === before.ino;
}

/** @throws every error but that there is no such file */
function absent(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}

/** Whether we can see the owner's process. A lock without a place was written by hand: its host must do. */
const isHere = (owner: Owner) =>
  owner.place === undefined ? owner.host === hostname() : owner.place === place;

async function tryCreate(file: string, content: string): Promise<boolean> {
  let created = false;
  try {
    const handle = await open(file, 'wx');
    created = true;
    await handle.writeFile(content).finally(() => handle.close());
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    // A full disk may take the name and not the content.
    if (created) await rm(file, { force: true }).catch(() => undefined);
    throw error;
  }
}

/**
 * Removes a lock that was found dead with that content. Only who holds the file `.takeover` may: two processes which both found the lock dead would
 * otherwise remove, the slower one, the quicker one's new lock.
 */
async function removeDead(file: string, dead: string): Promise<void> {
  const takeover = `${file}.takeover`;
  if (!(await tryCreate(takeover, newContent()))) {
    if ((await contentOfDead(takeover)) !== undefined) await rm(takeover, { force: true });
    else await sleep(5);
    return;
  }
  try {
    // Each lock's content is its own: another's is a quicker process's new lock.
    if ((await readFile(file, 'utf8').catch(absent)) === dead) await rm(file, { force: true });
  } finally {
    await rm(takeover, { force: true });
  }
}

const newContent = () =>
  JSON.stringify({
    pid: process.pid,
    host: hostname(),
    place,
    birth: birthOf(process.pid),
    token: randomUUID(),
  });

/** A lock taken, or who has it. */
export type Claim = { readonly release: () => Promise<void> } | { readonly owner: Owner | undefined };

/**
 * Takes the lock `file` if no living process holds it; otherwise says at once who does.
 * @param onLost called once if the lock vanishes or is taken over while it is held: its folder was removed, or this
 * machine was asleep
 */
export async function claimLock(file: string, onLost: () => void = () => undefined): Promise<Claim> {
  const content = newContent();
  while (!(await tryCreate(file, content))) {
    const dead = await contentOfDead(file);
    if (dead !== undefined) await removeDead(file, dead);
    else return { owner: parseOwner(await readFile(file, 'utf8').catch(() => '')) };
  }
  const stopHeartbeat = heartbeat(file, content, onLost);
  return {
    release: async () => {
      await stopHeartbeat();
      const now = await readFile(file, 'utf8').catch(() => undefined);
      if (now === content) await rm(file, { force: true });
    },
  };
}

/** Rewrites a lock now and then, so that its age says that its owner lives. */
function heartbeat(file: string, content: string, onLost: () => void): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    last = rewrite(file, content).then((ours) => {
      if (ours) return;
      clearInterval(timer);
      onLost();
    });
  }, HEARTBEAT_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    return last;
  };
}

/** Writes the same content over itself; false where the file is gone or somebody else's. */
async function rewrite(file: string, content: string): Promise<boolean> {
  try {
    const handle = await open(file, 'r+');
    try {
      if ((await handle.readFile('utf8')) !== content) return false;
      await handle.write(content, 0);
      return true;
    } finally {
      await handle.close();
    }
  } catch (error) {
    // Anything else (a network file system that hangs, a full disk) may pass.
    return codeOf(error) !== 'ENOENT';
  }
}

/**
 * Takes the lock `file`, waiting as long as a living process holds it.
 * @returns a function that releases it
 */
export async function acquireLock(file: string, pollMs = 200): Promise<() => Promise<void>> {
  for (;;) {
    const claim = await claimLock(file);
    if ('release' in claim) return claim.release;
    await sleep(pollMs);
  }
}

/** Does something short while holding the lock `file`. */
export async function holdingLock<T>(file: string, act: () => Promise<T>): Promise<T> {
  const release = await acquireLock(file, 10);
  try {
    return await act();
  } finally {
    await release();
  }
}

/** Removes a lock whose owner is gone. */
export async function removeDeadLock(file: string): Promise<void> {
  const dead = await contentOfDead(file);
  if (dead !== undefined) await removeDead(file, dead);
}
