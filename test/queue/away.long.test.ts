/** What a worker, a cell's lease and a claim do when Redis is away, slow, or holds another's word. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { openConsumer, type QueuedJob } from '../../src/queue/bull.js';
import { claimFrom, claimSweep, listSweeps, listWorkers } from '../../src/queue/registry.js';
import { trainTakenJob } from '../../src/queue/session.js';
import { failureOf } from '../../src/experiment/record.js';
import { start, writeConfig } from './program.js';
import { ownRedis } from './ownRedis.js';
import { noRedis, type Server } from './redis.js';
import { job, jobData, specWith } from './spec.js';

describe.skipIf(noRedis)('with a Redis of its own,', () => {
  let server!: Server;
  const folder = ownRedis((one) => (server = one));

  it('a lock that is released is not taken for lost while Redis is slow to say so', async () => {
    const queue = new Queue('slow', { connection: server.client, prefix: 'adamw-bench' });
    await queue.add('cell', jobData, { jobId: `c${job.cell.id}` });
    const consumer = await openConsumer(server.client, 'slow', 1000);
    const queued = (await consumer.getNextJob('mine', { block: false })) as QueuedJob;
    const settle = queued.moveToCompleted.bind(queued);
    queued.moveToCompleted = async (...how) => {
      const answer = await settle(...how);
      await sleep(700); // The answer's way back, in which the next renewal would be due.
      return answer;
    };
    let kills = 0;
    const about = { startedAt: new Date().toISOString(), attempts: 1, seconds: 1 };
    const outcome = await trainTakenJob({
      redis: server.client,
      sweep: { name: 'slow', spec: specWith(), consumer, active: 1, retired: false },
      queued,
      token: 'mine',
      slot: {
        worker: () =>
          Promise.resolve({
            pid: undefined,
            alive: true,
            train: () => Promise.resolve(failureOf(job, 'timeout', 'late', about)),
            stop: () => Promise.resolve(),
            kill: () => undefined,
          }),
        stop: () => Promise.resolve(),
        kill: () => void kills++,
      },
      folders: { checkpoints: join(folder, 'checkpoints'), weights: join(folder, 'weights') },
      signal: new AbortController().signal,
      onNotice: () => undefined,
    });
    expect(outcome).toBe('timeout');
    expect(await queue.getCompletedCount()).toBe(1);
    expect(kills).toBe(0);
    await consumer.close(true);
    await queue.close();
  });

  it('a claim is inherited from the dead only', async () => {
    const own = claimFrom('/results');
    const dead = { ...claimFrom('/results'), pid: spawnSync(process.execPath, ['-e', '0']).pid };
    const alive = claimFrom('/results');
    const elsewhere = { ...dead, place: 'a container of the same name' };
    for (const [name, holder, answer] of [
      ['dead', dead, true],
      ['alive', alive, alive],
      ['elsewhere', elsewhere, elsewhere],
    ] as const) {
      expect(await claimSweep(server.client, name, holder)).toBe(true);
      expect(await claimSweep(server.client, name, own), name).toEqual(answer);
    }
  });

  it('forged names and words do not reach the terminal as they are', async () => {
    const facts = { id: 'x', host: 'a\u001b[2Jb', pid: 1, version: '1', slots: 1, busy: 0, serves: [] };
    await server.client.hset(
      'adamw-bench:workers',
      'x',
      JSON.stringify({ ...facts, refuses: { 's\n': 'n\ro' } }),
    );
    expect(await listWorkers(server.client)).toMatchObject([{ host: 'a·[2Jb', refuses: { 's ': 'n o' } }]);
    await server.client.hset('adamw-bench:sweeps', 'evil\u001b[2J', '{}');
    // BullMQ throws at such a name: one would end `queue status`, and what workers see of the list.
    await server.client.hset('adamw-bench:sweeps', 'a:b', '{}');
    expect(await listSweeps(server.client)).toEqual({});
    await server.client.del('adamw-bench:workers', 'adamw-bench:sweeps');
  });

  it.each(['SIGSTOP', 'SIGKILL'] as const)('workers leave when told to after its %s', async (how) => {
    const config = writeConfig(folder, { name: `away-${how.toLowerCase()}`, lr: [0.001], wd: [0.01] });
    const env = { ADAMW_BENCH_FAULT: 'slow:*:600' };
    const queued = ['run', config, '--out', join(folder, how), '--no-figures', '--queue', server.url];
    const coordinator = start(queued);
    const programs = [coordinator, start(['worker', server.url], env)];
    try {
      await coordinator.until(/cells wait/);
      while (!(await listWorkers(server.client)).some(({ busy }) => busy > 0)) await sleep(50);
      process.kill(server.pid, how);
      for (const program of programs) program.kill('SIGTERM');
      for (const program of programs) expect(await program.ended, program.output).toBe(130);
    } finally {
      for (const program of programs) if (program.running) program.kill('SIGKILL');
      if (how === 'SIGSTOP') process.kill(server.pid, 'SIGCONT');
    }
  });
});
