/** Jobs that BullMQ itself cannot read, having been put into Redis or changed there by hand. */
import type { Redis } from 'ioredis';
import { openQueue } from './bull.js';
import { prefix } from './connection.js';

/** Whether an error is BullMQ's at a job that is not JSON, or JSON of another shape than it writes. */
export const isUnreadable = (error: unknown): boolean =>
  error instanceof SyntaxError || error instanceof TypeError;

/**
 * Takes the job off the queue that Redis gave to a worker's token, and whose content then could not be read: it
 * would be given to one worker after the other, each time after the stall time. The cell, if it is one, is missed by
 * its coordinator, and queued anew.
 * @returns the job's id; undefined where the token holds none
 */
export async function dropUnreadable(redis: Redis, name: string, token: string): Promise<string | undefined> {
  const queue = openQueue(redis, name);
  try {
    for (const id of await queue.getRanges(['active'])) {
      const lock = `${prefix}:${name}:${id}:lock`;
      if ((await redis.get(lock)) !== token) continue;
      // BullMQ removes no job that is locked.
      await redis.del(lock);
      return (await queue.remove(id)) === 1 ? id : undefined;
    }
    return undefined;
  } finally {
    await queue.close();
  }
}
