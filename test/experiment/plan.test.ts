/** Cells: their identity, and the experiment's list of them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { experimentSchema } from '../../src/experiment/experiment.js';
import { plan } from '../../src/experiment/plan.js';
import { jobsInSlices } from '../../src/runner/slices.js';
import { identify, hasValidId, type Cell } from '../../src/experiment/cell.js';
import { cellOf } from '../runner/records.js';

const shuffled = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(shuffled)
    : value === null || typeof value !== 'object'
      ? value
      : Object.fromEntries(
          Object.entries(value)
            .reverse()
            .map(([key, of]) => [key, shuffled(of)]),
        );

const experiment = (changes: object = {}) =>
  experimentSchema.parse({
    name: 'x',
    dataset: { name: 'synthetic-mnist', train: 60, test: 20 },
    model: { name: 'mlp', hidden: [4] },
    train: { epochs: 2, batchSize: 20 },
    optimizers: ['adam', 'adamw'],
    grid: { lr: [0.1, 0.2], wd: [0, 0.01] },
    ...changes,
  });

describe('a cell', () => {
  it('has an id that never changes: results of old versions must be found again', () => {
    // Of the settings' JSON with sorted keys; Python's json and hashlib give the same.
    expect(cellOf().id).toBe('1a7c9eec6f64be6c');
  });

  it('has the same id whatever the order of its keys, absent ones aside', () => {
    const { id, ...settings } = cellOf();
    expect(identify(shuffled(settings) as Omit<Cell, 'id'>).id).toBe(id);
    expect(identify({ ...settings, dataset: { ...settings.dataset, unset: undefined } as never }).id).toBe(
      id,
    );
  });

  it('has the same id with a later option turned off as before the option was there', () => {
    const ids = [
      { name: 'mlp', hidden: [4] },
      { name: 'mlp', hidden: [4], batchNorm: false },
    ].map((model) => [...plan(experiment({ model }), 'cpu').jobs()].map(({ cell }) => cell.id));
    expect(ids[1]).toEqual(ids[0]);
  });

  it('has another id with any other setting', () => {
    const changes: Partial<Omit<Cell, 'id'>>[] = [
      { lr: 0.002 },
      { wd: 0 },
      { seed: 1 },
      { epochs: 3 },
      { batchSize: 10 },
      { warmup: 1 },
      { recordDecay: true },
      { backend: 'wasm' },
      { threads: 2 },
      { numerics: 2 },
      { model: { name: 'mlp', hidden: [4, 4] } },
      { model: { name: 'mlp', hidden: [4], batchNorm: true } },
      { schedule: { name: 'constant' } },
      { dataset: { ...cellOf().dataset, labelNoise: 0.1 } },
      { optimizer: { ...cellOf().optimizer, exclude: 'rank1' } },
    ];
    const ids = [cellOf(), ...changes.map(cellOf)].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is genuine as it is, and not with anything changed', () => {
    expect(hasValidId(cellOf())).toBe(true);
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (lr) => {
        expect(hasValidId({ ...cellOf(), lr })).toBe(lr === cellOf().lr);
      }),
    );
  });
});

describe('the cells of an experiment', () => {
  it('are every optimizer’s grid, seed by seed', () => {
    const jobs = [...plan(experiment({ train: { epochs: 2, batchSize: 20, seeds: [5, 3] } }), 'cpu').jobs()];
    expect(jobs.map(({ label, cell: { lr, wd, seed } }) => [seed, label, lr, wd])).toEqual(
      [5, 3].flatMap((seed) =>
        ['Adam+L2', 'AdamW'].flatMap((label) =>
          [0.1, 0.2].flatMap((lr) => [0, 0.01].map((wd) => [seed, label, lr, wd])),
        ),
      ),
    );
    expect(new Set(jobs.map(({ cell }) => cell.id)).size).toBe(jobs.length);
  });

  it('take an optimizer’s own lists, schedule and epochs', () => {
    const own = { name: 'sgdw', lr: [1], wd: [0.5], epochs: 7, schedule: { name: 'constant' } };
    const [job, ...rest] = [...plan(experiment({ optimizers: [own] }), 'wasm').jobs()];
    expect(rest).toEqual([]);
    expect(job!.cell).toMatchObject({
      lr: 1,
      wd: 0.5,
      epochs: 7,
      schedule: { name: 'constant' },
      backend: 'wasm',
    });
  });

  it('do not depend on labels, names, descriptions and workers', () => {
    const ids = (changes: object) => [...plan(experiment(changes), 'cpu').jobs()].map(({ cell }) => cell.id);
    const plain = ids({ optimizers: [{ name: 'adam' }] });
    expect(
      ids({ optimizers: [{ name: 'adam', label: 'A' }], name: 'y', description: 'd', workers: 9 }),
    ).toEqual(plain);
    expect(ids({ optimizers: [{ name: 'adam', beta1: 0.8 }] })).not.toEqual(plain);
  });

  it('are made one by one: the first of a million needs no other', () => {
    const axis = { logspace: { base: 2, from: -20, to: -1, steps: 1000 } };
    const huge = experiment({ grid: { lr: axis, wd: axis }, optimizers: ['adamw'] });
    const cells = plan(huge, 'cpu').jobs();
    const { cell } = cells.next().value!;
    expect([cell.lr, cell.wd]).toEqual([2 ** -20, 2 ** -20]);
    expect(cells.next().value!.cell.wd).toBeGreaterThan(cell.wd);
  });

  it('have the ids and the order of keys that `identify` gives', () => {
    const own = { name: 'sgdw', schedule: { name: 'constant' }, epochs: 5 };
    const seeds = { epochs: 2, batchSize: 20, seeds: [3, 1] };
    const jobs = [...plan(experiment({ optimizers: ['adam', own], train: seeds }), 'cpu').jobs()];
    for (const { cell } of jobs) {
      const { id, ...settings } = cell;
      expect(JSON.stringify(identify(settings))).toBe(JSON.stringify({ id, ...settings }));
    }
  });

  it('are made in slices, between which timers are heard', async () => {
    const axis = { logspace: { base: 2, from: -20, to: -1, steps: 200 } };
    const large = experiment({ grid: { lr: axis, wd: axis }, optimizers: ['adamw'] });
    let heard = 0;
    const timer = setInterval(() => heard++, 1);
    const jobs = await jobsInSlices(plan(large, 'cpu'));
    clearInterval(timer);
    expect(jobs).toEqual([...plan(large, 'cpu').jobs()]);
    expect(heard).toBeGreaterThan(0);
  });
});
