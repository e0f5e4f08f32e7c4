/** What `adamw-bench queue` does. */
import { findAddress } from '../../queue/address.js';
import { changeQueues, queueStatus, type QueueStatus } from '../../queue/admin.js';
import { connect } from '../../queue/connection.js';
import { exitCode } from '../exit.js';

export interface QueueFlags {
  readonly sweep?: string;
  readonly json?: boolean;
}

/** Prints how the sweeps on a Redis stand; returns the exit code. */
export async function status(address: string | undefined, { json }: QueueFlags): Promise<number> {
  const redis = await connect(findAddress(address));
  try {
    const found = await queueStatus(redis);
    console.log(json ? JSON.stringify(found) : describe(found));
  } finally {
    redis.disconnect();
  }
  return exitCode.ok;
}

/** Pauses, resumes or drains sweeps; returns the exit code. */
export async function steer(
  change: 'pause' | 'resume' | 'drain',
  address: string | undefined,
  { sweep, json }: QueueFlags,
): Promise<number> {
  const redis = await connect(findAddress(address));
  try {
    const names = await changeQueues(redis, change, sweep);
    const done = { pause: 'paused', resume: 'resumed', drain: 'drained' }[change];
    console.log(json ? JSON.stringify({ [done]: names }) : names.map((name) => `${done} ${name}`).join('\n'));
  } finally {
    redis.disconnect();
  }
  return exitCode.ok;
}

function describe({ sweeps, workers }: QueueStatus): string {
  const counted = sweeps.map(
    ({ queue, paused, waiting, active, delayed, done, failed, workers: serving }) =>
      `${queue}${paused ? ' (paused)' : ''}: ${waiting} waiting, ${active} in training, ${delayed} to be tried again, ${done + failed} results not fetched yet; ${serving} worker${serving === 1 ? '' : 's'}`,
  );
  const listed = workers.flatMap(({ host, pid, version, busy, slots, refuses }) => [
    `worker ${host}:${pid}, adamw-bench ${version}, ${busy} of ${slots} busy`,
    ...Object.entries(refuses).map(([queue, reason]) => `  leaves ${queue} to others: ${reason}`),
  ]);
  return [
    ...(counted.length > 0 ? counted : ['No sweeps.']),
    ...(listed.length > 0 ? listed : ['No workers.']),
  ].join('\n');
}
