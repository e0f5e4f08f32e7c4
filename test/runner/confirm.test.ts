/** The second stage in the runner, with an executor that trains nothing; folder, journal, manifest and data are real. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { freshSeeds, type KeptChoice } from '../../src/experiment/confirm.js';
import { gridHash, withConfirmation } from '../../src/experiment/stages.js';
import { experimentSchema } from '../../src/experiment/experiment.js';
import { plan, type Job } from '../../src/experiment/plan.js';
import { failureOf, type RunRecord } from '../../src/experiment/record.js';
import { frozenChoice } from '../../src/runner/confirm.js';
import { layout } from '../../src/runner/directory.js';
import type { Executor } from '../../src/runner/executor.js';
import { readJournal } from '../../src/runner/journal.js';
import { readManifest } from '../../src/runner/manifest.js';
import { runSweep } from '../../src/runner/runner.js';
import type { SweepOptions } from '../../src/runner/sweep.js';
import { sweepOptions } from './options.js';
import { recordOf } from './records.js';
import { scratch } from './scratch.js';

const base = {
  name: 'tiny',
  dataset: { name: 'synthetic-mnist', train: 20, test: 10 },
  model: { name: 'mlp', hidden: [2] },
  train: { epochs: 1, batchSize: 10, seeds: [0, 1] },
  optimizers: ['adam', 'adamw'],
  grid: { lr: [0.1, 0.2], wd: [0] },
  backend: 'cpu',
};
const confirm = { freshSeeds: 2 };
const experiment = experimentSchema.parse({ ...base, confirm });

let clock = 0;
const startedAt = () => new Date(1.7e12 + 1000 * clock++).toISOString();
/** The larger rate is the better one. */
const done = (job: Job): RunRecord => {
  const error = job.cell.lr === 0.2 ? 0.1 : 0.2;
  const record = recordOf();
  const epochs = [{ ...record.epochs[0]!, epoch: 1, testError: error }];
  return { ...record, ...job, startedAt: startedAt(), epochs, finalTestError: error };
};
const failed = (job: Job) =>
  failureOf(job, 'failed', 'it broke', { startedAt: startedAt(), attempts: 1, seconds: 1 });
const isFresh = ({ cell }: Job) => cell.seed >= 1000;

describe('a sweep with a second stage', () => {
  let dir: string;
  let asked: Job[][];
  let planned: number[];
  beforeEach(() => {
    dir = join(scratch(), 'results');
    [asked, planned] = [[], []];
  });

  const recording =
    (recordFor: (job: Job) => RunRecord | undefined = done): Executor =>
    async (jobs, context, events, signal) => {
      asked.push([...jobs]);
      planned.push([...context.plan.jobs()].length);
      for (const job of jobs) {
        const record = signal.aborted ? undefined : recordFor(job);
        if (!record) return;
        await events.onRecord(record, 0);
      }
    };
  const run = (executor: Executor, options: Partial<SweepOptions> = {}, of = experiment) =>
    runSweep(of, sweepOptions(dir, executor, options), {});
  const manifest = () =>
    JSON.parse(readFileSync(layout(dir).manifest, 'utf8')) as {
      confirmation?: KeptChoice;
      sessions: unknown[];
    };
  const counts = () =>
    asked.map((jobs) => [jobs.filter((job) => !isFresh(job)).length, jobs.filter(isFresh).length]);

  it('hands out the grid, writes the choice down, and then hands out the chosen cells', async () => {
    let atFirst: KeptChoice | undefined;
    const result = await run(
      recording((job) => {
        if (isFresh(job)) atFirst ??= manifest().confirmation;
        else expect(manifest().confirmation).toBeUndefined();
        return done(job);
      }),
    );
    expect(counts()).toEqual([
      [8, 0],
      [0, 4],
    ]);
    // An executor that queues by number, as the queue does, finds the grid's cells in the same places.
    expect(planned).toEqual([8, 12]);
    expect(atFirst!.choice.chosen.map(({ label, lr }) => [label, lr])).toEqual([
      ['Adam+L2', 0.2],
      ['AdamW', 0.2],
    ]);
    expect(result).toMatchObject({ interrupted: false, records: { length: 12 }, choice: { earlier: [] } });
    expect(manifest().sessions).toHaveLength(1);
    expect((await readJournal(layout(dir).journal)).records).toHaveLength(12);
  });

  it('goes on where it was stopped: in the grid, between the stages, in the second', async () => {
    const stopAt = (count: number) => {
      let left = count;
      return recording((job) => (left-- > 0 ? done(job) : undefined));
    };
    expect(await run(stopAt(3))).toMatchObject({ interrupted: true });
    // The grid ends just as the signal comes.
    const stop = new AbortController();
    let left = 5;
    const last = recording((job) => {
      if (--left === 0) stop.abort();
      return done(job);
    });
    expect(await run(last, { signal: stop.signal })).toMatchObject({ interrupted: true });
    const { choice } = manifest().confirmation!;
    expect(await run(stopAt(1))).toMatchObject({ interrupted: true, records: { length: 9 } });
    expect(await run(recording())).toMatchObject({ interrupted: false, records: { length: 12 } });
    // Both stages are one plan from when the choice stands.
    expect(planned).toEqual([8, 8, 12, 12, 12]);
    expect(counts().at(-1)).toEqual([0, 3]);
    expect(manifest().confirmation).toEqual({ choice, earlier: [] });
  });

  it('holds a choice for the grid alone from which it was made', async () => {
    await run(recording());
    const kept = await readManifest(layout(dir).manifest);
    const chosenFrom = (of: object, backend = 'cpu') =>
      frozenChoice(plan(experimentSchema.parse({ ...base, confirm, ...of }), backend), kept);
    expect(await chosenFrom({})).toEqual(manifest().confirmation!.choice);
    expect(await chosenFrom({ grid: { lr: [0.1, 0.2, 0.4], wd: [0] } })).toBeUndefined();
    expect(await chosenFrom({ confirm: { freshSeeds: 3 } })).toBeUndefined();
    expect(await chosenFrom({}, 'wasm')).toBeUndefined();
  });

  it('counts failed cells as settled, and hands each out again once where they are to be retried', async () => {
    await run(recording((job) => (job.cell.seed % 1000 === 1 ? failed(job) : done(job))));
    expect(manifest().confirmation!.choice).toMatchObject({ failed: 4, cells: 8 });
    asked = [];
    await run(recording(failed), { retryFailed: true });
    expect(counts()).toEqual([[4, 2]]);
    asked = [];
    // Of a grid that fails again, nothing is handed out twice in one run.
    const fresh = experimentSchema.parse({ ...base, name: 'other', confirm });
    dir = join(scratch(), 'other');
    await run(
      recording((job) => (job.cell.lr === 0.1 ? failed(job) : done(job))),
      { retryFailed: true },
      fresh,
    );
    expect(counts()).toEqual([
      [8, 0],
      [0, 4],
    ]);
  });

  it('has no second stage where no cell has a result, or a failure ends the sweep', async () => {
    expect(await run(recording(failed))).toMatchObject({ interrupted: false });
    expect(manifest().confirmation).toBeUndefined();
    dir = join(scratch(), 'fast');
    const result = await run(
      recording((job) => (job.cell.lr === 0.1 ? failed(job) : done(job))),
      {
        failFast: true,
      },
    );
    expect(result).toMatchObject({ failedFast: true, interrupted: true });
    expect(manifest().confirmation).toBeUndefined();
  });

  it('keeps a choice, also one made again from the same records', async () => {
    await run(recording());
    const { confirmation } = manifest();
    await run(recording(), { chooseAgain: true });
    expect(manifest().confirmation).toEqual(confirmation);
    expect((await readJournal(layout(dir).journal)).records).toHaveLength(12);
  });

  it('refuses another grid, endpoints aside, unless it is to choose again', async () => {
    await run(recording());
    const wider = experimentSchema.parse({ ...base, confirm, grid: { lr: [0.1, 0.2, 0.3], wd: [0] } });
    await expect(run(recording(), { update: true }, wider)).rejects.toMatchObject({ code: 'choice-frozen' });
    asked = [];
    await run(recording(), { update: true, chooseAgain: true }, wider);
    expect(counts()[0]).toEqual([4, 0]);
    expect(manifest().confirmation!.earlier).toMatchObject([{ cells: 8, records: 4 }]);
    expect(manifest().confirmation!.choice.cells).toBe(12);
  });

  it('counts all fresh runs of a choice that is replaced, also on seeds that are fresh no longer', async () => {
    await run(recording(), {}, experimentSchema.parse({ ...base, confirm: { freshSeeds: 4 } }));
    await run(recording(), { update: true, chooseAgain: true });
    expect(manifest().confirmation!.earlier).toMatchObject([{ seeds: { length: 4 }, records: 8 }]);
  });
});

describe('a plan with its second stage', () => {
  it('has the grid first, cells of ordinary identity, and seeds that tell the two apart', () => {
    const grid = plan(experiment, 'cpu');
    const jobs = [...grid.jobs()];
    const choice = {
      chosenAt: '',
      by: 'test' as const,
      at: 'best' as const,
      seeds: freshSeeds(experiment),
      grid: gridHash(jobs),
      cells: 8,
      failed: 0,
      chosen: [{ label: 'AdamW', lr: 0.2, wd: 0, role: 'best' as const }],
    };
    const both = withConfirmation(grid, choice);
    const all = [...both.jobs()];
    expect(both.size).toBe(all.length);
    expect(all.slice(0, jobs.length)).toEqual(jobs);
    const alone = experimentSchema.parse({ ...base, train: { ...base.train, seeds: choice.seeds } });
    const ids = new Set([...plan(alone, 'cpu').jobs()].map(({ cell }) => cell.id));
    const fresh = all.slice(jobs.length);
    expect(fresh.map(({ cell }) => [ids.has(cell.id), cell.seed])).toEqual([
      [true, 1000],
      [true, 1001],
    ]);
  });
});
