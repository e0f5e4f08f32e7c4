/** Debian's redis-server on a free loopback port, with its own folder, for tests and the fault harness. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** Why tests with Redis cannot run here; undefined where they can. */
export const noRedis = (() => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'redis-server is not installed (Debian: apt-get install redis-server)';
  }
})();

export interface Server {
  readonly port: number;
  readonly url: string;
  readonly pid: number;
  /** A client of the test's own. */
  readonly client: Redis;
  /** SIGKILL, as in a power cut. */
  kill(): Promise<void>;
  /** Starts again on the same port and folder. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/**
 * Keys that stay for ever. A worker that has not yet heard of a sweep's end may look for stalled jobs once more, which
 * leaves a key for some seconds.
 */
export async function lastingKeys({ client }: Server, pattern: string): Promise<string[]> {
  const keys = await client.keys(pattern);
  const left = await Promise.all(keys.map((key) => client.pttl(key)));
  return keys.filter((_, i) => left[i] === -1);
}

export interface ServerOptions {
  /** More arguments of redis-server. */
  readonly args?: readonly string[];
  readonly password?: string;
  readonly bind?: string;
}

/** Starts a server; `stop` ends it and removes its folder. */
export async function startRedis({
  args = [],
  password,
  bind = '127.0.0.1',
}: ServerOptions = {}): Promise<Server> {
  const port = await freePort();
  const dir = mkdtempSync(join(tmpdir(), 'adamw-bench-redis-'));
  const launch = () =>
    spawn(
      'redis-server',
      [
        '--port',
        `${port}`,
        '--bind',
        ...bind.split(' '),
        '--dir',
        dir,
        '--save',
        '',
        ...(password ? ['--requirepass', password] : []),
        ...args,
      ],
      { stdio: 'ignore' },
    );
  let child: ChildProcess = launch();
  const client = new Redis({
    port,
    host: '127.0.0.1',
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
    ...(password ? { password } : {}),
  });
  client.on('error', () => undefined);
  const gone = (what: ChildProcess) =>
    what.exitCode !== null || what.signalCode !== null
      ? Promise.resolve()
      : new Promise((done) => what.once('exit', done));
  await client.ping();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get pid() {
      return child.pid!;
    },
    client,
    async kill() {
      child.kill('SIGKILL');
      await gone(child);
    },
    async restart() {
      child = launch();
      await sleep(100);
      await client.ping();
    },
    async stop() {
      client.disconnect();
      child.kill('SIGKILL');
      await gone(child);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
