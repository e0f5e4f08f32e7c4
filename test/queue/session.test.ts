/** Checkpoints on their way: from Redis to a cell's process and back, each once. */
import { existsSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openConsumer, type QueuedJob } from '../../src/queue/bull.js';
import { trainTakenJob } from '../../src/queue/session.js';
import { failureOf } from '../../src/experiment/record.js';
import type { WorkerHandle } from '../../src/runner/workerProcess.js';
import { encodeCheckpoint } from '../../src/train/checkpoint.js';
import { temporaryFolder } from './program.js';
import { noRedis, startRedis, type Server } from './redis.js';
import { job, jobData, specWith } from './spec.js';

const { id } = job.cell;
const blob = `adamw-bench:slow:checkpoint:${id}`;

/** A checkpoint of the cell in its first epoch, told from others by its sum of losses. */
const checkpoint = (lossSum: number) =>
  Buffer.from(
    encodeCheckpoint(job.cell, {
      position: { epoch: 0, batch: 1, lossSum, wrong: 0, epochSeconds: 1, seconds: 1 },
      metrics: [],
      theta: Float32Array.of(1, 2),
      slots: [],
      state: new Float32Array(),
    }),
  );

describe.skipIf(noRedis)('a shared checkpoint', () => {
  const folder = temporaryFolder();
  const folders = { checkpoints: join(folder, 'checkpoints'), weights: join(folder, 'weights') };
  const file = join(folders.checkpoints, `${id}.safetensors`);
  let server: Server;
  let queue: Queue;
  beforeAll(async () => (server = await startRedis()));
  beforeEach(async () => {
    queue = new Queue('slow', { connection: server.client, prefix: 'adamw-bench' });
    await queue.add('cell', jobData, { jobId: `c${id}` });
  });
  afterEach(async () => {
    await queue.obliterate({ force: true });
    await queue.close();
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Trains a taken job whose cell does `act` in place of training; what is said meanwhile. */
  async function train(act: () => Promise<void>): Promise<string[]> {
    const notices: string[] = [];
    const about = { startedAt: new Date().toISOString(), attempts: 1, seconds: 1 };
    const consumer = await openConsumer(server.client, 'slow', 1000);
    const handle: WorkerHandle = {
      pid: undefined,
      alive: true,
      train: async () => {
        await act();
        return failureOf(job, 'timeout', 'late', about);
      },
      stop: () => Promise.resolve(),
      kill: () => undefined,
    };
    const outcome = await trainTakenJob({
      redis: server.client,
      sweep: { name: 'slow', spec: specWith(), consumer, active: 1, retired: false },
      queued: (await consumer.getNextJob('mine', { block: false })) as QueuedJob,
      token: 'mine',
      slot: { worker: () => Promise.resolve(handle), stop: handle.stop, kill: handle.kill },
      folders,
      signal: new AbortController().signal,
      onNotice: (text) => void notices.push(text),
    });
    await consumer.close(true);
    expect(outcome).toBe('timeout');
    return notices;
  }

  it('is fetched and not sent back; one that is newer is', async () => {
    const [old, young] = [checkpoint(1), checkpoint(2)];
    await server.client.set(blob, old);
    const notices = await train(async () => {
      expect(old.equals(readFileSync(file))).toBe(true);
      // Whoever sends it back now shows himself; there are four renewals in the stall time of a second.
      await server.client.del(blob);
      await sleep(800);
      expect(await server.client.exists(blob)).toBe(0);
      writeFileSync(file, young);
      await expect.poll(() => server.client.exists(blob)).toBe(1);
      expect(young.equals((await server.client.getBuffer(blob))!)).toBe(true);
    });
    expect(notices).toEqual([]);
    expect(existsSync(file)).toBe(false);
  });

  it('that is newer is sent though the clock was set back before it was written', async () => {
    const [old, young] = [checkpoint(1), checkpoint(2)];
    await server.client.set(blob, old);
    await train(async () => {
      // As writeAtomically does it.
      writeFileSync(`${file}.tmp`, young);
      utimesSync(`${file}.tmp`, 1, 1);
      renameSync(`${file}.tmp`, file);
      const there = async () => young.equals((await server.client.getBuffer(blob))!);
      await expect.poll(there, { timeout: 3000 }).toBe(true);
    });
  });

  it('that is damaged is not used', async () => {
    const damaged = checkpoint(1);
    damaged[damaged.length - 1]! ^= 1;
    await server.client.set(blob, damaged);
    const notices = await train(() => Promise.resolve(expect(existsSync(file)).toBe(false)));
    expect(notices).toEqual([
      expect.stringMatching(`^The shared checkpoint of cell ${id} is not used: .* It starts anew.$`),
    ]);
  });
});
