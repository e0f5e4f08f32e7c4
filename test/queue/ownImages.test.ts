/** A sweep over a user's own images on a queue: a worker elsewhere needs the same files, and says so when it has not. */
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { darkAndLight, png, writeTree } from '../cli/ownImages.js';
import { journalOf, programs, temporaryFolder } from './program.js';
import { noRedis, startRedis, type Server } from './redis.js';

describe.skipIf(noRedis)('own images on a queue', () => {
  const folder = temporaryFolder();
  const started = programs();
  let server: Server;
  beforeAll(async () => (server = await startRedis()));
  afterAll(async () => {
    await started.end();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are trained where they lie under the same name in the data folder, and nowhere else', async () => {
    const pictures = writeTree(join(folder, 'pictures'), darkAndLight(10));
    const config = join(folder, 'own.yaml');
    writeFileSync(
      config,
      stringify({
        name: 'own',
        dataset: { name: 'images', path: 'pictures' },
        model: { name: 'mlp', hidden: [4] },
        train: { epochs: 2, batchSize: 8 },
        optimizers: ['adamw'],
        grid: { lr: [0.01, 0.1], wd: [0] },
        backend: 'cpu',
      }),
    );
    const env = { ADAMW_BENCH_REDIS: `redis://127.0.0.1:${server.port}` };
    const out = join(folder, 'out');
    const coordinator = started.launch(['run', config, '--out', out, '--no-figures', '--queue'], env);
    await coordinator.until(/2 cells wait/);
    // From here on, this is another machine to the workers.
    const [none, other, same] = ['none', 'other', 'same'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const dataDir of [none, other, same]) mkdirSync(dataDir);
    renameSync(pictures, join(same, 'pictures'));
    cpSync(join(same, 'pictures'), join(other, 'pictures'), { recursive: true });
    writeTree(join(other, 'pictures'), { 'dark/0.png': png(99) });
    const worker = (dataDir: string) =>
      started.launch(['worker', '--data-dir', dataDir, '--concurrency', '1', '--idle-exit', '600'], env);

    const without = worker(none);
    await without.until(
      /its data images cannot be loaded here: .*pictures does not exist, and .*none\/pictures/,
    );
    without.kill();
    const changed = worker(other);
    await changed.until(
      /its data images cannot be loaded here: .*other\/pictures is not what the run began with/,
    );
    changed.kill();
    const right = worker(same);
    expect(await coordinator.ended, coordinator.output + right.output).toBe(0);
    expect(journalOf(out)).toHaveLength(2);
  });
});
