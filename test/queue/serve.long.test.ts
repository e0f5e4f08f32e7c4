/** Which sweeps a worker serves, and until when. The worker is in this process; it gets no cells. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { datasetSchema } from '../../src/experiment/specs.js';
import { loadDataset } from '../../src/data/index.js';
import { isRunning } from '../../src/files/process.js';
import { listWorkers, registerSweep, unregisterSweep } from '../../src/queue/registry.js';
import { closeIfDone, type ServedSweep } from '../../src/queue/servedSweep.js';
import { idxFile } from '../data/scratch.js';
import { journalOf, start, temporaryFolder, writeConfig } from './program.js';
import { noRedis, startRedis, type Server } from './redis.js';
import { startServing } from './serving.js';
import { specWith } from './spec.js';

describe.skipIf(noRedis)('a worker', () => {
  const folder = temporaryFolder();
  let server: Server;
  let leave: () => Promise<unknown> = () => Promise.resolve();
  /** How far the worker's clock is ahead, milliseconds. */
  let ahead = 0;
  beforeAll(async () => (server = await startRedis()));
  afterEach(async () => {
    ahead = 0;
    await leave();
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Starts one; what it says. */
  function work(dataDir?: string): string[] {
    const serving = startServing(server.url, dataDir, () => performance.now() + ahead);
    leave = () => serving.leave();
    return serving.notices;
  }
  /** Resolves once a cell of this queue has told how far it is. */
  async function inTraining(name: string): Promise<void> {
    const queue = new Queue(name, { connection: server.client, prefix: 'adamw-bench' });
    const progress = async () => (await queue.getActive())[0]?.progress;
    await expect.poll(progress, { timeout: 60_000 }).toMatchObject({ epoch: expect.any(Number) as number });
    await queue.close();
  }
  // Workers that other tests have killed stay listed for a while.
  const served = async () =>
    (await listWorkers(server.client)).find(({ pid }) => pid === process.pid)?.serves;

  it('leaves a sweep that has ended, and takes note of one that is described anew', async () => {
    const { fingerprint } = await loadDataset(specWith().dataset);
    await registerSweep(server.client, 'one', specWith({ fingerprint }));
    const notices = work();
    await expect.poll(served, { timeout: 10_000 }).toEqual(['one']);
    await registerSweep(server.client, 'one', specWith({ fingerprint, shareBytes: 0 }));
    await expect.poll(() => notices, { timeout: 10_000 }).toEqual(['Serving one.', 'Serving one.']);
    await unregisterSweep(server.client, 'one');
    await expect.poll(served, { timeout: 10_000 }).toEqual([]);
    expect(notices).toHaveLength(2);
  });

  it('finishes the cell it has when its sweep is described anew meanwhile', async () => {
    const config = writeConfig(folder, { name: 'anew', lr: [0.001], wd: [0.01] });
    const run = ['run', config, '--out', join(folder, 'anew'), '--no-figures', '--queue', server.url];
    const worker = start(['worker', server.url], { ADAMW_BENCH_FAULT: 'slow:*:400' });
    const coordinators = [start(run)];
    let cell: number | undefined;
    try {
      const [name] = await coordinators[0]!.until(/anew-[0-9a-f]{12}/);
      await inTraining(name);
      // The cell waits for the second coordinator, however long that takes to start.
      cell = childOf(worker.pid);
      process.kill(cell, 'SIGSTOP');
      coordinators[0]!.kill('SIGTERM');
      expect(await coordinators[0]!.ended).toBe(130);
      coordinators.push(start([...run, '--timeout', '1h']));
      await worker.until(/Serving anew[^]*Serving anew/);
      expect(worker.output).not.toMatch(/: ok/);
      process.kill(cell, 'SIGCONT');
      expect(await coordinators[1]!.ended, coordinators[1]!.output).toBe(0);
      const records = journalOf(join(folder, 'anew')).map(
        (line) => (JSON.parse(line) as { record: object }).record,
      );
      expect(records).toMatchObject([
        { status: 'ok', attempts: 1 },
        { status: 'ok', attempts: 1 },
      ]);
      expect(worker.output).not.toMatch(/lost|failed|handed back/);
    } finally {
      // A stopped process outlives its parent.
      if (cell !== undefined && isRunning(cell)) process.kill(cell, 'SIGCONT');
      for (const program of [worker, ...coordinators]) if (program.running) program.kill('SIGKILL');
    }
  });

  it('whose processes die at their start leaves the cells to others, and fails none', async () => {
    const config = writeConfig(folder, { name: 'sick', lr: [0.001], wd: [0.01] });
    const hook = join(folder, 'hook.mjs');
    writeFileSync(hook, "if (process.argv[1].endsWith('workerStart.js')) process.exit(7);");
    const run = ['run', config, '--out', join(folder, 'sick'), '--no-figures', '--queue', server.url];
    const programs = [
      start(run),
      start(['worker', server.url], { NODE_OPTIONS: `--import=${hook}` }),
    ] as const;
    try {
      await programs[1].until(/sick-\w+ is left to other workers: no process .* exited with code 7\./);
      const well = start(['worker', server.url, '--idle-exit', '2s']);
      expect(await programs[0].ended, programs[0].output).toBe(0);
      expect(await well.ended, well.output).toBe(0);
      expect(programs[1].output).not.toContain('failed');
      expect(journalOf(join(folder, 'sick'))).toHaveLength(2);
    } finally {
      for (const program of programs) if (program.running) program.kill('SIGKILL');
    }
  });

  it('looks again after a minute whether data that could not be loaded are there', async () => {
    const dataset = datasetSchema.parse({ name: 'mnist', train: 100, test: 100 });
    mnistInto(folder);
    const { fingerprint } = await loadDataset(dataset, { dataDir: folder });
    const labels = join(folder, 'mnist', 't10k-labels-idx1-ubyte');
    copyFileSync(labels, join(folder, 'whole'));
    truncateSync(labels, 100);
    await registerSweep(server.client, 'late', specWith({ dataset, fingerprint }));
    const notices = work(folder);
    const left = expect.stringMatching(
      /^Sweep late is left to other workers: its data mnist cannot be loaded here: .*t10k-labels/,
    ) as string;
    await expect.poll(() => notices, { timeout: 20_000 }).toEqual([left]);
    copyFileSync(join(folder, 'whole'), labels);
    await sleep(2500);
    expect(notices).toEqual([left]);
    ahead = 61_000;
    await expect.poll(() => notices, { timeout: 20_000 }).toEqual([left, 'Serving late.']);
    await expect.poll(served, { timeout: 10_000 }).toEqual(['late']);
    await unregisterSweep(server.client, 'late');
  });
});

/** The process in which a worker has a cell trained. */
const childOf = (pid: number) =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]);

/** A stand-in for MNIST, right in form: black images, labelled 0 to 9 in turn. */
function mnistInto(dataDir: string): void {
  mkdirSync(join(dataDir, 'mnist'));
  for (const [prefix, n] of [
    ['train', 60_000],
    ['t10k', 10_000],
  ] as const) {
    const labels = Uint8Array.from({ length: n }, (_, i) => i % 10);
    writeFileSync(join(dataDir, 'mnist', `${prefix}-labels-idx1-ubyte`), idxFile([n], labels));
    const images = idxFile([n, 28, 28], new Uint8Array(n * 784));
    writeFileSync(join(dataDir, 'mnist', `${prefix}-images-idx3-ubyte`), images);
  }
}

it('a sweep is closed when it is retired and its last cell here has ended, not before', () => {
  const close = vi.fn(() => Promise.resolve());
  const closes = (active: number, retired: boolean) => {
    closeIfDone({
      consumer: { close } as unknown as ServedSweep['consumer'],
      active,
      retired,
    } as ServedSweep);
    return close.mock.calls.length > 0;
  };
  expect([closes(1, false), closes(0, false), closes(1, true), closes(0, true)]).toEqual([
    false,
    false,
    false,
    true,
  ]);
});
