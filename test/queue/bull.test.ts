/** What our uses of BullMQ's objects leave in Redis. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queueStatus } from '../../src/queue/admin.js';
import { openQueue } from '../../src/queue/bull.js';
import { registerSweep } from '../../src/queue/registry.js';
import { dropUnreadable } from '../../src/queue/unreadable.js';
import { lastingKeys, noRedis, startRedis, type Server } from './redis.js';
import { specWith } from './spec.js';

describe.skipIf(noRedis)('a queue', () => {
  let server: Server;
  beforeAll(async () => (server = await startRedis()));
  afterAll(() => server.stop());

  it('that has been removed is not brought back by those who look at it', async () => {
    const { client } = server;
    const own = openQueue(client, 'gone', { own: true });
    await own.waitUntilReady();
    await registerSweep(client, 'gone', specWith());
    await expect.poll(() => lastingKeys(server, 'adamw-bench:gone:*')).toEqual(['adamw-bench:gone:meta']);
    await own.obliterate({ force: true });
    await queueStatus(client);
    await dropUnreadable(client, 'gone', 'token');
    expect(await lastingKeys(server, 'adamw-bench:gone:*')).toEqual([]);
    await own.close();
  });
});
