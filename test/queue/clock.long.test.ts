/** Clocks that are set while a sweep runs: no interval is measured by them. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseAddress } from '../../src/queue/address.js';
import { openQueue } from '../../src/queue/bull.js';
import { upkeep, tick } from '../../src/queue/upkeep.js';
import { claim } from '../../src/queue/claim.js';
import { claimFrom, claimSweep, registerSweep } from '../../src/queue/registry.js';
import { serve } from '../../src/queue/serve.js';
import { start, temporaryFolder, writeConfig } from './program.js';
import { noRedis, startRedis, type Server } from './redis.js';
import { specWith } from './spec.js';

/** libfaketime's library; undefined where it is not installed (Debian: apt-get install faketime). */
const library = (() => {
  try {
    const listed = execFileSync('dpkg', ['-L', 'libfaketime'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return listed.split('\n').find((file) => file.endsWith('/libfaketime.so.1') && existsSync(file));
  } catch {
    return undefined;
  }
})();

const hour = 3_600_000;
const calm = new AbortController().signal;

describe.skipIf(noRedis)('where the clock is set,', () => {
  const folder = temporaryFolder();
  let server: Server;
  beforeAll(async () => (server = await startRedis()));
  afterEach(() => {
    vi.restoreAllMocks();
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Sets this process's wall clock. */
  function setWallClock(by: number): void {
    const from = Date.now();
    const began = performance.now();
    vi.spyOn(Date, 'now').mockImplementation(() => from + by + performance.now() - began);
  }

  it('the coordinator renews its claim, a tick of its own clock after the last time', async () => {
    const redis = server.client;
    const own = claimFrom('/results');
    const queue = openQueue(redis, 'one', { own: true });
    const spec = specWith();
    await registerSweep(redis, 'one', spec);
    let now = 1000;
    const notices: string[] = [];
    const events = { onNotice: (text: string) => void notices.push(text), onRecord: () => Promise.resolve() };
    const context = {
      redis,
      name: 'one',
      own,
      spec,
      queue,
      outstanding: new Map(),
      data: new Map(),
      retries: 0,
      events,
    };
    const look = upkeep(context, () => now);
    const left = () => redis.pttl('adamw-bench:one:coordinator');
    await look();
    await redis.pexpire('adamw-bench:one:coordinator', 1000);
    setWallClock(-hour);
    await look();
    expect(await left()).toBeLessThanOrEqual(1000);
    now += tick;
    await look();
    expect(await left()).toBeGreaterThan(10_000);
    setWallClock(hour);
    now += tick;
    await look();
    expect(notices).toEqual([]);
    now += 10_000;
    await look();
    expect(notices).toHaveLength(1);
    await queue.close();
  });

  it('a predecessor’s claim is waited for, as long as it may last and no longer', async () => {
    const own = claimFrom('/results');
    const before = { ...claimFrom('/results'), place: 'another container' };
    await claimSweep(server.client, 'two', before);
    setWallClock(hour);
    let now = 0;
    const claiming = claim(server.client, 'two', own, calm, () => now);
    expect(
      await Promise.race([
        claiming.then(
          () => 'ended',
          () => 'ended',
        ),
        sleep(2500, 'waits'),
      ]),
    ).toBe('waits');
    now = 17_000;
    await expect(claiming).rejects.toMatchObject({ code: 'sweep-taken' });
  });

  it('a worker leaves when it has been idle for so long by its own clock', async () => {
    let now = 0;
    const options = { concurrency: 1, idleExit: 600, signal: calm, now: () => now };
    const serving = serve(parseAddress(server.url), options, { onNotice: () => undefined });
    await expect.poll(() => server.client.hlen('adamw-bench:workers'), { timeout: 10_000 }).toBe(1);
    setWallClock(hour);
    now = 599_000;
    expect(await Promise.race([serving, sleep(2000, 'stays')])).toBe('stays');
    now = 601_000;
    expect(await serving).toBe('idle');
  });

  it.skipIf(!library)('real programs keep their claim, and stay as long as they were told to', async () => {
    const clock = join(folder, 'clock');
    writeFileSync(clock, '+0\n');
    const env = {
      LD_PRELOAD: library!,
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    const config = writeConfig(folder, { name: 'set', lr: [0.001], wd: [0.01] });
    const run = (out: string) => ['run', config, '--out', join(folder, out), '-q', '--queue', server.url];
    const coordinator = start(run('first'), env);
    const programs = [coordinator];
    try {
      const claims = () => server.client.keys('adamw-bench:set-*:coordinator');
      await expect.poll(claims, { timeout: 60_000 }).toHaveLength(1);
      const [key] = await claims();
      await sleep(1000);
      // The first program's start shows that the library works there.
      expect(readFileSync(`/proc/${coordinator.pid}/maps`, 'utf8')).toContain('libfaketime');
      writeFileSync(clock, '-1h\n');
      const other = start(run('second'));
      programs.push(other);
      const lowest = { left: Infinity };
      for (let i = 0; i < 120; i++) {
        lowest.left = Math.min(lowest.left, await server.client.pttl(key!));
        await sleep(100);
      }
      expect(lowest.left).toBeGreaterThan(5000);
      expect(await other.ended, other.output).toBe(2);
      expect(coordinator.running).toBe(true);

      await server.client.del('adamw-bench:sweeps');
      const worker = start(['worker', server.url, '--idle-exit', '10m', '--backend', 'wasm'], env);
      programs.push(worker);
      await expect.poll(() => server.client.hlen('adamw-bench:workers'), { timeout: 60_000 }).toBe(1);
      writeFileSync(clock, '+1h\n');
      await sleep(3000);
      expect(worker.running, worker.output).toBe(true);
    } finally {
      for (const program of programs) if (program.running) program.kill('SIGKILL');
      await Promise.all(programs.map(({ ended }) => ended));
    }
  });
});
