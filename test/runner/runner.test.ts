/** The runner's decisions, with an executor that trains nothing; folder, journal and data are real. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { experimentSchema } from '../../src/experiment/experiment.js';
import type { Job } from '../../src/experiment/plan.js';
import { failureOf, type RunRecord } from '../../src/experiment/record.js';
import { layout } from '../../src/runner/directory.js';
import { hasFailedFast, type ExecutionEvents, type Executor } from '../../src/runner/executor.js';
import { encodeLine, openJournal, readJournal } from '../../src/runner/journal.js';
import { runSweep } from '../../src/runner/runner.js';
import type { SweepOptions } from '../../src/runner/sweep.js';
import { sweepOptions } from './options.js';
import { cellOf, recordOf } from './records.js';
import { scratch } from './scratch.js';

const experiment = experimentSchema.parse({
  name: 'tiny',
  dataset: { name: 'synthetic-mnist', train: 20, test: 10 },
  model: { name: 'mlp', hidden: [2] },
  train: { epochs: 1, batchSize: 10, seeds: [0, 1, 2] },
  optimizers: ['adam'],
  grid: { lr: [0.1], wd: [0] },
  backend: 'cpu',
});

let clock = 0;
const startedAt = () => new Date(1.7e12 + 1000 * clock++).toISOString();
const done = (job: Job): RunRecord => ({ ...recordOf(), ...job, startedAt: startedAt() });
const failed = (job: Job, status: 'failed' | 'timeout' = 'failed') =>
  failureOf(job, status, 'it broke', { startedAt: startedAt(), attempts: 1, seconds: 1 });

/** An executor that has one record of each job. */
const recording =
  (recordFor: (job: Job, index: number) => RunRecord = done): Executor =>
  async (jobs, _context, events, signal) => {
    for (const [i, job] of jobs.entries()) {
      if (signal.aborted) return;
      await events.onRecord(recordFor(job, i), 0);
    }
  };

describe('a sweep', () => {
  let dir: string;
  let notices: string[];
  let told: RunRecord[];
  let others: RunRecord[];
  beforeEach(() => {
    dir = join(scratch(), 'results');
    [notices, told, others] = [[], [], []];
  });

  const run = (executor: Executor, options: Partial<SweepOptions> = {}) =>
    runSweep(experiment, sweepOptions(dir, executor, options), {
      onNotice: (text) => void notices.push(text),
      onRecord: (record) => void told.push(record),
      onOthersRecord: (record) => void others.push(record),
    });
  const journal = async () => (await readJournal(layout(dir).journal)).records;
  const statuses = async () => (await journal()).map(({ status }) => status);

  it('journals each record before its executor goes on, and hands out only what is missing later', async () => {
    const onDisk: number[] = [];
    const executor: Executor = async (jobs, _context, events) => {
      for (const job of jobs.slice(0, 2)) {
        await events.onRecord(done(job), 0);
        onDisk.push((await journal()).length);
      }
    };
    const first = await run(executor);
    expect(onDisk).toEqual([1, 2]);
    expect(first).toMatchObject({ interrupted: true, failedFast: false, records: { length: 2 } });
    const asked: number[] = [];
    const second = await run((jobs, ...rest) => {
      asked.push(jobs.length);
      return recording()(jobs, ...rest);
    });
    expect(asked).toEqual([1]);
    expect(second).toMatchObject({ interrupted: false, records: { length: 3 } });
    expect(await statuses()).toEqual(['ok', 'ok', 'ok']);
  });

  it('keeps a failure as the cell’s record, and goes on', async () => {
    const result = await run(recording((job, i) => (i === 0 ? failed(job) : done(job))));
    expect(result).toMatchObject({ interrupted: false, failedFast: false });
    expect(await statuses()).toEqual(['failed', 'ok', 'ok']);
  });

  it('hands out failures and time-outs again where they are to be retried, and only there', async () => {
    await run(recording((job, i) => (i === 0 ? failed(job) : i === 1 ? failed(job, 'timeout') : done(job))));
    const asked: string[][] = [];
    const counting: Executor = (jobs, context, ...rest) => {
      asked.push(jobs.map(({ cell }) => context.before.get(cell.id)!.status));
      return recording()(jobs, context, ...rest);
    };
    await run(counting);
    await run(counting, { retryFailed: true });
    expect(asked).toEqual([[], ['failed', 'timeout']]);
    expect(await statuses()).toEqual(['ok', 'ok', 'ok']);
  });

  it('that is to fail fast ends at the first failure, and says why to its executor', async () => {
    let why: boolean | undefined;
    const executor: Executor = async (jobs, context, events, signal) => {
      await recording((job, i) => (i === 1 ? failed(job) : done(job)))(jobs, context, events, signal);
      why = hasFailedFast(signal);
    };
    const result = await run(executor, { failFast: true });
    expect(why).toBe(true);
    expect(result).toMatchObject({ interrupted: true, failedFast: true });
    expect(await statuses()).toEqual(['ok', 'failed']);
  });

  it('that is interrupted keeps what there is, and is no failure', async () => {
    const stop = new AbortController();
    let why: boolean | undefined;
    const executor: Executor = async ([first], _context, events, signal) => {
      await events.onRecord(done(first!), 0);
      stop.abort();
      why = signal.aborted && hasFailedFast(signal);
    };
    const result = await run(executor, { signal: stop.signal });
    expect(why).toBe(false);
    expect(result).toMatchObject({ interrupted: true, failedFast: false, records: { length: 1 } });
  });

  it('whose executor throws ends with its error; records stay, and the folder is free again', async () => {
    const broken: Executor = async ([first], _context, events) => {
      await events.onRecord(done(first!), 0);
      throw new Error('no worker');
    };
    await expect(run(broken)).rejects.toThrow('no worker');
    expect(await statuses()).toEqual(['ok']);
    expect(await run(recording())).toMatchObject({ interrupted: false });
  });

  it('keeps the first of two records of one cell', async () => {
    const twice: Executor = async ([first], _context, events) => {
      await events.onRecord(done(first!), 0);
      await events.onRecord(failed(first!), 0);
    };
    const result = await run(twice, { failFast: true });
    expect(await statuses()).toEqual(['ok']);
    expect([told.length, notices.length]).toEqual([1, 1]);
    expect(result).toMatchObject({ failedFast: false });
  });

  it('ignores records of cells that it has not handed out, and says so', async () => {
    const stray: Executor = async (jobs, context, events, signal) => {
      await events.onRecord(recordOf({ seed: 77 }), 0);
      await recording()(jobs, context, events, signal);
    };
    await run(stray);
    expect(await statuses()).toEqual(['ok', 'ok', 'ok']);
    expect([told.length, notices.length]).toEqual([3, 1]);
  });

  it('takes in what another process appends, and tells it apart from its own', async () => {
    let theirs: RunRecord | undefined;
    const executor: Executor = async ([first, ...rest], context, events: ExecutionEvents, signal) => {
      const other = await openJournal(layout(dir).journal);
      await other.journal.append((theirs = done(first!)));
      await recording()(rest, context, events, signal);
    };
    const result = await run(executor);
    expect(others).toEqual([theirs]);
    expect(told).toHaveLength(2);
    expect(result).toMatchObject({ interrupted: false, records: { length: 3 } });
  });

  it('leaves a folder alone whose journal another version has written', async () => {
    await run(recording());
    const { cell } = recordOf();
    const newer = { ...recordOf(), cell: { ...cell, id: cellOf({ seed: 5 }).id } };
    const text = readFileSync(layout(dir).journal, 'utf8') + encodeLine(newer) + 'torn';
    writeFileSync(layout(dir).journal, text);
    await expect(run(recording())).rejects.toMatchObject({
      code: 'journal-of-another-version',
      exitCode: 2,
    });
    expect(readFileSync(layout(dir).journal, 'utf8')).toBe(text);
    expect(existsSync(`${layout(dir).journal}.damaged`)).toBe(false);
  });
});
