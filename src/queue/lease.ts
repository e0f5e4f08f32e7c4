/** A worker's lease on a job, which is the job's lock in Redis: it is renewed while the cell trains, and its checkpoints are shared. */
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { folderStore } from '../runner/checkpoints.js';
import type { Job } from '../experiment/plan.js';
import { sendBlob } from './blobs.js';
import { withRetries, unlessStopped } from './redisRetry.js';
import type { TakenJob } from './takenJob.js';

/** Checkpoints and weights are large, and a cell can do without them: they are not tried for ever. */
export const blobRetry = ({ signal }: Pick<TakenJob, 'signal'>) => ({ signal, grace: 10_000, refusals: 10 });

export interface Lease {
  /** Whether the lock is no longer ours. */
  readonly lost: boolean;
  /** Notes that Redis has the checkpoint that is on disk here. */
  noteCheckpoint(): Promise<void>;
  /** Puts the newest checkpoint into Redis, if there is a new one; says so where that fails. */
  shareCheckpoint(): Promise<void>;
  /**
   * Renews no more, and waits for the renewal that is under way: one that came after the release of the lock would
   * look like its loss.
   */
  end(): Promise<void>;
}

/** Tells a file from the one that had its name before. Its time alone does not: clocks are set back. */
const versionOf = ({ ino, mtimeMs, size }: Stats) => `${ino} ${mtimeMs} ${size}`;

/** Renews the job's lock and shares checkpoints, four times in the stall time. */
export function holdLease(taken: TakenJob, { cell }: Job): Lease {
  const { redis, sweep, queued, token, slot, folders, onNotice } = taken;
  const { stall, shareBytes } = sweep.spec;
  const file = join(folders.checkpoints, `${cell.id}.safetensors`);
  let lost = false;
  let shared: string | undefined;
  let ended = false;
  const share = async () => {
    const facts = await stat(file).catch(() => undefined);
    if (!facts || versionOf(facts) === shared || facts.size > shareBytes) return;
    const bytes = await folderStore(folders.checkpoints).read(cell.id);
    if (!bytes) return;
    await sendBlob(redis, sweep.name, 'checkpoint', cell.id, token, bytes);
    shared = versionOf(facts);
  };
  let pending: Promise<void> | undefined;
  const renew = async () => {
    if ((await queued.extendLock(token, stall)) !== 1) {
      if (ended) return;
      lost = true;
      slot.kill();
    } else await share();
  };
  const timer = setInterval(() => {
    pending ??= renew()
      .catch(() => undefined)
      .finally(() => (pending = undefined));
  }, stall / 4);
  return {
    get lost() {
      return lost;
    },
    async noteCheckpoint() {
      const facts = await stat(file).catch(() => undefined);
      shared = facts && versionOf(facts);
    },
    async shareCheckpoint() {
      try {
        await withRetries(share, blobRetry(taken));
      } catch (error) {
        onNotice(`The checkpoint of cell ${cell.id} could not be shared: ${(error as Error).message}.`);
      }
    },
    async end() {
      clearInterval(timer);
      ended = true;
      await unlessStopped(async () => pending, taken.signal).catch(() => undefined);
    },
  };
}
