/** Redis of kinds and in states that a sweep cannot be coordinated over: each is told in a sentence, with exit code 2. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadDataset } from '../../src/data/index.js';
import { QueueError, parseAddress } from '../../src/queue/address.js';
import { changeQueues, queueStatus } from '../../src/queue/admin.js';
import { connect } from '../../src/queue/connection.js';
import { parseInfo, problemOf } from '../../src/queue/inspect.js';
import { registerSweep } from '../../src/queue/registry.js';
import { serve } from '../../src/queue/serve.js';
import { call, start, temporaryFolder, writeConfig } from './program.js';
import { freePort, noRedis, startRedis, type Server, type ServerOptions } from './redis.js';
import { specWith } from './spec.js';

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the program answers over a Redis: its error, and that nothing was printed besides. */
async function refusalOf(
  act: () => Promise<unknown>,
): Promise<Pick<QueueError, 'code' | 'exitCode' | 'remedy'>> {
  const error: unknown = await act().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(QueueError);
  const { code, exitCode, remedy, message } = error as QueueError;
  expect(remedy).toMatch(/\.$/);
  expect(message.split('\n')).toHaveLength(1);
  return { code, exitCode, remedy };
}

const over = (url: string) => ({
  status: async () => {
    const redis = await connect(parseAddress(url));
    return await queueStatus(redis).finally(() => redis.disconnect());
  },
  pause: async () => {
    const redis = await connect(parseAddress(url));
    return await changeQueues(redis, 'pause', undefined).finally(() => redis.disconnect());
  },
  worker: (notices: string[] = [], signal = AbortSignal.timeout(20_000)) =>
    serve(
      parseAddress(url),
      { concurrency: 1, idleExit: 0, signal },
      { onNotice: (text) => void notices.push(text) },
    ),
});

describe.skipIf(noRedis)('over', () => {
  let server: Server | undefined;
  const begin = async (options: ServerOptions) => (server = await startRedis(options));
  afterEach(async () => {
    await server?.stop();
    server = undefined;
  });

  it.each([
    ['a cluster without slots', 'redis-cluster', { args: ['--cluster-enabled', 'yes'] }],
    ['a replica', 'redis-replica', { args: ['--replicaof', '127.0.0.1 1'] }],
    [
      'one that evicts keys',
      'redis-evicts',
      { args: '--maxmemory 50mb --maxmemory-policy allkeys-lru'.split(' ') },
    ],
  ] as const)('%s nothing works', async (_, code, options) => {
    const { url } = await begin(options);
    const { status, pause, worker } = over(url);
    for (const act of [status, pause, () => worker()])
      expect(await refusalOf(act)).toMatchObject({ code, exitCode: 2 });
  });

  it('a cluster that has its slots nothing works either', async () => {
    const { url, client } = await begin({ args: ['--cluster-enabled', 'yes'] });
    await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await expect
      .poll(() => client.call('CLUSTER', 'INFO'), { timeout: 10_000 })
      .toContain('cluster_state:ok');
    expect(await refusalOf(over(url).status)).toMatchObject({ code: 'redis-cluster' });
  });

  it('one that evicts keys, or with a policy but no limit, BullMQ prints nothing of its own', async () => {
    const { url } = await begin({ args: ['--maxmemory-policy', 'allkeys-lru'] });
    const unlimited = await call(['queue', 'status', url]);
    expect(unlimited).toEqual({ code: 0, output: 'No sweeps.\nNo workers.\n' });
    await server!.client.config('SET', 'maxmemory', '50mb');
    const limited = await call(['worker', url]);
    expect(limited.code).toBe(2);
    expect(limited.output.trim().split('\n')).toHaveLength(1);
  });

  it('a full one a worker, `run --queue` and `queue pause` are refused, and `queue status` is not', async () => {
    const { url, client } = await begin({ args: ['--maxmemory', '50mb'] });
    await client.hset('adamw-bench:sweeps', 'one', JSON.stringify(specWith()));
    await client.config('SET', 'maxmemory', '1');
    const { status, pause, worker } = over(url);
    const full = { code: 'redis-full', exitCode: 2 };
    for (const act of [pause, () => worker()]) expect(await refusalOf(act)).toMatchObject(full);
    expect(await status()).toMatchObject({ sweeps: [{ queue: 'one' }] });
    const config = writeConfig(folder, { name: 'full' });
    const { code, output } = await call(['run', config, '--out', join(folder, 'full'), '-q', '--queue', url]);
    expect(code, output).toBe(2);
    expect(output.trim().split('\n')).toHaveLength(1);
  });

  it('one that cannot save a worker is refused, and one that fills up later is waited for', async () => {
    const { url, client } = await begin({ args: ['--save', '3600 1'] });
    await client.set('x', 'y');
    rmSync(((await client.config('GET', 'dir')) as string[])[1]!, { recursive: true });
    await client.bgsave().catch(() => undefined);
    await expect
      .poll(() => client.info('persistence'), { timeout: 5000 })
      .toContain('last_bgsave_status:err');
    expect(await refusalOf(() => over(url).worker())).toMatchObject({
      code: 'redis-cannot-save',
      exitCode: 2,
    });
    await client.config('SET', 'stop-writes-on-bgsave-error', 'no');
    const stop = new AbortController();
    const notices: string[] = [];
    const serving = over(url).worker(notices, stop.signal);
    await expect.poll(() => client.hlen('adamw-bench:workers')).toBe(1);
    await client.config('SET', 'maxmemory', '1');
    await expect.poll(() => notices, { timeout: 5000 }).toHaveLength(1);
    await sleep(2500);
    expect(notices).toHaveLength(1);
    stop.abort();
    expect(await serving).toBe('stopped');
  });

  it('one that becomes a replica a worker says so once, and goes on when it is a primary again', async () => {
    const { url, client } = await begin({});
    const stop = new AbortController();
    const notices: string[] = [];
    const serving = over(url).worker(notices, stop.signal);
    await expect.poll(() => client.hlen('adamw-bench:workers')).toBe(1);
    await client.replicaof('127.0.0.1', '1');
    await expect.poll(() => notices, { timeout: 5000 }).toHaveLength(1);
    await sleep(7000);
    expect(notices).toHaveLength(1);
    await client.replicaof('NO', 'ONE');
    const { fingerprint } = await loadDataset(specWith().dataset);
    await registerSweep(client, 'one', specWith({ fingerprint }));
    await expect.poll(() => notices, { timeout: 10_000 }).toEqual([notices[0], 'Serving one.']);
    stop.abort();
    expect(await serving).toBe('stopped');
  });

  it('one where others use our names nothing works, or only without the sweep whose names they are', async () => {
    const { url, client } = await begin({});
    await client.set('adamw-bench:sweeps', 'mine');
    const { status, worker } = over(url);
    for (const act of [status, () => worker()])
      expect(await refusalOf(act)).toMatchObject({ code: 'redis-foreign-key', exitCode: 2 });
    const config = writeConfig(folder, { name: 'foreign' });
    const run = await call(['run', config, '--out', join(folder, 'foreign'), '-q', '--queue', url]);
    expect(run.code, run.output).toBe(2);
    expect(run.output.trim().split('\n')).toHaveLength(1);
    await client.del('adamw-bench:sweeps');
    const { fingerprint } = await loadDataset(specWith().dataset);
    for (const name of ['one', 'two']) await registerSweep(client, name, specWith({ fingerprint }));
    await client.set('adamw-bench:one:wait', 'mine');
    const stop = new AbortController();
    const notices: string[] = [];
    const serving = worker(notices, stop.signal);
    await expect.poll(() => notices.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(3);
    await sleep(1500);
    expect(notices).toHaveLength(3);
    expect(notices.at(-1)).toContain('WRONGTYPE');
    stop.abort();
    expect(await serving).toBe('stopped');
  });

  it('one with a password it is wanted, and one without says that it has none', async () => {
    const { url, port, client } = await begin({ password: 'right' });
    const wants = { code: 'redis-password', exitCode: 2 };
    const at = (user: string) => url.replace('//', `//${user}@`);
    for (const wrong of [url, at(':wrong'), at('nobody:right')])
      expect(await refusalOf(over(wrong).status)).toMatchObject(wants);
    await over(at(':right')).status();
    await client.config('SET', 'requirepass', '');
    const notices: string[] = [];
    const redis = await connect(parseAddress(at(':right')), (text) => void notices.push(text));
    redis.disconnect();
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain(`:${port}`);
    expect(notices[0]).not.toContain('right');
  });

  it('one that is loading its data nothing works yet', async () => {
    const { url, client } = await begin({ args: ['--enable-debug-command', 'yes'] });
    await client.call('DEBUG', 'POPULATE', '20000');
    await client.save();
    await client.config('SET', 'key-load-delay', '1000');
    // It answers INFO and PING while it loads, every now and then.
    await client.config('SET', 'loading-process-events-interval-bytes', '1024');
    const reloading = client.call('DEBUG', 'RELOAD', 'NOSAVE').catch(() => undefined);
    await sleep(300);
    expect(await refusalOf(over(url).status)).toMatchObject({ code: 'redis-loading', exitCode: 2 });
    await server!.kill();
    void reloading;
  });
});

describe.skipIf(noRedis)('a Sentinel', () => {
  let sentinel: ChildProcess;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    const file = join(folder, 'sentinel.conf');
    writeFileSync(file, `port ${port}\nbind 127.0.0.1\ndir ${folder}\n`);
    sentinel = spawn('redis-server', [file, '--sentinel'], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(sentinel.stdout!, 'data');
    await sleep(200);
  });
  afterAll(async () => {
    sentinel.kill('SIGKILL');
    await once(sentinel, 'exit');
  });

  it.each(['', '/1'])('is told from a Redis, whatever the database (%s)', async (database) => {
    const { status } = over(`redis://127.0.0.1:${port}${database}`);
    expect(await refusalOf(status)).toMatchObject({ code: 'redis-sentinel', exitCode: 2 });
  });
});

describe('what no Redis answers', () => {
  it('is told without a stack trace', async () => {
    const { createServer } = await import('node:http');
    const web = createServer((_, response) => response.end('hello')).listen(0, '127.0.0.1');
    await once(web, 'listening');
    const { port } = web.address() as { port: number };
    try {
      expect(await refusalOf(over(`redis://127.0.0.1:${port}`).status)).toMatchObject({
        code: 'redis-no-conversation',
      });
      expect(await refusalOf(over(`redis://127.0.0.1:${await freePort()}`).status)).toMatchObject({
        code: 'redis-not-listening',
      });
    } finally {
      web.close();
    }
  });

  it.each([
    ['redis_version:6.0.16', 'redis-old'],
    ['redis_version:5.0.7', 'redis-old'],
    ['redis_version:6.2.0', undefined],
    ['redis_version:8.0.1\r\nmaxmemory:0\r\nmaxmemory_policy:allkeys-lru', undefined],
    ['server_name:valkey\r\nredis_version:7.2.4\r\nvalkey_version:8.1.0', undefined],
    ['no fields', undefined],
  ])('INFO %j: %s', (text, code) => expect(problemOf(parseInfo(text))?.code).toBe(code));
});

it.skipIf(noRedis)('a worker whose password is changed says so', async () => {
  const server = await startRedis({ args: ['--requirepass', 'Q1Z'], password: 'Q1Z' });
  const worker = start(['worker', server.url.replace('//', '//:Q1Z@')]);
  try {
    await expect.poll(() => server.client.hlen('adamw-bench:workers'), { timeout: 20_000 }).toBe(1);
    await server.client.config('SET', 'requirepass', 'Q2Z');
    await server.client.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    expect(await worker.ended, worker.output).toBe(2);
    expect(worker.output).not.toMatch(/Q1Z|Q2Z|\bat .*\.js:/);
  } finally {
    if (worker.running) worker.kill('SIGKILL');
    await server.stop();
  }
});
