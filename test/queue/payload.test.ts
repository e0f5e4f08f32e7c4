import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { experimentSchema } from '../../src/experiment/experiment.js';
import { packResult, parseSpec, queueNameOf, unpackJob, unpackResult } from '../../src/queue/payload.js';
import { packed } from '../../src/queue/enqueue.js';
import { plan, type Job } from '../../src/experiment/plan.js';
import type { RunRecord } from '../../src/experiment/record.js';

const experiment = experimentSchema.parse({
  name: 'tiny',
  dataset: { name: 'synthetic-mnist', train: 64, test: 64 },
  model: { name: 'mlp', hidden: [4] },
  train: { epochs: 2, batchSize: 16, seeds: [0, 1] },
  optimizers: ['adam', { name: 'sgdw', lr: [0.5], schedule: { name: 'step' }, epochs: 3 }],
  grid: { lr: [0.001, 0.1 + 0.2], wd: [0, 1e-7] },
});
const jobs = [...plan(experiment, 'cpu').jobs()];
const { variants, data } = await packed(jobs);
const spec = {
  format: 1,
  name: 'tiny',
  version: '0.1.0',
  numerics: 1,
  fingerprint: 'f',
  dataset: experiment.dataset,
  backend: 'cpu',
  threads: 1,
  variants,
  policy: { epochs: 0, seconds: 60 },
  limits: { timeout: 0, hang: 600, memory: 0 },
  stall: 60_000,
  shareBytes: 1e6,
  keepWeights: false,
};
const travelled = parseSpec(JSON.stringify(spec));
const arrived = 'spec' in travelled ? travelled.spec : undefined;

const recordOf = (job: Job): RunRecord => ({
  ...job,
  status: 'ok',
  epochs: Array.from({ length: job.cell.epochs }, (_, i) => ({
    epoch: i + 1,
    lr: 0.1,
    trainLoss: 1.5,
    trainError: 0.5,
    testLoss: 1.25,
    testError: 0.25,
    thetaNorm: 3,
    imagesPerSecond: 100,
    seconds: 0.5,
  })),
  finalTestError: 0.25,
  finalTrainLoss: 1.5,
  attempts: 1,
  startedAt: '2020-01-01T00:00:00.000Z',
  seconds: 1,
  peakMemory: 1e8,
});

describe('jobs', () => {
  it('arrive as they were sent, with the identity they had', () => {
    expect(variants).toHaveLength(2);
    for (const job of jobs) {
      const carried: unknown = JSON.parse(JSON.stringify(data.get(job.cell.id)));
      expect(unpackJob(arrived!, `c${job.cell.id}`, carried)).toEqual(job);
    }
  });

  it('are refused with anything changed', () => {
    const { cell } = jobs[0]!;
    const good = data.get(cell.id)!;
    const id = `c${cell.id}`;
    fc.assert(
      fc.property(
        fc.constantFrom('v', 'lr', 'wd', 'seed', 'other'),
        fc.oneof(fc.double(), fc.integer(), fc.string(), fc.constant(null)),
        (key, value) => {
          fc.pre(!Object.is(value, (good as Record<string, unknown>)[key]));
          fc.pre(!(value === 0 && (good as Record<string, unknown>)[key] === 0));
          expect(() => unpackJob(arrived!, id, { ...good, [key]: value })).toThrow(/^its content|^it asks/);
        },
      ),
    );
    expect(() => unpackJob(arrived!, 'c0123456789abcdef', good)).toThrow('identity');
    expect(() => unpackJob(arrived!, undefined, good)).toThrow('identity');
  });
});

describe('results', () => {
  it('arrive as they were sent', () => {
    for (const job of jobs) {
      const carried: unknown = JSON.parse(JSON.stringify(packResult(recordOf(job))));
      expect(unpackResult(job, carried)).toEqual(recordOf(job));
    }
  });

  it.each([
    ['of another cell', { cell: jobs[1]!.cell.id }, 'about cell'],
    ['with too few epochs', { epochs: recordOf(jobs[0]!).epochs.slice(1) }, 'epochs'],
    ['with an error above 1', { finalTestError: 2 }, 'finalTestError'],
    ['whose final error is not the last epoch’s', { finalTestError: 0.5 }, 'final test error'],
    ['that diverged without a chance error', { status: 'diverged', finalTestError: null }, 'diverged'],
    ['that timed out with an error', { status: 'timeout', finalTestError: 0.25 }, 'timed out'],
    ['with a status of their own', { status: 'splendid' }, 'status'],
  ])('%s are refused', (_, change, reason) => {
    const carried: unknown = JSON.parse(JSON.stringify({ ...packResult(recordOf(jobs[0]!)), ...change }));
    expect(() => unpackResult(jobs[0]!, carried)).toThrow(reason);
  });

  it('lose what no schema knows', () => {
    const carried = { ...packResult(recordOf(jobs[0]!)), extra: 1 };
    expect(unpackResult(jobs[0]!, carried)).not.toHaveProperty('extra');
  });

  it.each([null, 'x', 3, [], {}])('%j is none', (value) => {
    expect(() => unpackResult(jobs[0]!, value)).toThrow();
  });
});

describe('sweeps', () => {
  it('are refused where their description is damaged', () => {
    expect(parseSpec('{')).toEqual({ problem: 'its description is not JSON' });
    for (const stall of [-1, 1e12])
      expect(parseSpec(JSON.stringify({ ...spec, stall }))).toMatchObject({
        problem: expect.stringContaining('stall') as string,
      });
  });

  it('have one queue for one configuration, whatever its workers and description', () => {
    const name = queueNameOf(experiment, ['0.1.0', 1]);
    expect(name).toMatch(/^tiny-[0-9a-f]{12}$/);
    expect(queueNameOf({ ...experiment, workers: 7, description: 'x' }, ['0.1.0', 1])).toBe(name);
    // Cells on the queue outlast a change of what they are to show.
    const endpoints = [
      { statistic: 'separability' as const, of: ['SGDW'], confirms: 'greater' as const, than: 0.9 },
    ];
    expect(queueNameOf({ ...experiment, endpoints }, ['0.1.0', 1])).toBe(name);
    const confirm = { freshSeeds: 2, at: 'best' as const };
    expect(queueNameOf({ ...experiment, confirm }, ['0.1.0', 1])).not.toBe(name);
    expect(queueNameOf(experiment, ['0.2.0', 1])).not.toBe(name);
    expect(queueNameOf({ ...experiment, threads: 2 }, ['0.1.0', 1])).not.toBe(name);
  });
});
