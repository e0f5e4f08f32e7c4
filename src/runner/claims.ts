/**
 * Who trains which cell, if several coordinators work in one results folder. Before a coordinator trains a cell, it
 * takes the cell's claim, a lock file, and reads the journal once more. It takes over claims of coordinators that died.
 * Every coordinator takes claims, also one that is alone, because another one may come at any time.
 */
import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { claimLock, removeDeadLock, type Claim } from '../files/lock.js';
import type { Job } from '../experiment/plan.js';
import { isOwnName } from './ownFiles.js';

/** A job that is ours until it is released. */
export interface ClaimedJob {
  readonly job: Job;
  release(): Promise<void>;
}

/** Where an executor gets its jobs from. */
export interface JobSource {
  /** How many there are at most. */
  readonly size: number;
  /** The next job, waiting for one if need be; undefined where none is left, or `signal` has aborted. */
  next(signal: AbortSignal): Promise<ClaimedJob | undefined>;
}

/** Takes a lock in a folder that is made where it is missing: another coordinator may just have cleared it away. */
async function claimIn(folder: string, name: string): Promise<Claim> {
  try {
    return await claimLock(join(folder, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    // Not recursively: a results folder that was removed must not come back empty.
    await mkdir(folder).catch((problem: NodeJS.ErrnoException) => {
      if (problem.code !== 'EEXIST') throw problem;
    });
    return claimIn(folder, name);
  }
}

/** How often to look whether another coordinator's cell has become free or finished, milliseconds. */
const pollMs = 500;

/**
 * Jobs shared through claim files in `folder`.
 * @param isDone whether a cell has its record by now, after another look into the journal
 */
export function sharedSource(
  jobs: Iterable<Job>,
  folder: string,
  isDone: (id: string) => Promise<boolean>,
): JobSource {
  const waiting = new Map(Array.from(jobs, (job) => [job.cell.id, job]));
  let last: Promise<unknown> = Promise.resolve();

  const tryClaim = async (job: Job): Promise<ClaimedJob | undefined> => {
    const { id } = job.cell;
    const claim = await claimIn(folder, `${id}.lock`);
    if (!('release' in claim)) return undefined;
    let ours = false;
    try {
      // Only now: its last owner may have finished it and released it after we looked before.
      ours = !(await isDone(id));
    } finally {
      if (!ours) await claim.release();
    }
    waiting.delete(id);
    return ours ? { job, release: claim.release } : undefined;
  };

  const next = async (signal: AbortSignal): Promise<ClaimedJob | undefined> => {
    while (!signal.aborted) {
      // Not a copy of what waits, which may be a million; a claim takes out only what has been visited.
      for (const job of waiting.values()) {
        const claimed = await tryClaim(job);
        if (claimed) return claimed;
      }
      if (waiting.size === 0) return undefined;
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  };

  return {
    size: waiting.size,
    next(signal) {
      // One at a time: two slots of this process must not compete for a claim.
      const following = last.catch(() => undefined).then(() => next(signal));
      last = following;
      return following;
    },
  };
}

/** Removes what claims dead coordinators have left, and the folder where no claim is left. */
export async function clearClaims(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  // Together: to find another machine's lock dead takes some seconds.
  const locks = names.filter((name) => isOwnName('claims', name));
  await Promise.all(locks.map((name) => removeDeadLock(join(folder, name))));
  await rmdir(folder).catch(() => undefined);
}
