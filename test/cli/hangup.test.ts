/** SIGHUP where there is no terminal: under nohup, or under a scheduler. With a terminal: terminal.test.ts. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { listWorkers } from '../../src/queue/registry.js';
import { noRedis, startRedis } from '../queue/redis.js';
import { childrenOf, configure, journalLines, run, runs, start, until } from './cli.js';

/** Whether a process has a handler for SIGHUP, the first signal of all. */
function catchesHangUp(pid: number): boolean {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (parseInt(/^SigCgt:.*(.)$/m.exec(status)![1]!, 16) & 1) === 1;
}

describe.concurrent('without a terminal, SIGHUP', () => {
  it('stops no sweep and none of its workers, whenever it comes', async () => {
    const { file, dir } = configure();
    const sweep = start(run(file, dir, '--json', '-w', '2', '--retries', '0'), {
      env: { ADAMW_BENCH_FAULT: 'slow:*:50' },
      through: ['nohup'],
    });
    await sweep.saw(/"event":"plan"/);
    const workers = () => childrenOf(sweep.pid);
    const ready = () => workers().length === 2 && workers().every(catchesHangUp);
    await until(() => workers().length === 2);
    // One that is hit before its first line of code is started again.
    process.kill(-sweep.pid, 'SIGHUP');
    await until(ready);
    const [first, second] = workers() as [number, number];
    process.kill(-sweep.pid, 'SIGHUP');
    await sweep.saw(/"event":"record"/);
    process.kill(-sweep.pid, 'SIGHUP');
    await sleep(100);
    expect([first, second].every(runs)).toBe(true);
    const { code, stderr } = await sweep.ended;
    expect(code, stderr).toBe(0);
    expect(journalLines(dir)).toHaveLength(8);
  });

  it.skipIf(noRedis)('stops no worker of a queue; SIGTERM does', async () => {
    const server = await startRedis();
    try {
      const worker = start(['worker', server.url], { through: ['nohup'] });
      const known = async () => (await listWorkers(server.client)).length;
      await expect.poll(known, { timeout: 60_000 }).toBe(1);
      process.kill(worker.pid, 'SIGHUP');
      await sleep(500);
      expect(runs(worker.pid)).toBe(true);
      process.kill(worker.pid, 'SIGTERM');
      expect((await worker.ended).code).toBe(130);
    } finally {
      await server.stop();
    }
  });
});
