/** Becoming the coordinator of a sweep. There is one at a time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { QueueError } from './address.js';
import { claimLasts, claimSweep, type Coordinator } from './registry.js';

/** How often to ask again, milliseconds. */
const askEvery = 1000;

/**
 * Claims the sweep. A claim from the same host name and folder is waited for: it is most likely a predecessor's in
 * another container or before a reboot, and lapses.
 * @param now a clock that nobody sets, milliseconds
 * @throws QueueError where another coordinator has it
 */
export async function claim(
  redis: Redis,
  name: string,
  own: Coordinator,
  signal: AbortSignal,
  now: () => number = () => performance.now(),
): Promise<void> {
  let holder = await claimSweep(redis, name, own);
  const until = now() + claimLasts + 1000;
  while (holder !== true && holder.host === own.host && holder.dir === own.dir) {
    if (signal.aborted || now() > until) break;
    await sleep(askEvery, undefined, { signal }).catch(() => undefined);
    holder = await claimSweep(redis, name, own);
  }
  if (holder === true) return;
  throw new QueueError(
    `Another run already coordinates this sweep, on ${holder.host}, folder ${holder.dir}.`,
    {
      code: 'sweep-taken',
      remedy: 'Wait for that run to end; if it died, try again in 15 seconds.',
    },
  );
}
