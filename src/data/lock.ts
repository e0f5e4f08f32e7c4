/**
 * A lock file against two processes fetching one file. It holds the owner's pid and host; one left behind by a
 * process that died is taken over.
 */
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** A live owner touches its lock this often. */
const BEAT_MS = 2_000;
/** Untouched for so long, the lock of another host (whose pids we cannot see) is dead. */
const SILENT_MS = 60_000;
/** A lock without readable content is being written, unless it is older than this. */
const NEWBORN_MS = 5_000;

interface Owner {
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

const absent = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** The content of a lock whose owner is gone, or undefined if it is held (or no longer there). */
async function deadContent(file: string): Promise<string | undefined> {
  try {
    const [text, { mtimeMs }] = [await readFile(file, 'utf8'), await stat(file)];
    const owner = parseOwner(text);
    const age = Date.now() - mtimeMs;
    if (owner === undefined) return age > NEWBORN_MS ? text : undefined;
    const dead = owner.host === hostname() ? !isRunning(owner.pid) : age > SILENT_MS;
    return dead ? text : undefined;
  } catch (error) {
    if (absent(error)) return undefined;
    throw error;
  }
}

/** Removes a dead lock, unless another process has meanwhile replaced it by its own. */
async function bury(file: string, content: string): Promise<void> {
  const grave = `${file}.${randomUUID()}`;
  try {
    await rename(file, grave);
    const buried = await readFile(grave, 'utf8');
    // Two buriers raced and this one got the winner's fresh lock: hand it back.
    if (buried !== content) await writeFile(file, buried, { flag: 'wx' });
    await rm(grave, { force: true });
  } catch (error) {
    await rm(grave, { force: true });
    if (!absent(error) && (error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
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
 * Takes the lock `file`, waiting as long as a living process holds it.
 * @returns a function that releases it
 */
export async function acquireLock(file: string, pollMs = 200): Promise<() => Promise<void>> {
  const content = JSON.stringify({ pid: process.pid, host: hostname(), token: randomUUID() });
  while (!(await tryCreate(file, content))) {
    const dead = await deadContent(file);
    if (dead !== undefined) await bury(file, dead);
    else await sleep(pollMs);
  }
  const beat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined);
  }, BEAT_MS);
  beat.unref();
  return async () => {
    clearInterval(beat);
    await rm(file, { force: true });
  };
}
