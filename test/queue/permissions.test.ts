/** Users of Redis with all that is needed, and with less. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadDataset } from '../../src/data/index.js';
import { parseAddress } from '../../src/queue/address.js';
import { changeQueues, queueStatus } from '../../src/queue/admin.js';
import { connect } from '../../src/queue/connection.js';
import { aclRules } from '../../src/queue/permissions.js';
import { registerSweep } from '../../src/queue/registry.js';
import { serve } from '../../src/queue/serve.js';
import { call, journalOf, start, writeConfig } from './program.js';
import { ownRedis } from './ownRedis.js';
import { noRedis, type Server } from './redis.js';
import { specWith } from './spec.js';

it('the rules are in the documentation', () => {
  expect(readFileSync(new URL('../../docs/cluster.md', import.meta.url), 'utf8')).toContain(aclRules);
});

const denied = { name: 'QueueError', code: 'redis-permission', exitCode: 2 };

describe.skipIf(noRedis)('a user of Redis', () => {
  let server!: Server;
  const folder = ownRedis((one) => (server = one));

  /** Makes one, with changes to the rules; its address. */
  async function user(name: string, changes = ''): Promise<string> {
    const rules = ['reset', 'on', '>secret', ...`${aclRules} ${changes}`.trim().split(' ')];
    await server.client.call('ACL', 'SETUSER', name, ...rules);
    return `redis://${name}:secret@127.0.0.1:${server.port}`;
  }

  it('with the rules and no more takes a sweep through its whole life', async () => {
    const url = await user('enough');
    const out = join(folder, 'enough');
    const config = writeConfig(folder, { name: 'enough', lr: [0.001], wd: [0.01] });
    const run = ['run', config, '--out', out, '--no-figures', '--checkpoint-epochs', '1', '--keep-weights'];
    const coordinator = start([...run, '--retries', '1', '--queue', url]);
    await coordinator.until(/2 cells wait/);
    for (const action of ['pause', 'resume', 'status']) {
      const { code, output } = await call(['queue', action, url]);
      expect(code, output).toBe(0);
    }
    const worker = start(['worker', url, '--idle-exit', '1s'], { ADAMW_BENCH_FAULT: 'throw:*:1:1' });
    expect(await coordinator.ended, coordinator.output).toBe(0);
    expect(await worker.ended, worker.output).toBe(0);
    expect(journalOf(out)).toHaveLength(2);
    expect(coordinator.output + worker.output).not.toMatch(/NOPERM|(weights|checkpoint) .* not/);
    expect(worker.output.match(/failed in attempt 1/g)).toHaveLength(2);
    expect(await server.client.call('ACL', 'LOG')).toEqual([]);
  });

  it.each([
    ['a command', '-hgetall'],
    ['scripts', '-@scripting'],
    ['a command that scripts use', '-zadd -zrangebyscore'],
    ['our keys', 'resetkeys ~other:*'],
    ['anything', '-@all'],
  ])('without %s is told so by `queue` and `worker`', async (_, changes) => {
    const address = parseAddress(await user('less', changes));
    const asking = connect(address).then((redis) =>
      queueStatus(redis).finally(() => {
        redis.disconnect();
      }),
    );
    await expect(asking).rejects.toMatchObject(denied);
    const options = { concurrency: 2, idleExit: 0, signal: AbortSignal.timeout(20_000) };
    await expect(serve(address, options, { onNotice: () => undefined })).rejects.toMatchObject(denied);
  });

  it('that may only look may not steer, nor coordinate', async () => {
    const url = await user('looks', '-sadd -set');
    await server.client.hset('adamw-bench:sweeps', 'one', JSON.stringify(specWith()));
    const redis = await connect(parseAddress(url));
    expect((await queueStatus(redis)).sweeps).toMatchObject([{ queue: 'one' }]);
    await expect(changeQueues(redis, 'drain', undefined)).rejects.toMatchObject(denied);
    redis.disconnect();
    await server.client.del('adamw-bench:sweeps');
    const config = writeConfig(folder, { name: 'looks' });
    const { code, output } = await call(['run', config, '--out', join(folder, 'looks'), '--queue', url]);
    expect(code, output).toBe(2);
    expect(output).toContain(`ACL SETUSER <user> ${aclRules}`);
    expect(output).not.toMatch(/looks|\bat .*\.js:/);
  });

  it('that loses its permission to take cells has its worker leave', async () => {
    const { fingerprint } = await loadDataset(specWith().dataset);
    await registerSweep(server.client, 'two', specWith({ fingerprint }));
    const url = await user('takes');
    const options = { concurrency: 2, idleExit: 0, signal: AbortSignal.timeout(20_000) };
    const serving = serve(parseAddress(url), options, {
      // Only the taking of a job needs this one: BullMQ takes it from the list with it.
      onNotice: () => void server.client.call('ACL', 'SETUSER', 'takes', '-rpoplpush'),
    });
    await expect(serving).rejects.toMatchObject(denied);
  });
});
