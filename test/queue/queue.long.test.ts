/** Sweeps over a real Redis: coordinators and workers are the built program, in processes of their own. */
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { decodeSafetensors } from '../../src/files/safetensors.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openConsumer } from '../../src/queue/bull.js';
import { sendBlob } from '../../src/queue/blobs.js';
import { listSweeps } from '../../src/queue/registry.js';
import { openSweep } from '../../src/queue/servedSweep.js';
import { call, journalOf, programs, resultsOf, temporaryFolder, writeConfig } from './program.js';
import { lastingKeys, noRedis, startRedis, type Server } from './redis.js';

if (noRedis) console.warn(`Queue tests are skipped: ${noRedis}.`);

const password = 'open-sesame';

describe.skipIf(noRedis)('a sweep on a queue', () => {
  const folder = temporaryFolder();
  const config = writeConfig(folder);
  const local = join(folder, 'local');
  const env: Record<string, string> = {};
  const started = programs();
  let server: Server;
  const launch = (args: string[], more: Record<string, string> = env) => started.launch(args, more);
  const run = (file: string, out: string, ...args: string[]) =>
    launch(['run', file, '--out', join(folder, out), '--no-figures', '--queue', ...args]);
  const open = (name: string) => new Queue(name, { connection: server.client, prefix: 'adamw-bench' });

  beforeAll(async () => {
    server = await startRedis({ password });
    env.ADAMW_BENCH_REDIS = `redis://:${password}@127.0.0.1:${server.port}`;
    const { code, output } = await call(['run', config, '--out', local, '--no-figures', '--workers', '1']);
    expect(code, output).toBe(0);
  });
  afterAll(async () => {
    await started.end();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('gives the local run’s results with two workers, in spite of poison, and leaves no secret and no key', async () => {
    const coordinator = run(config, 'queued', '--checkpoint-epochs', '1', '--keep-weights');
    await coordinator.until(/8 cells wait/);
    expect(coordinator.output).toContain("8 cells; 8 to train on the queue's workers; backend");
    const manifest = readFileSync(join(folder, 'queued', 'manifest.json'), 'utf8');
    expect((JSON.parse(manifest) as { sessions: object[] }).sessions).toMatchObject([{ workers: null }]);
    const [name] = Object.keys(await listSweeps(server.client));
    const queue = open(name!);
    // A genuine id with another cell's content, and a job nobody asked for.
    const [victim] = await queue.getWaiting(0, 0);
    await server.client.hset(`adamw-bench:${name!}:${victim!.id!}`, 'data', '{"v":0,"lr":9,"wd":0,"seed":0}');
    await queue.add('cell', { v: 'rm -rf' }, { jobId: 'cffffffffffffffff' });
    // What BullMQ itself cannot read. The first two are the next to be taken, by the liar.
    const [garbled] = await queue.getWaiting(2, 2);
    await server.client.hset(`adamw-bench:${name!}:${garbled!.id!}`, 'data', 'rm -rf');

    // A result that cannot be.
    const consumer = await openConsumer(server.client, name!, 5000);
    await consumer.getNextJob('liar', { block: false });
    const second = (await consumer.getNextJob('liar', { block: false }))!;
    await second.moveToCompleted(
      { cell: second.id!.slice(1), status: 'ok', finalTestError: 0 },
      'liar',
      false,
    );
    await consumer.close(true);
    await coordinator.until(/queued again: its result was refused/);

    const workers = [
      launch(['worker']),
      launch(['worker', env.ADAMW_BENCH_REDIS!, '--concurrency', '1'], {}),
    ];
    await workers[1]!.until(/Serving/);
    const line = readFileSync(`/proc/${workers[1]!.pid}/cmdline`, 'utf8');
    expect(line).toContain('adamw-bench');
    expect(line).not.toContain(password);
    expect(readFileSync(`/proc/${workers[0]!.pid}/cmdline`, 'utf8')).not.toContain(password);

    expect(await coordinator.ended, coordinator.output).toBe(0);
    expect(resultsOf(join(folder, 'queued'))).toEqual(resultsOf(local));
    expect(journalOf(join(folder, 'queued'))).toHaveLength(8);
    expect(coordinator.output).toMatch(/queued again: its job was refused by a worker/);
    expect(workers.map(({ output }) => output).join('')).toContain(
      `Job ${garbled!.id!} of ${name!} cannot be read and was taken off the queue.`,
    );
    expect(workers.map(({ output }) => output).join('')).toMatch(/Job cffffffffffffffff .* is not executed/);
    const meta = `adamw-bench:${name!}:meta`;
    const left = await lastingKeys(server, `adamw-bench:${name!}:*`);
    expect(left.filter((key) => key !== meta)).toEqual([]);
    // A worker that has not yet heard of the end looks for stalled jobs; BullMQ then notes one of its defaults there.
    const noted = Object.keys(await server.client.hgetall(meta));
    expect(noted.filter((field) => field !== 'opts.maxLenEvents')).toEqual([]);
    await queue.close();

    for (const worker of workers) worker.kill('SIGTERM');
    for (const worker of workers) expect(await worker.ended).toBe(130);
    for (const text of [coordinator, ...workers].map(({ output }) => output))
      expect(text).not.toContain(password);
    for (const file of readdirSync(join(folder, 'queued'), { withFileTypes: true })) {
      if (file.isFile())
        expect(readFileSync(join(folder, 'queued', file.name), 'utf8')).not.toContain(password);
    }
  });

  it('brings weights along, which evaluate to the run’s error exactly', async () => {
    const { code, output } = await call(['run', config, '--out', local, '--keep-weights', '--no-figures']);
    expect(code, output).toBe(0);
    const dir = join(folder, 'queued');
    const { record } = JSON.parse(journalOf(dir)[0]!) as {
      record: { cell: { id: string }; epochs: { testLoss: number }[]; finalTestError: number };
    };
    const file = join(folder, 'w.safetensors');
    const exported = await call(['export', dir, '--cell', record.cell.id, '--out', file]);
    expect(exported.code, exported.output).toBe(0);
    const nowhere = join(folder, 'absent', 'w.safetensors');
    expect(await call(['export', dir, '--cell', record.cell.id, '--out', nowhere])).toMatchObject({
      code: 2,
      output: expect.stringContaining(nowhere) as string,
    });
    const evaluated = await call(['eval', file, '--json']);
    expect(JSON.parse(evaluated.output)).toEqual({
      cell: record.cell.id,
      testLoss: record.epochs.at(-1)!.testLoss,
      testError: record.finalTestError,
      recorded: record.finalTestError,
      sameData: true,
    });
    const missing = await call([
      'export',
      local,
      '--cell',
      record.cell.id,
      '--out',
      join(folder, 'none.safetensors'),
    ]);
    expect(missing.code).toBe(2);
    expect(missing.output).toContain('--keep-weights');
  });

  it('survives its coordinator', async () => {
    const large = writeConfig(folder, { name: 'large', seeds: [0, 1, 2] });
    const reference = await call(['run', large, '--out', join(folder, 'large-local'), '--no-figures']);
    expect(reference.code).toBe(0);
    const first = run(large, 'large');
    const worker = launch(['worker', '--concurrency', '2', '--idle-exit', '5s']);
    await first.until(/\[3\/24\]/);
    first.kill('SIGKILL');
    await first.ended;
    // Results go on piling up in Redis while nobody collects them.
    const [name] = Object.keys(await listSweeps(server.client));
    const queue = open(name!);
    while ((await queue.getCompletedCount()) < 3 && (await queue.getWaitingCount()) > 0)
      await new Promise((r) => setTimeout(r, 50));
    await queue.close();
    const second = run(large, 'large');
    expect(await second.ended, second.output).toBe(0);
    expect(resultsOf(join(folder, 'large'))).toEqual(resultsOf(join(folder, 'large-local')));
    expect(journalOf(join(folder, 'large'))).toHaveLength(24);
    expect(await worker.ended).toBe(0);
    expect(worker.output).toMatch(/No cell for 5s .*this worker ends\. It trained 24 cells\.\n$/);
  });

  it('goes on with the jobs of an earlier coordinator when one optimizer has been done meanwhile', async () => {
    const later = writeConfig(folder, { name: 'later' });
    const [dir, reference] = [join(folder, 'later'), join(folder, 'later-local')];
    expect((await call(['run', later, '--out', reference, '--no-figures'])).code).toBe(0);
    const first = run(later, 'later');
    await first.until(/8 cells wait/);
    first.kill('SIGKILL');
    await first.ended;
    const done = journalOf(reference).filter((line) => line.includes('"label":"Adam+L2"'));
    writeFileSync(join(dir, 'runs.jsonl'), done.map((line) => `${line}\n`).join(''));
    const second = run(later, 'later');
    await second.until(/4 cells wait/);
    const worker = launch(['worker']);
    expect(await second.ended, second.output).toBe(0);
    expect(second.output).not.toContain('queued again');
    expect(resultsOf(dir)).toEqual(resultsOf(reference));
    worker.kill('SIGTERM');
    expect(await worker.ended).toBe(130);
  });

  it('goes on elsewhere from the checkpoint of a worker that is asked to leave', async () => {
    const moved = writeConfig(folder, { name: 'moved', lr: [0.001], wd: [0.01] });
    const slowly = { ...env, ADAMW_BENCH_FAULT: 'slow:*:600' };
    const coordinator = run(moved, 'moved', '--checkpoint-epochs', '1');
    const leaving = launch(['worker'], slowly);
    const [name] = await coordinator.until(/moved-[0-9a-f]{12}/);
    const queue = open(name);
    const progress = async () => (await queue.getActive())[0]?.progress as { epoch?: number } | undefined;
    while (((await progress())?.epoch ?? 0) < 1) await new Promise((resolve) => setTimeout(resolve, 50));
    leaving.kill('SIGTERM');
    expect(await leaving.ended, leaving.output).toBe(130);
    expect(leaving.output).toMatch(/is handed back/);
    const [, id] = /Cell ([0-9a-f]{16}) .* is handed back/.exec(leaving.output)!;
    const handed = (await queue.getJob(`c${id!}`))!;
    expect(await handed.getState()).toBe('waiting');
    expect(handed.attemptsMade).toBe(0);
    const bytes = (await server.client.getBuffer(`adamw-bench:${name}:checkpoint:${id!}`))!;
    expect(JSON.parse(decodeSafetensors(bytes).metadata.position!)).toMatchObject({ epoch: 1 });
    const staying = launch(['worker']);
    expect(await coordinator.ended, coordinator.output).toBe(0);
    staying.kill('SIGKILL');
    const kept = resultsOf(local).filter((row) =>
      /^(label|Adam.*\|0\.001\|0\.01\|)/.test(row.replace(/^(Adam[^|]*\|)(adam\w*\|)/, '$1')),
    );
    expect(resultsOf(join(folder, 'moved'))).toEqual(kept);
    await queue.close();
  });

  it('is paused, resumed, counted and drained', async () => {
    const held = writeConfig(folder, { name: 'held' });
    const coordinator = run(held, 'held');
    await coordinator.until(/8 cells wait/);
    const queue = async (...args: string[]) => {
      const { code, output } = await call(['queue', ...args, '--json'], env);
      expect(code, output).toBe(0);
      return JSON.parse(output) as { sweeps: { name: string; paused: boolean; waiting: number }[] };
    };
    await queue('pause', '--sweep', 'held');
    await coordinator.until(/paused/);
    const worker = launch(['worker', '--idle-exit', '2s']);
    expect(await worker.ended, worker.output).toBe(0);
    expect((await queue('status')).sweeps).toMatchObject([
      { name: 'held', paused: true, waiting: 8, done: 0, workers: 0 },
    ]);
    await queue('resume');
    expect((await queue('status')).sweeps).toMatchObject([{ paused: false, waiting: 8 }]);
    await queue('drain');
    expect(await coordinator.ended, coordinator.output).toBe(130);
    const unknown = await call(['queue', 'pause', '--sweep', 'nothing'], env);
    expect(unknown).toMatchObject({ code: 2, output: expect.stringContaining('There are: held-') as string });
  });

  it('has one coordinator, and is not followed from a second folder', async () => {
    const twice = writeConfig(folder, { name: 'twice' });
    const one = run(twice, 'one');
    await one.until(/cells wait/);
    const two = run(twice, 'two');
    expect(await two.ended).toBe(2);
    expect(two.output).toContain('already coordinates');
    one.kill('SIGINT');
    expect(await one.ended).toBe(130);
    expect(one.output).toContain('their results wait in Redis');
  });

  it('is refused by name where version, backend or data differ', async () => {
    const [, text] = Object.entries(await listSweeps(server.client)).find(([name]) =>
      name.startsWith('twice'),
    )!;
    const spec = JSON.parse(text) as Record<string, unknown>;
    const changed = (change: object) =>
      openSweep(server.client, 'twice', JSON.stringify({ ...spec, ...change }), {});
    await expect(changed({ version: '9.9.9' })).rejects.toThrow(/of adamw-bench 9\.9\.9 .* this worker of/);
    await expect(changed({ numerics: 99 })).rejects.toThrow('numerics 99');
    await expect(changed({ fingerprint: '0'.repeat(64) })).rejects.toThrow(
      /synthetic-mnist has fingerprint 0000/,
    );
    await expect(changed({ backend: 'onednn' })).rejects.toThrow('not of the version, backend');
    const other = { ...(spec.dataset as object), labelNoise: 0.5 };
    await expect(changed({ dataset: other })).rejects.toThrow('threads and data that it states');
    await expect(openSweep(server.client, 'twice', text, { backend: 'wasm' })).rejects.toThrow(
      /computes with cpu.*use wasm/,
    );
    await expect(changed({ variants: [] })).rejects.toThrow('malformed');
  });

  it('takes no result and no checkpoint from a worker whose lock has passed on', async () => {
    const queue = open('fence');
    await queue.add('cell', {}, { jobId: 'c1234567890abcdef' });
    const slow = await openConsumer(server.client, 'fence', 1000);
    const sleeper = (await slow.getNextJob('sleeper', { block: false }))!;
    const send = (token: string) =>
      sendBlob(server.client, 'fence', 'checkpoint', '1234567890abcdef', token, new Uint8Array([1]));
    expect(await send('sleeper')).toBe(true);
    let successor;
    while (!successor) {
      successor = await slow.getNextJob('successor', { block: false });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await send('sleeper')).toBe(false);
    await expect(sleeper.moveToCompleted({ from: 'sleeper' }, 'sleeper', false)).rejects.toThrow(
      'Lock mismatch',
    );
    await successor.moveToCompleted({ from: 'successor' }, 'successor', false);
    await expect(sleeper.moveToCompleted({ from: 'sleeper' }, 'sleeper', false)).rejects.toThrow();
    expect((await queue.getJob('c1234567890abcdef'))!.returnvalue).toEqual({ from: 'successor' });
    await slow.close(true);
    await queue.obliterate({ force: true });
    await queue.close();
  });

  it('is refused with a sentence where Redis is absent, or the password wrong', async () => {
    const absent = await call(['queue', 'status', 'redis://:open-sesame@127.0.0.1:1']);
    expect(absent).toMatchObject({
      code: 2,
      output:
        'Redis at redis://127.0.0.1:1 cannot be used: nothing listens there. Start Redis, or check host and port.\n',
    });
    const wrong = await call(['worker', `redis://:wrong-one@127.0.0.1:${server.port}`]);
    expect(wrong.code).toBe(2);
    expect(wrong.output).toContain('refuses the password');
    expect(wrong.output).not.toContain('wrong-one');
    const homeless = await call(['worker'], { ...env, TMPDIR: join(folder, 'absent') });
    expect(homeless).toMatchObject({ code: 2, output: expect.stringContaining('in TMPDIR') as string });
    expect(await call(['worker'])).toMatchObject({
      code: 2,
      output: expect.stringContaining('Say where Redis is') as string,
    });
  });
});
