/** `adamw-bench queue`: shows, pauses, resumes and empties the sweeps on a Redis. */
import type { Command } from 'commander';
import type { QueueFlags } from '../actions/queue.js';

const examples = `
Examples:
  adamw-bench queue status redis://10.0.0.5
  adamw-bench queue pause redis://10.0.0.5 --sweep cifar      running cells end, no new ones begin
  adamw-bench queue drain redis://10.0.0.5                    remove waiting cells; results stay for the coordinator`;

const changes = {
  pause: 'start no new cells; running ones end',
  resume: 'continue paused sweeps',
  drain: 'remove the waiting cells; their coordinator ends as interrupted',
} as const;

/** Adds the commands to the program. */
export function addQueue(program: Command, finish: (code: number) => void): void {
  const queue = program
    .command('queue')
    .description('show, pause, resume and empty the sweeps on a Redis')
    .addHelpText('afterAll', examples);
  const where = ['[redis]', 'address, redis://host:6379 (default: $ADAMW_BENCH_REDIS)'] as const;
  queue
    .command('status')
    .description('count the cells of each sweep by state, and list the workers')
    .argument(...where)
    .option('--json', 'print one JSON object')
    .action(async (redis: string | undefined, flags: QueueFlags) => {
      const { status } = await import('../actions/queue.js');
      finish(await status(redis, flags));
    });
  for (const change of ['pause', 'resume', 'drain'] as const) {
    queue
      .command(change)
      .description(changes[change])
      .argument(...where)
      .option('--sweep <name>', 'only this experiment or queue (default: all)')
      .option('--json', 'print one JSON object')
      .action(async (redis: string | undefined, flags: QueueFlags) => {
        const { steer } = await import('../actions/queue.js');
        finish(await steer(change, redis, flags));
      });
  }
}
