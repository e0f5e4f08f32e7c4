/** The single pieces: Student's t, anytime curves, and the trend with the budget. */
import { describe, expect, it } from 'vitest';
import { anytime, budgetTrend, decoupling } from '../../src/analysis/index.js';
import { tuneInTurn, tuneInTurnFromAll } from '../../src/analysis/selection.js';
import { transferPairs, meanCost, worthUsing } from '../../src/analysis/transfer.js';
import { tQuantile } from '../../src/analysis/student.js';
import { optimumOf } from '../../src/analysis/budgetOptimum.js';
import type { BudgetOptimum } from '../../src/analysis/statistics.js';
import type { RunRecord } from '../../src/experiment/record.js';
import { ruleOf } from '../experiment/rule.js';
import { bowl, epochMetrics, powers, record, synthesise } from './synthetic.js';

describe('tQuantile', () => {
  it('agrees with the printed tables', () => {
    const table = {
      1: 12.7062,
      2: 4.3027,
      3: 3.1824,
      4: 2.7764,
      5: 2.5706,
      10: 2.2281,
      30: 2.0423,
      120: 1.9799,
    };
    for (const [freedom, t] of Object.entries(table))
      expect(tQuantile(0.95, Number(freedom))).toBeCloseTo(t, 3);
    expect(tQuantile(0.9, 5)).toBeCloseTo(2.015, 3);
  });
});

describe('tuning in turn', () => {
  it('takes the path a person would: lr at the starting wd, then wd at that lr', () => {
    // rows lr, columns wd; from column 0 one is led to the second row, from column 2 to the third.
    const error = Float64Array.from([0.5, 0.4, 0.6, 0.2, 0.3, 0.4, 0.9, 0.8, 0.1]);
    expect(tuneInTurn(error, 3, 0)).toBe(3);
    expect(tuneInTurn(error, 3, 2)).toBe(8);
    expect([...tuneInTurnFromAll(error, 3)]).toEqual([0, 1, 2].map((j) => tuneInTurn(error, 3, j)));
  });
});

describe('carrying a wd to another lr', () => {
  // Rows lr, columns wd. The third lr is not worth using, and never chosen.
  const error = Float64Array.from([0.2, 0.1, 0.4, 0.12, 0.3, 0.5, 0.6, 0.7, 0.16]);

  const wds = [0, 1, 2];

  it('is worth it where the best error is near the best of all', () => {
    expect(worthUsing(error, 3)).toEqual([0, 1]);
    // Near an error of 0 a point decides.
    expect(
      worthUsing(
        error.map((e) => e / 20),
        3,
      ),
    ).toEqual([0, 1, 2]);
    expect(worthUsing(error.fill(NaN, 0, 0), 3)).toEqual([0, 1]);
    expect(worthUsing(new Float64Array(3).fill(NaN), 3)).toEqual([]);
  });

  it('costs, on the average over pairs, what is lost against tuning it anew', () => {
    const pairs = transferPairs(error, wds, [0, 1]);
    expect(pairs).toEqual([
      [4, 3],
      [0, 1],
    ]);
    expect(meanCost(error, pairs)).toBeCloseTo((0.18 + 0.1) / 2, 12);
  });

  it('leaves a pair out whose cell is missing, and says so where there is none', () => {
    const missing = error.map((e, k) => (k === 4 ? NaN : e));
    expect(transferPairs(missing, wds, [0, 1])).toEqual([[0, 1]]);
    expect(transferPairs(error, wds, [0])).toEqual([]);
    expect(meanCost(error, [])).toBeNaN();
    expect(transferPairs(Float64Array.from([0.1, 0.2]), [0], [0, 1])).toEqual([]);
  });

  it('cannot be told where the best of all lrs lies on one border of the grid', () => {
    const border = Float64Array.from([0.3, 0.2, 0.1, 0.4, 0.2, 0.1]);
    expect(transferPairs(border, wds, [0, 1])).toEqual([]);
    expect(transferPairs(border.toReversed(), [1, 2, 3], [0, 1])).toEqual([]);
    // Without decay there is no border: nothing lies beyond it.
    expect(meanCost(border.toReversed(), transferPairs(border.toReversed(), wds, [0, 1]))).toBe(0);
    const outside = synthesise({
      ...bowl(-1, 7),
      wds: powers(-18, 4),
      label: 'a',
      seeds: 3,
      noise: 0.01,
    });
    expect(decoupling(outside).optimizers[0]!.transfer.mean).toMatchObject({
      value: null,
      reason: expect.any(String) as string,
    });
  });

  it('is compared over the lrs that are worth using in both', () => {
    // a is the more coupled, but worth using at few lrs, where little is lost.
    const { optimizers, comparisons } = decoupling([
      ...synthesise({ ...bowl(-1, 7, 0.3, 0.3), label: 'a', optimizer: 'adam', seeds: 3, noise: 0.01 }),
      ...synthesise({ ...bowl(-0.5, 7), label: 'b', optimizer: 'adamw', seeds: 3, noise: 0.01 }),
    ]);
    expect(optimizers.map(({ transfer }) => transfer.lrs)).toEqual([3, 7]);
    expect(optimizers[1]!.transfer.mean.value).toBeGreaterThan(optimizers[0]!.transfer.mean.value!);
    expect(comparisons[0]!.transfer.high).toBeLessThan(0);
  });

  it('costs nothing where every lr has the same best wd, though the surface is not additive', () => {
    const records = synthesise({
      ...bowl(0, 7),
      error: (lr, wd) => 0.1 + 0.01 * (1 + lr * 1000) * Math.abs(Math.log2(wd || 2 ** -15) + 10),
      label: 'a',
      seeds: 1,
      noise: 0,
    });
    const [only] = decoupling(records).optimizers;
    expect(only!.separability.raw).toBeLessThan(0.99);
    expect(only!.transfer).toMatchObject({ mean: { value: 0 }, worst: 0, lrs: 7 });
  });

  it('costs where only lr wd matters, and the worst pair more than the mean', () => {
    const { optimizers, comparisons } = decoupling([
      ...synthesise({ ...bowl(-1, 7), label: 'coupled', optimizer: 'adam', seeds: 3, noise: 0.01 }),
      ...synthesise({ ...bowl(0, 7), label: 'apart', optimizer: 'adamw', seeds: 3, noise: 0.01 }),
    ]);
    const [coupled, apart] = optimizers.map(({ transfer }) => transfer);
    expect(coupled!.mean.low).toBeGreaterThan(0.01);
    expect(coupled!.worst).toBeGreaterThan(coupled!.mean.value!);
    expect(apart!.mean.value).toBeCloseTo(0, 3);
    expect(comparisons[0]!.transfer.high).toBeLessThan(-0.01);
  });

  it('is not told of one lr, nor without an interval of one seed', () => {
    const one = synthesise({ ...bowl(0, 7), lrs: [2 ** -10], label: 'a', seeds: 2, noise: 0.01 });
    expect(decoupling(one).optimizers[0]!.transfer).toMatchObject({
      mean: { value: null },
      worst: null,
      lrs: 1,
    });
    const single = decoupling(synthesise({ ...bowl(-1, 7), label: 'a', seeds: 1, noise: 0 })).optimizers[0]!;
    expect(single.transfer.mean.value).toBeGreaterThan(0);
    expect(single.transfer.mean.low).toBeNull();
  });
});

describe('anytime', () => {
  const run = (wd: number, seed: number, errors: number[], status: 'ok' | 'diverged' = 'ok') =>
    record({
      lr: 1,
      wd,
      seed,
      error: errors.at(-1)!,
      status,
      epochs: errors.map((e, k) => epochMetrics(k + 1, e)),
    });

  it('averages seeds first, then takes the best cell, and remembers the best so far', () => {
    const records = [
      run(1, 0, [0.5, 0.3, 0.4]),
      run(1, 1, [0.7, 0.3, 0.4]),
      run(2, 0, [0.55, 0.4, 0.35]),
      run(2, 1, [0.55, 0.4, 0.35]),
    ];
    const curve = anytime(records);
    expect(curve.map((p) => p.wd)).toEqual([2, 1, 2]);
    [0.55, 0.3, 0.35].forEach((e, k) => expect(curve[k]!.error).toBeCloseTo(e, 12));
    expect(curve[2]!.bestSoFar).toBeCloseTo(0.3, 12);
  });

  it('leaves out cells in which a run diverged, and says nothing of nothing', () => {
    expect(anytime([run(1, 0, [0.5]), run(2, 0, [0.1], 'diverged')]).map((p) => p.wd)).toEqual([1]);
    expect(anytime([])).toEqual([]);
  });
});

describe('budgetTrend', () => {
  const budget = (epochs: number, bestWd: number, seeds: number): RunRecord[] =>
    synthesise({
      lrs: powers(-12, 5),
      wds: [0, ...powers(-14, 9)],
      label: `${epochs}`,
      seeds,
      noise: seeds > 1 ? 0.02 : 0,
      error: (lr, wd) => {
        const w = Math.log2(Math.max(wd, 2 ** -16) / bestWd);
        return 0.1 * Math.exp(0.02 * Math.log2(lr * 1024) ** 2 + 0.04 * w * w);
      },
    }).map((r) => ({ ...r, cell: { ...r.cell, epochs } }));

  it('finds the slope of the best wd against the budget', () => {
    const records = [25, 50, 100].flatMap((t) => budget(t, 2 ** -10 * (50 / t) ** 0.5, 3));
    const { optima, slope } = budgetTrend(records);
    expect(optima.map((o) => [o.epochs, o.status])).toEqual([
      [25, 'used'],
      [50, 'used'],
      [100, 'used'],
    ]);
    for (const { epochs, wd } of optima) {
      const truth = 2 ** -10 * (50 / epochs) ** 0.5;
      expect(wd.low!).toBeLessThan(1.1 * truth);
      expect(wd.high!).toBeGreaterThan(truth / 1.1);
      expect([wd.low! < wd.value!, wd.value! < wd.high!]).toEqual([true, true]);
      expect(wd.high! / wd.low!).toBeLessThan(4);
    }
    expect(slope.low).toBeLessThan(-0.5);
    expect(slope.high).toBeGreaterThan(-0.5);
    expect(slope.value).toBeCloseTo(-0.5, 0);
  });

  it('gives the time scale of a best decay that is decoupled, and of no other', () => {
    const decoupled = (r: RunRecord) => ({ ...r, cell: { ...r.cell, optimizer: ruleOf('adamw') } });
    const records = [25, 50].flatMap((t) => budget(t, 2 ** -10, 3));
    for (const { tau } of budgetTrend(records).optima)
      expect(tau).toMatchObject({ value: null, reason: expect.any(String) as string });
    for (const { wd, tau } of budgetTrend(records.map(decoupled)).optima) {
      // The paper's convention: a full step takes wd of a weight, and an epoch of 10,000 images has 79 steps.
      expect(tau.value! * 79).toBeCloseTo(1 / wd.value!, 6);
      expect([tau.low! * 79, tau.high! * 79]).toEqual(
        [wd.high!, wd.low!].map((w) => expect.closeTo(1 / w, 6) as number),
      );
    }
  });

  it('takes percentiles of a logarithm, and next to a cliff all between the draws and the cliff', () => {
    const wds = Float64Array.from({ length: 1001 }, (_, i) => Math.log(0.5) + i / 1000);
    const of = { epochs: 5, runs: 9, tauTimesWd: 2 } as Parameters<typeof optimumOf>[0];
    const found = { wd: 0.5, status: 'used', lowest: 0.5, cliff: null } as const;
    const { wd, tau } = optimumOf(of, found, { wds, cliffs: wds.map((v) => v + 1) }, 0.95);
    expect([wd.value, wd.low, wd.high]).toEqual(
      [1, Math.exp(0.025), Math.exp(0.975)].map((x) => expect.closeTo(x / 2, 6) as number),
    );
    expect([tau.value, tau.low, tau.high]).toEqual(
      [1, Math.exp(-0.975), Math.exp(-0.025)].map((x) => expect.closeTo(4 * x, 6) as number),
    );
    const beside = { ...found, cliff: 1 };
    const above = optimumOf(of, beside, { wds, cliffs: wds.map((v) => v + 1) }, 0.95).wd;
    expect([above.low, above.high]).toEqual([0.5, expect.closeTo(Math.exp(1.975) / 2, 6)]);
    const still = optimumOf(of, beside, { wds: wds.fill(Math.log(0.5)), cliffs: wds }, 0.95).wd;
    expect([still.low, still.high]).toEqual([0.5, 1]);
  });

  it('gives no time scale where each learning rate has another one', () => {
    const rule = { ...ruleOf('adamw'), convention: 'lr' as const };
    const records = [25, 50].flatMap((t) => budget(t, 2 ** -10, 3));
    const decoupled = records.map((r) => ({ ...r, cell: { ...r.cell, optimizer: rule } }));
    const [{ wd, tau }] = budgetTrend(decoupled).optima as [BudgetOptimum];
    expect(wd.value).not.toBeNull();
    expect(tau).toMatchObject({ value: null, reason: expect.stringContaining('learning rate') as string });
  });

  it('is part of the statistics for whatever was trained at several budgets, each optimizer by itself', () => {
    const plan = { level: 0.95, replicates: 200, seed: 0 };
    const first = [25, 50, 100].flatMap((t) => budget(t, 2 ** -10 * (50 / t) ** 0.5, 3));
    const second = [25, 50].flatMap((t) =>
      budget(t, 2 ** -9, 3).map((r) => ({
        ...r,
        label: `other ${t}`,
        cell: { ...r.cell, optimizer: { ...r.cell.optimizer, beta2: 0.95 } },
      })),
    );
    const { optimizer, schedule } = first[0]!.cell;
    const name = `${optimizer.name}, ${optimizer.convention}, ${schedule.name}`;
    expect(decoupling([...first, ...second], plan).budgets).toEqual([
      { name, labels: ['25', '50', '100'], ...budgetTrend(first, plan) },
      { name, labels: ['other 25', 'other 50'], ...budgetTrend(second, plan) },
    ]);
    expect(decoupling(budget(25, 2 ** -10, 1)).budgets).toEqual([]);
  });

  it('says what the best wd of one budget costs at another', () => {
    const moving = budgetTrend([25, 100].flatMap((t) => budget(t, 2 ** -10 * (50 / t), 3)));
    expect(moving.transfer.low).toBeGreaterThan(0);
    const still = budgetTrend([25, 100].flatMap((t) => budget(t, 2 ** -10, 3)));
    expect(still.transfer.value).toBeCloseTo(0, 2);
    expect(still.transfer.high).toBeLessThan(moving.transfer.low!);
    const others = budget(100, 2 ** -10, 3).filter(({ cell }) => cell.wd > 2 ** -12);
    expect(budgetTrend([...budget(25, 2 ** -10, 3), ...others]).transfer).toMatchObject({
      value: null,
      reason: expect.any(String) as string,
    });
    expect(budgetTrend([]).transfer).toMatchObject({ value: null, reason: expect.any(String) as string });
    const single = [25, 100].flatMap((t) => budget(t, 2 ** -10, 2).filter(({ cell }) => cell.wd === 0));
    expect(budgetTrend(single).transfer).toMatchObject({ value: null, reason: expect.any(String) as string });
  });

  it('finds none where the best wd stays, and says when the optimum is outside the grid', () => {
    const still = budgetTrend([25, 50, 100].flatMap((t) => budget(t, 2 ** -10, 1)));
    expect(still.slope.value).toBeCloseTo(0, 9);
    const outside = budgetTrend([25, 50].flatMap((t) => budget(t, 2 ** -20, 1)));
    expect(outside.slope).toMatchObject({ value: null, reason: expect.any(String) as string });
    expect(budgetTrend([]).slope.value).toBeNull();
  });
});
