/** An experiment's list of cells. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellCount } from '../../src/experiment/size.js';
import { identify } from '../../src/experiment/cell.js';
import { distinctSize, plan } from '../../src/experiment/plan.js';
import { jobsInSlices } from '../../src/runner/slices.js';
import { experiment } from './experiment.js';

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

  it('are counted once where the grids of one rule overlap', () => {
    const values = fc.uniqueArray(fc.constantFrom(0.1, 0.2, 0.4), { minLength: 1 });
    const upTo4 = { minLength: 1, maxLength: 4 };
    const optimizer = fc.record({ name: fc.constantFrom('adam', 'adamw'), lr: values, wd: values });
    fc.assert(
      fc.property(fc.uniqueArray(optimizer, { ...upTo4, selector: JSON.stringify }), (some) => {
        const optimizers = some.map((one, i) => ({ ...one, label: `optimizer ${i}` }));
        const planned = plan(
          experiment({ optimizers, train: { epochs: 2, batchSize: 20, seeds: [5, 3] } }),
          'cpu',
        );
        expect(distinctSize(planned)).toBe(new Set([...planned.jobs()].map(({ cell }) => cell.id)).size);
      }),
    );
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
    const some = { optimizers: ['adam', own], train: seeds };
    const compiled = { ...some, backend: 'tensorflow', xla: true };
    const jobs = [some, compiled].flatMap((one) => [...plan(experiment(one), 'tensorflow').jobs()]);
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

  it('are as many as the plan says before it makes one', () => {
    const list = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 4 });
    const spaced = fc
      .record({ from: fc.integer({ min: -9, max: -1 }), steps: fc.integer({ min: 1, max: 4 }) })
      .map(({ from, steps }) => ({ logspace: { base: 2, from, to: from + steps, steps } }));
    const axis = fc.oneof(list, spaced);
    const optimizer = fc.record(
      { name: fc.constantFrom('adam', 'adamw', 'sgd', 'sgdw'), lr: axis, wd: axis },
      { requiredKeys: ['name'] },
    );
    // Epochs of their own: two optimizers that differ in nothing but their label are refused.
    const optimizers = fc
      .array(optimizer, { minLength: 1, maxLength: 3 })
      .map((specs) => specs.map((spec, i) => ({ ...spec, label: `${i}`, epochs: i + 1 })));
    const seeds = fc.uniqueArray(fc.nat(99), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(optimizers, axis, axis, seeds, (specs, lr, wd, ofRuns) => {
        const train = { epochs: 1, batchSize: 20, seeds: ofRuns };
        const made = experiment({ optimizers: specs, grid: { lr, wd }, train });
        const planned = plan(made, 'cpu');
        const jobs = [...planned.jobs()];
        expect(jobs).toHaveLength(planned.size);
        expect(cellCount(made)).toBe(planned.size);
        for (const { label, size } of planned.optimizers)
          expect(jobs.filter((job) => job.label === label)).toHaveLength(size);
      }),
    );
  });
});
