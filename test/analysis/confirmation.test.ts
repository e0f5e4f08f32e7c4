/** The second stage: which cells are chosen, on which seeds, and what their runs say. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseCells } from '../../src/analysis/choice.js';
import { confirmation, pairedEstimate, seedsNeeded } from '../../src/analysis/confirmation.js';
import { decoupling } from '../../src/analysis/index.js';
import { detectableDifference } from '../../src/analysis/paired.js';
import { freshSeeds, type Choice } from '../../src/experiment/confirm.js';
import { failureOf, type RunRecord } from '../../src/experiment/record.js';
import { powers, sweepRecords } from '../report/records.js';

const axes = { lrs: powers(-11, 5), wds: powers(-13, 5, true) };
const records = sweepRecords(axes);
const labels = ['Adam', 'AdamW'];
const chosen = chooseCells(records, labels, 'best');
const choice: Choice = {
  chosenAt: '2026-11-28T00:00:00.000Z',
  by: 'test',
  at: 'best',
  seeds: [1000, 1001, 1002, 1003],
  grid: '',
  cells: records.length,
  failed: 0,
  chosen,
};
const fresh = sweepRecords({ ...axes, seeds: choice.seeds });
const { comparisons, optimizers } = decoupling(records, { replicates: 200 });

describe('the choice', () => {
  it('is the best cell of the statistics', () => {
    expect(chosen.map(({ label, lr, wd }) => [label, lr, wd])).toEqual(
      optimizers.map(({ label, best }) => [label, best!.lr, best!.wd]),
    );
  });

  it('is by validation error where images are held back', () => {
    const held = records.map(({ epochs, ...record }): RunRecord => {
      const isOther = record.cell.lr === axes.lrs[0] && record.cell.wd === axes.wds[0];
      const last = { ...epochs.at(-1)!, validationError: isOther ? 0 : 0.5 };
      const dataset = { ...record.cell.dataset, validation: 100 };
      return { ...record, cell: { ...record.cell, dataset }, epochs: [...epochs.slice(0, -1), last] };
    });
    expect(chooseCells(held, labels, 'best').map(({ lr, wd }) => [lr, wd])).toEqual(
      labels.map(() => [axes.lrs[0], axes.wds[0]]),
    );
  });

  it('has the cells beside it that there are, each one step along one axis', () => {
    const all = chooseCells(records, ['AdamW'], 'best+neighbours');
    const [best, ...others] = all;
    expect(best!.role).toBe('best');
    for (const { lr, wd, role } of others) {
      expect(role).toBe('neighbour');
      const steps = [
        axes.lrs.indexOf(lr) - axes.lrs.indexOf(best!.lr),
        axes.wds.indexOf(wd) - axes.wds.indexOf(best!.wd),
      ];
      expect(steps.map(Math.abs).toSorted()).toEqual([0, 1]);
    }
    expect(chooseCells(sweepRecords({ lrs: [0.01], wds: [0] }), ['AdamW'], 'best+neighbours')).toHaveLength(
      1,
    );
  });

  it('leaves out an optimizer without a result', () => {
    const about = { startedAt: '', attempts: 1, seconds: 0 };
    const failing = records.map((r) => (r.label === 'Adam' ? failureOf(r, 'failed', 'why', about) : r));
    expect(chooseCells(failing, labels, 'best').map(({ label }) => label)).toEqual(['AdamW']);
  });
});

it('takes fresh seeds that no grid has, as many as asked', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat({ max: 1100 }), { minLength: 1 }),
      fc.integer({ min: 2, max: 50 }),
      (seeds, count) => {
        const found = freshSeeds({ train: { seeds }, confirm: { freshSeeds: count, at: 'best' } });
        expect(new Set(found).size).toBe(count);
        expect(found.filter((seed) => seeds.includes(seed))).toEqual([]);
      },
    ),
  );
  expect(freshSeeds({ train: { seeds: [0] } })).toEqual([]);
});

describe('the confirmation', () => {
  it('has the chosen cells’ errors alone, whatever the order of the records', () => {
    const found = confirmation(choice, fresh, comparisons, 0.95);
    expect(found.missing).toBe(0);
    for (const { label, lr, wd, errors } of found.cells) {
      const own = fresh.filter((r) => r.label === label && r.cell.lr === lr && r.cell.wd === wd);
      expect([...errors]).toEqual(own.map((r) => [r.cell.seed, r.finalTestError]));
    }
    expect(found.pairs.map(({ a, b }) => [a, b])).toEqual([['Adam', 'AdamW']]);
    expect(confirmation(choice, fresh.toReversed(), comparisons, 0.95)).toEqual(found);
    expect(pairedEstimate(found, 'AdamW', 'Adam').value).toBe(-pairedEstimate(found, 'Adam', 'AdamW').value!);
  });

  it('subtracts L2 from decoupled decay, whichever is the first of the configuration', () => {
    const order = ['AdamW', 'Adam'];
    const turned = sweepRecords({ ...axes, labels: order });
    const own = decoupling(turned, { replicates: 20 });
    const again = { ...choice, chosen: chooseCells(turned, order, 'best') };
    const found = confirmation(
      again,
      sweepRecords({ ...axes, labels: order, seeds: choice.seeds }),
      own.comparisons,
      0.95,
    );
    expect(found.pairs.map(({ a, b }) => [a, b])).toEqual([['Adam', 'AdamW']]);
  });

  it('says what is missing and what failed, and claims nothing before the end', () => {
    const some = fresh.filter(({ cell }) => cell.seed !== 1003);
    const found = confirmation(choice, some, comparisons, 0.95);
    expect(found.missing).toBe(2);
    expect(pairedEstimate(found, 'Adam', 'AdamW')).toMatchObject({ value: null, low: null });
    const about = { startedAt: '', attempts: 1, seconds: 0 };
    const broken = fresh.map((r) => (r.cell.seed === 1003 ? failureOf(r, 'failed', 'why', about) : r));
    const failed = confirmation(choice, broken, comparisons, 0.95);
    expect(failed.missing).toBe(0);
    expect(failed.cells.map((c) => c.failed)).toEqual([1, 1]);
    expect(failed.pairs[0]!.difference.n).toBe(3);
    expect(pairedEstimate(null, 'Adam', 'AdamW').value).toBeNull();
  });

  it('names the seeds that would show the difference found', () => {
    const n = 8;
    const difference = { n, mean: 0.01, low: -0.02, high: 0.04, detectable: 1 };
    const needed = seedsNeeded(difference, 0.95)!;
    const sd = (0.03 * Math.sqrt(n)) / 2.364624;
    expect(detectableDifference(sd, needed, 0.95)).toBeLessThanOrEqual(0.01001);
    expect(detectableDifference(sd, needed - 1, 0.95)).toBeGreaterThan(0.00999);
  });
});
