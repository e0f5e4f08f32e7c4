/**
 * Lock files: one process at a time for a folder or a download. A lock holds its owner's pid and host; one left
 * behind by a process that died is taken over.
 */
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** A live owner touches its lock this often. */
const BEAT_MS = 2_000;
/** Untouched for so long, the lock of another host (whose pids we cannot see) is dead. */
const SILENT_MS = 60_000;
/** A lock without readable content is being written, unless it is older than this. */
const NEWBORN_MS = 5_000;

/** Who holds a lock. */
export interface Owner {
  readonly pid: number;
  readonly host: string;
}

function parseOwner(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, host } = value as Partial<Owner>;
    return Number.isInteger(pid) && typeof host === 'string' ? { pid: pid!, host } : undefined;
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, under another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether the lock's owner is gone; false if it lives, or there is no lock. */
async function isDead(file: string): Promise<boolean> {
  try {
    const owner = parseOwner(await readFile(file, 'utf8'));
    const age = Date.now() - (await stat(file)).mtimeMs;
    if (owner === undefined) return age > NEWBORN_MS;
    return owner.host === hostname() ? !isRunning(owner.pid) : age > SILENT_MS;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function tryCreate(file: string, content: string): Promise<boolean> {
  try {
    await writeFile(file, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Removes a dead lock. Only who holds the file `.takeover` may: two processes which both found the lock dead would
 * otherwise remove, the slower one, the quicker one's new lock.
 */
async function bury(file: string, content: string): Promise<void> {
  const takeover = `${file}.takeover`;
  if (!(await tryCreate(takeover, content))) {
    if (await isDead(takeover)) await rm(takeover, { force: true });
    return;
  }
  try {
    if (await isDead(file)) await rm(file, { force: true });
  } finally {
    await rm(takeover, { force: true });
  }
}

/** A lock taken, or who has it. */
export type Claim = { readonly release: () => Promise<void> } | { readonly owner: Owner | undefined };

/** Takes the lock `file` if no living process holds it; otherwise says at once who does. */
export async function claimLock(file: string): Promise<Claim> {
  const content = JSON.stringify({ pid: process.pid, host: hostname(), token: randomUUID() });
  while (!(await tryCreate(file, content))) {
    if (await isDead(file)) await bury(file, content);
    else return { owner: parseOwner(await readFile(file, 'utf8').catch(() => '')) };
  }
  const beat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined);
  }, BEAT_MS);
  beat.unref();
  return {
    release: async () => {
      clearInterval(beat);
      await rm(file, { force: true });
    },
  };
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
