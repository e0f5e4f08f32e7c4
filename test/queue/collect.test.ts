/** What the coordinator makes of ended jobs that are not as they should be, and of a disk that is not. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { trainShape } from '../../src/data/index.js';
import { buildModel } from '../../src/models/index.js';
import { openConsumer } from '../../src/queue/bull.js';
import { collector } from '../../src/queue/collect.js';
import { mayPass } from '../../src/queue/connection.js';
import { packResult, type JobData } from '../../src/queue/payload.js';
import { StorageError } from '../../src/runner/directory.js';
import { encodeWeights } from '../../src/train/weights.js';
import type { RunRecord } from '../../src/experiment/record.js';
import { temporaryFolder } from './program.js';
import { noRedis, startRedis, type Server } from './redis.js';
import { job, jobData, record } from './spec.js';

const { cell } = job;
const name = 'ended';

describe.skipIf(noRedis)('an ended job', () => {
  const folder = temporaryFolder();
  let server: Server;
  let queue: Queue<JobData, unknown>;
  beforeAll(async () => (server = await startRedis()));
  beforeEach(() => (queue = new Queue(name, { connection: server.client, prefix: 'adamw-bench' })));
  afterEach(async () => {
    await queue.obliterate({ force: true });
    await queue.close();
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Ends the job, well or badly, as a worker does; then changes what Redis holds of it. */
  async function end(how: 'ok' | 'timeout' | 'failed', forged: Record<string, string> = {}): Promise<void> {
    const id = `c${cell.id}`;
    await queue.add('cell', jobData, { jobId: id });
    const consumer = await openConsumer(server.client, name, 5000);
    const queued = (await consumer.getNextJob('mine', { block: false }))!;
    const result = how === 'ok' ? record : { ...record, status: how, finalTestError: null };
    if (how !== 'failed') await queued.moveToCompleted(packResult(result), 'mine', false);
    else await queued.moveToFailed(new Error('it broke'), 'mine');
    await consumer.close(true);
    if (Object.keys(forged).length > 0) await server.client.hset(`adamw-bench:${name}:${id}`, forged);
  }

  /** A coordinator's collector; one that dies does so with the record on disk, before the job is off Redis. */
  function collecting(
    about: { weightsFolder?: string; before?: ReadonlyMap<string, RunRecord>; dies?: boolean } = {},
  ) {
    const records: RunRecord[] = [];
    const notices: string[] = [];
    const outstanding = new Map([[cell.id, job]]);
    const collect = collector({
      redis: server.client,
      queue,
      outstanding,
      data: new Map([[cell.id, jobData]]),
      before: about.before,
      retries: 1,
      weightsFolder: about.weightsFolder,
      events: {
        onRecord: (one) => {
          records.push(one);
          return about.dies ? Promise.reject(new Error('it died')) : Promise.resolve();
        },
        onNotice: (notice) => void notices.push(notice),
      },
      slotOf: () => 0,
    });
    return { collect, records, outstanding, notices };
  }

  it('with forged times and counts is a failure like any other', async () => {
    await end('failed', { timestamp: 'x', processedOn: '1e99', finishedOn: 'never', atm: 'many' });
    const { collect, records } = collecting();
    await collect();
    expect(records).toMatchObject([{ status: 'failed', reason: 'it broke', attempts: 1, seconds: 0 }]);
    expect(new Date(records[0]!.startedAt).getTime()).toBeGreaterThan(0);
    expect(await queue.getFailedCount()).toBe(0);
  });

  it('that failed has taken as long as its worker has measured, though the clock was set meanwhile', async () => {
    const hour = { processedOn: '1700000000000', finishedOn: '1700003600000' };
    await end('failed', { ...hour, progress: '{"spent":2.5}' });
    const { collect, records } = collecting();
    await collect();
    expect(records).toMatchObject([{ status: 'failed', seconds: 2.5 }]);
    await end('failed', { ...hour, progress: '{"spent":-1}' });
    const forged = collecting();
    await forged.collect();
    expect(forged.records).toMatchObject([{ status: 'failed', seconds: 3600 }]);
  });

  it.each<Record<string, string>>([{ data: '{' }, { opts: 'null' }])(
    'that cannot be read (%o) is taken off, and its cell stays to be trained',
    async (forged) => {
      await end('failed', forged);
      const { collect, records, outstanding, notices } = collecting();
      await collect();
      expect(notices).toEqual([`Job c${cell.id} cannot be read and was taken off the queue.`]);
      expect([records, outstanding.size, await queue.getFailedCount()]).toEqual([[], 1, 0]);
    },
  );

  it.each(['failed', 'timeout'] as const)(
    '(%s) whose record is on disk already is not taken for a new result; one of a later attempt is',
    async (how) => {
      const blob = `adamw-bench:${name}:checkpoint:${cell.id}`;
      await end(how);
      await server.client.set(blob, 'x');
      const dying = collecting({ dies: true });
      await expect(dying.collect()).rejects.toThrow('it died');
      const line = JSON.stringify(dying.records[0]);
      const before = new Map([[cell.id, JSON.parse(line) as RunRecord]]);
      const { collect, records, outstanding } = collecting({ before });
      await collect();
      expect([records, outstanding.size]).toEqual([[], 1]);
      expect(await server.client.keys(`*${cell.id}*`)).toEqual([]);
      await end('failed');
      await collect();
      expect(records).toMatchObject([{ status: 'failed' }]);
      expect(outstanding.size).toBe(0);
    },
  );

  it('stays in Redis where its weights cannot be kept, and the disk is not taken for Redis', async () => {
    await end('ok');
    const model = buildModel(cell.model, trainShape(cell.dataset));
    const weights = { theta: model.initialTheta(0), slots: [], state: model.initialState() };
    const bytes = encodeWeights(
      cell,
      { ...trainShape(cell.dataset), fingerprint: 'f' },
      { weights, metrics: record.epochs },
    );
    await server.client.set(`adamw-bench:${name}:weights:${cell.id}`, Buffer.from(bytes));
    const gone = join(folder, 'timeouts', 'weights');
    const { collect, records } = collecting({ weightsFolder: gone });
    const error: unknown = await collect().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(StorageError);
    expect((error as Error).message).toContain(`${gone} no longer exists`);
    expect(mayPass(error)).toBe(false);
    expect([records, await queue.getCompletedCount()]).toEqual([[], 1]);
  });
});
