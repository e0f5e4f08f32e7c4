/** How the queue's executor ends before every cell has a record: by a failure that ends the sweep, or a stop from outside. */

import { join } from 'node:path';
import { Queue, UnrecoverableError } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { experimentSchema } from '../../src/experiment/experiment.js';
import { NUMERICS } from '../../src/experiment/cell.js';
import { plan } from '../../src/experiment/plan.js';
import { packageVersion } from '../../src/files/version.js';
import { parseAddress } from '../../src/queue/address.js';
import { openConsumer } from '../../src/queue/bull.js';
import { queueExecutor } from '../../src/queue/coordinator.js';
import { queueNameOf } from '../../src/queue/payload.js';
import { isDrained } from '../../src/queue/registry.js';
import { FailedFast, type ExecutionContext } from '../../src/runner/executor.js';
import { ownRedis } from './ownRedis.js';
import { noRedis, type Server } from './redis.js';

const experiment = experimentSchema.parse({
  name: 'three',
  dataset: { name: 'synthetic-mnist', train: 64, test: 64 },
  model: { name: 'mlp', hidden: [4] },
  train: { epochs: 1, batchSize: 16, seeds: [0, 1, 2] },
  optimizers: ['adam'],
  grid: { lr: [0.001], wd: [0] },
});

describe.skipIf(noRedis)('a coordinator', () => {
  let server!: Server;
  const folder = ownRedis((one) => (server = one));

  /** Follows a sweep of three cells, one of which fails; then its signal aborts. The cells that wait afterwards. */
  async function endedBy(
    fingerprint: string,
    reason: unknown,
  ): Promise<{ waiting: number; drained: boolean }> {
    const planned = plan(experiment, 'cpu');
    const { dataset, threads } = experiment;
    const policy = { epochs: 0, seconds: 0 };
    const context: ExecutionContext = {
      plan: planned,
      workers: 1,
      retries: 0,
      limits: { timeout: 0, hang: 0, memory: 0 },
      setup: { dataset, backend: 'cpu', threads, checkpoints: join(folder, 'checkpoints'), policy },
      fingerprint,
      source: { size: 0, next: () => Promise.resolve(undefined) },
      before: new Map(),
    };
    const stop = new AbortController();
    const statuses: string[] = [];
    const name = queueNameOf(experiment, [packageVersion, NUMERICS, fingerprint, 'cpu']);
    const execute = queueExecutor({
      address: parseAddress(server.url),
      dir: folder,
      stall: 60,
      shareBytes: 0,
    });
    const following = execute(
      [...planned.jobs()],
      context,
      {
        onRecord: ({ status }) => {
          statuses.push(status);
          stop.abort(reason);
          return Promise.resolve();
        },
      },
      stop.signal,
    );
    const queue = new Queue(name, { connection: server.client, prefix: 'adamw-bench' });
    await expect.poll(() => queue.getWaitingCount(), { timeout: 20_000 }).toBe(3);
    const consumer = await openConsumer(server.client, name, 60_000);
    const job = (await consumer.getNextJob('mine', { block: false }))!;
    await job.moveToFailed(new UnrecoverableError('it broke'), 'mine');
    await following;
    expect(statuses).toEqual(['failed']);
    const answer = { waiting: await queue.getWaitingCount(), drained: await isDrained(server.client, name) };
    await consumer.close(true);
    await queue.close();
    return answer;
  }

  it('takes off the cells that wait where a failure ends the sweep', async () => {
    expect(await endedBy('a', new FailedFast())).toEqual({ waiting: 0, drained: true });
  });

  it('leaves them to the workers where it is interrupted', async () => {
    expect(await endedBy('b', undefined)).toEqual({ waiting: 2, drained: false });
  });
});
