/** What is said where Redis answers, but not as we need it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QueueError, parseAddress } from '../../src/queue/address.js';
import { connect } from '../../src/queue/connection.js';
import { noRedis, startRedis, type Server } from './redis.js';

describe.skipIf(noRedis)('a connection', () => {
  let server: Server;
  beforeAll(async () => (server = await startRedis()));
  afterAll(() => server.stop());

  it.each(['16', '99', '9'.repeat(30)])('to database %s, which is not there, is refused', async (db) => {
    const connecting = connect(parseAddress(`${server.url}/${db}`));
    await expect(connecting).rejects.toBeInstanceOf(QueueError);
    await expect(connecting).rejects.toMatchObject({ code: 'redis-no-such-database', exitCode: 2 });
  });

  it('to a database that is there is in that database', async () => {
    const redis = await connect(parseAddress(`${server.url}/15`));
    await redis.set('where', '15');
    redis.disconnect();
    expect(await server.client.get('where')).toBeNull();
    await server.client.select(15);
    expect(await server.client.get('where')).toBe('15');
    await server.client.select(0);
  });
});
