/** What a worker does for a cell while it trains: keep its lock in Redis, and share its checkpoints. */
import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { folderStore } from '../runner/checkpoints.js';
import type { Job } from '../experiment/plan.js';
import { sendParcel } from './blobs.js';
import { steadily, unlessStopped } from './retrying.js';
import type { Turn } from './session.js';

/** Parcels are large, and can be done without. */
export const parcelTerms = ({ signal }: Pick<Turn, 'signal'>) => ({ signal, grace: 10_000, refusals: 10 });

export interface Guard {
  /** Whether the lock is no longer ours. */
  readonly lost: boolean;
  /** Takes the checkpoint that lies here for one that Redis has. */
  adopt(): Promise<void>;
  /** Puts the newest checkpoint into Redis, if there is a new one; says so where that fails. */
  share(): Promise<void>;
  /**
   * Renews no more, and waits for the renewal that is under way: one that came after the release of the lock would
   * look like its loss.
   */
  end(): Promise<void>;
}

/** Tells a file from the one that had its name before. Its time alone does not: clocks are set back. */
const versionOf = ({ ino, mtimeMs, size }: Stats) => `${ino} ${mtimeMs} ${size}`;

/** Renews the job's lock and shares checkpoints, four times in the stall time. */
export function guardLock(turn: Turn, { cell }: Job): Guard {
  const { redis, sweep, queued, token, seat, folders, onNotice } = turn;
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
    await sendParcel(redis, sweep.name, 'checkpoint', cell.id, token, bytes);
    shared = versionOf(facts);
  };
  let pending: Promise<void> | undefined;
  const renew = async () => {
    if ((await queued.extendLock(token, stall)) !== 1) {
      if (ended) return;
      lost = true;
      seat.kill();
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
    async adopt() {
      const facts = await stat(file).catch(() => undefined);
      shared = facts && versionOf(facts);
    },
    async share() {
      try {
        await steadily(share, parcelTerms(turn));
      } catch (error) {
        onNotice(`The checkpoint of cell ${cell.id} could not be shared: ${(error as Error).message}.`);
      }
    },
    async end() {
      clearInterval(timer);
      ended = true;
      await unlessStopped(async () => pending, turn.signal).catch(() => undefined);
    },
  };
}
