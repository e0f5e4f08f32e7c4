/** `adamw-bench queue`: how the sweeps on a Redis stand, and holding or emptying them. */
import type { Command } from 'commander';
import { findAddress } from '../../queue/address.js';
import { changeQueues, queueStatus, type QueueStatus } from '../../queue/admin.js';
import { connect } from '../../queue/connection.js';
import { exitCode } from '../exit.js';

interface QueueFlags {
  readonly sweep?: string;
  readonly json?: boolean;
}

const examples = `
Examples:
  adamw-bench queue status redis://10.0.0.5
  adamw-bench queue pause redis://10.0.0.5 --sweep cifar      running cells end, no new ones begin
  adamw-bench queue drain redis://10.0.0.5                    take off what waits; results stay for the coordinator`;

const changes = {
  pause: 'let no new cells begin',
  resume: 'let paused sweeps go on',
  drain: 'take off the cells that wait; their coordinator ends as interrupted',
} as const;

/** Adds the commands to the program. */
export function addQueue(program: Command, finish: (code: number) => void): void {
  const queue = program
    .command('queue')
    .description('see and steer the sweeps on a Redis')
    .addHelpText('afterAll', examples);
  const where = ['[redis]', 'address, redis://host:6379 (default: $ADAMW_BENCH_REDIS)'] as const;
  queue
    .command('status')
    .description('count the cells of each sweep by state, and list the workers')
    .argument(...where)
    .option('--json', 'print one JSON object')
    .action(async (redis: string | undefined, flags: QueueFlags) => finish(await status(redis, flags)));
  for (const change of ['pause', 'resume', 'drain'] as const) {
    queue
      .command(change)
      .description(changes[change])
      .argument(...where)
      .option('--sweep <name>', 'only this experiment or queue (default: all)')
      .option('--json', 'print one JSON object')
      .action(async (redis: string | undefined, flags: QueueFlags) =>
        finish(await steer(change, redis, flags)),
      );
  }
}

async function status(address: string | undefined, { json }: QueueFlags): Promise<number> {
  const redis = await connect(findAddress(address));
  try {
    const found = await queueStatus(redis);
    console.log(json ? JSON.stringify(found) : describe(found));
  } finally {
    redis.disconnect();
  }
  return exitCode.ok;
}

async function steer(
  change: keyof typeof changes,
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
