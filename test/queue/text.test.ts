/** A sweep on a text by a queue: its workers need the same file, wherever it lies. */
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadDataset } from '../../src/data/index.js';
import { contentOf } from '../../src/data/own/ownData.js';
import { datasetSchema } from '../../src/experiment/specs.js';
import { registerSweep, unregisterSweep } from '../../src/queue/registry.js';
import { resultsOf, start, temporaryFolder } from './program.js';
import { noRedis, startRedis, type Server } from './redis.js';
import { startServing } from './serving.js';
import { specWith } from './spec.js';

const folder = temporaryFolder();
const book = join(folder, 'book.txt');
writeFileSync(book, 'the cat sat on the mat. '.repeat(60));
const dataset = (path: string) => ({ name: 'text', path, length: 8 });

describe.skipIf(noRedis)('a sweep on a text', () => {
  let server: Server;
  let leave: () => Promise<unknown> = () => Promise.resolve();
  /** How far the worker's clock is ahead, milliseconds. */
  let ahead = 0;
  beforeAll(async () => (server = await startRedis()));
  afterEach(() => leave());
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function work(dataDir: string): string[] {
    const serving = startServing(server.url, dataDir, () => performance.now() + ahead);
    leave = () => serving.leave();
    return serving.notices;
  }

  it('is left to others where the file is missing or another, with the reason', async () => {
    const here = datasetSchema.parse(dataset(book));
    const content = await contentOf(here);
    const { fingerprint } = await loadDataset(here);
    const elsewhere = datasetSchema.parse({ ...dataset('/elsewhere/book.txt'), content });
    const dataDir = join(folder, 'data');
    mkdirSync(dataDir);
    await registerSweep(server.client, 'words', specWith({ dataset: elsewhere, fingerprint }));
    const notices = work(dataDir);
    const said = async (count: number) => {
      await expect.poll(() => notices.length, { timeout: 20_000 }).toBe(count);
      return notices.at(-1)!;
    };
    const missing = await said(1);
    expect(missing).toMatch(/^Sweep words is left to other workers: its data text cannot be loaded here: /);
    expect(missing).toContain('/elsewhere/book.txt does not exist');
    expect(missing).toContain(join(dataDir, 'book.txt'));

    writeFileSync(join(dataDir, 'book.txt'), 'the dog sat on the mat. '.repeat(60));
    ahead += 61_000;
    expect(await said(2)).toContain(`${join(dataDir, 'book.txt')} is not what the run began with`);

    copyFileSync(book, join(dataDir, 'book.txt'));
    ahead += 61_000;
    expect(await said(3)).toBe('Serving words.');
    await unregisterSweep(server.client, 'words');
  });

  it('is trained by a worker as it is here', async () => {
    const config = join(folder, 'words.yaml');
    writeFileSync(
      config,
      stringify({
        name: 'words',
        dataset: dataset(book),
        model: { name: 'transformer', layers: 1, width: 8, heads: 2 },
        train: { epochs: 2, batchSize: 16 },
        optimizers: ['adamw'],
        grid: { lr: [0.01], wd: [0, 0.1] },
        backend: 'wasm',
      }),
    );
    const run = (out: string, ...more: string[]) =>
      start(['run', config, '--out', join(folder, out), '--no-figures', ...more]);
    const worker = start(['worker', server.url]);
    const queued = run('queued', '--queue', server.url);
    expect(await queued.ended, queued.output).toBe(0);
    worker.kill('SIGTERM');
    await worker.ended;
    const local = run('local');
    expect(await local.ended, local.output).toBe(0);
    expect(resultsOf(join(folder, 'queued')).length).toBe(1 + 2 + 1 + 2 * 2);
    expect(resultsOf(join(folder, 'queued'))).toEqual(resultsOf(join(folder, 'local')));
  });
});
