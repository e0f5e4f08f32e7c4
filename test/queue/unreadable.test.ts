/** Waiting jobs that BullMQ itself cannot read, put into Redis by hand. */
import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadDataset } from '../../src/data/index.js';
import { parseAddress } from '../../src/queue/address.js';
import { openConsumer } from '../../src/queue/bull.js';
import { registerSweep } from '../../src/queue/registry.js';
import { serve } from '../../src/queue/serve.js';
import { dropUnreadable } from '../../src/queue/unreadable.js';
import { noRedis, startRedis, type Server } from './redis.js';
import { job, jobData, specWith } from './spec.js';

const id = `c${job.cell.id}`;

describe.skipIf(noRedis)('a job that cannot be read', () => {
  let server: Server;
  let queue: Queue;
  beforeAll(async () => (server = await startRedis()));
  beforeEach(async () => {
    queue = new Queue('garbled', { connection: server.client, prefix: 'adamw-bench' });
    await queue.add('cell', jobData, { jobId: id });
  });
  afterEach(async () => {
    await queue.obliterate({ force: true });
    await queue.close();
  });
  afterAll(() => server.stop());

  it.each<Record<string, string>>([{ data: 'rm -rf' }, { opts: 'null' }, { progress: '{' }])(
    '(%o) is taken off by the first worker that it is given to, which says so',
    async (forged) => {
      await server.client.hset(`adamw-bench:garbled:${id}`, forged);
      const { fingerprint } = await loadDataset(specWith().dataset);
      // So long a stall time that nobody else sees the job within this test.
      await registerSweep(server.client, 'garbled', specWith({ fingerprint, stall: 600_000 }));
      const notices: string[] = [];
      const stop = new AbortController();
      const options = { concurrency: 1, idleExit: 0, signal: stop.signal };
      const done = serve(parseAddress(server.url), options, {
        onNotice: (text) => void notices.push(text),
      });
      const said = ['Serving garbled.', `Job ${id} of garbled cannot be read and was taken off the queue.`];
      await expect.poll(() => notices, { timeout: 10_000 }).toEqual(said);
      stop.abort();
      await done;
      expect(await server.client.keys(`*:${id}*`)).toEqual([]);
      expect(await queue.getActiveCount()).toBe(0);
    },
  );

  it('is left alone where it is another’s', async () => {
    const consumer = await openConsumer(server.client, 'garbled', 5000);
    await consumer.getNextJob('theirs', { block: false });
    expect(await dropUnreadable(server.client, 'garbled', 'mine')).toBeUndefined();
    expect(await queue.getActiveCount()).toBe(1);
    await consumer.close(true);
  });
});
