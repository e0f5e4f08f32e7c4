/** The whole of the statistics on experiments whose truth is known, and on experiments that say nothing. */
import { describe, expect, it } from 'vitest';
import { decoupling, type Decoupling } from '../../src/analysis/index.js';
import { verdictSentences } from '../../src/report/verdict.js';
import { bowl, powers, record, synthesise } from './synthetic.js';

const ridgeAndBowl = (noise: number, seeds: number) => [
  ...synthesise({ ...bowl(-1, 9), label: 'Adam', optimizer: 'adam', seeds, noise }),
  ...synthesise({
    ...bowl(0, 9),
    label: 'AdamW',
    optimizer: 'adamw',
    seeds,
    noise,
    error: (lr, wd) => 0.85 * bowl(0, 9).error(lr, wd),
  }),
];

/** Every number in a value, however deep. */
function numbers(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(numbers) : [];
}

const survivesJson = (result: Decoupling) => {
  expect(numbers(result).every(Number.isFinite)).toBe(true);
  expect(JSON.parse(JSON.stringify(result))).toEqual(result);
};

describe('decoupling', () => {
  it('finds a separable bowl separable and a diagonal ridge diagonal', () => {
    const result = decoupling(ridgeAndBowl(0.03, 3));
    const [adam, adamw] = result.optimizers;
    expect(adam!.ridge.slope.value).toBeCloseTo(-1, 1);
    expect(adamw!.ridge.slope.value).toBeCloseTo(0, 1);
    expect(adamw!.separability.corrected.value).toBeGreaterThan(0.98);
    expect(adam!.separability.corrected.value).toBeLessThan(0.6);
    const [pair] = result.comparisons;
    expect(pair).toMatchObject({ a: 'Adam', b: 'AdamW', kind: 'decoupling', runs: [270, 270] });
    expect(pair!.best.high).toBeLessThan(0);
    expect(pair!.bestRelative.low).toBeLessThan(-0.15);
    expect(pair!.bestRelative.high).toBeGreaterThan(-0.15);
    expect(pair!.separability.low).toBeGreaterThan(0);
    expect(pair!.slope.low).toBeGreaterThan(0);
    survivesJson(result);
  });

  it('is exact without noise', () => {
    const result = decoupling(synthesise({ ...bowl(0, 7), label: 'a', seeds: 1, noise: 0 }));
    const [only] = result.optimizers;
    expect(only!.separability.raw).toBeCloseTo(1, 10);
    expect(only!.ridge.slope.value).toBeCloseTo(0, 10);
    expect(only!.regret.mean.value).toBeCloseTo(0, 10);
    expect(only!.best!.lr).toBe(2 ** -10);
    expect(only!.best!.edge).toBe(false);
  });

  it('refines the optimum below the step of the grid', () => {
    const { ridge } = decoupling(synthesise({ ...bowl(-0.5, 7), label: 'a', seeds: 1, noise: 0 }))
      .optimizers[0]!;
    const middle = ridge.columns.find((c) => c.lr === 2 ** -10)!;
    expect(Math.log2(middle.wd!)).toBeCloseTo(-10 + 0.3, 6);
    expect(ridge.slope.value).toBeCloseTo(-0.5, 6);
    expect(ridge.columns.reduce((sum, c) => sum + c.weight, 0)).toBeCloseTo(1, 10);
  });

  it('puts the L2 optimizer first whatever the order of the records', () => {
    const [pair] = decoupling(ridgeAndBowl(0.03, 2).reverse(), { replicates: 200 }).comparisons;
    expect([pair!.a, pair!.b]).toEqual(['Adam', 'AdamW']);
  });

  it('gives the same numbers for the same records, and others for another bootstrap seed', () => {
    const records = ridgeAndBowl(0.05, 2);
    const once = decoupling(records, { replicates: 200 });
    expect(decoupling(records, { replicates: 200 })).toEqual(once);
    expect(decoupling(records, { replicates: 200, seed: 1 })).not.toEqual(once);
  });

  it('says that one seed cannot show seed noise, and still gives the values', () => {
    const result = decoupling(ridgeAndBowl(0.03, 1));
    const { best, separability, generalisation } = result.comparisons[0]!;
    for (const e of [best, separability]) {
      expect(e.value).not.toBeNull();
      expect(e.low).toBeNull();
      expect(e.reason).toEqual(expect.any(String));
    }
    expect(generalisation.difference.low).not.toBeNull();
  });

  it('recovers a known gain at equal training loss, also from epochs', () => {
    const epochsOf = (factor: number, loss: number) =>
      [3, 2, 1].map((k, e) => ({
        ...{
          epoch: e + 1,
          lr: 0.1,
          trainError: 0,
          testLoss: 0,
          thetaNorm: 1,
          imagesPerSecond: 1,
          seconds: 1,
        },
        trainLoss: loss * k,
        testError: factor * 0.2 * (loss * k) ** 0.5,
      }));
    const records = (['adam', 'adamw'] as const).flatMap((optimizer, k) =>
      powers(-8, 6).flatMap((lr) =>
        powers(-8, 4).map((wd) => {
          const loss = 0.1 * (lr * 256) ** 0.5 * (wd * 256) ** 0.2;
          const epochs = epochsOf(k ? 0.85 : 1, loss);
          const last = epochs.at(-1)!;
          return record({
            ...{ label: optimizer, optimizer, lr, wd, epochs },
            error: last.testError,
            trainLoss: last.trainLoss,
          });
        }),
      ),
    );
    for (const points of ['final', 'epochs'] as const) {
      const { relative, curve, range } = decoupling(records, { points }).comparisons[0]!.generalisation;
      expect(relative.value).toBeCloseTo(-0.15, 2);
      expect(relative.low).toBeLessThanOrEqual(-0.15 + 1e-3);
      expect(range![0]).toBeLessThan(range![1]);
      expect(curve.every((p) => p.b < p.a)).toBe(true);
    }
  });
});

describe('decoupling on records that say little', () => {
  const grid = (lrs: number[], wds: number[], error: (k: number) => number | null, status = 'ok') =>
    lrs.flatMap((lr) =>
      wds.map((wd, k) => record({ lr, wd, error: error(k), status: status as 'ok', trainLoss: 0.1 })),
    );
  const cases = {
    'no records': [],
    'one cell': grid([0.1], [0.1], () => 0.2),
    'all diverged': grid(powers(-4, 4), powers(-4, 4), () => 0.9, 'diverged'),
    'all failed': grid(powers(-4, 4), powers(-4, 4), () => null, 'failed'),
    'one lr': grid([0.1], powers(-4, 5), (k) => 0.1 + 0.01 * (k - 2) ** 2),
    'wd = 0 only': grid(powers(-4, 5), [0], () => 0.2),
    'NaN errors': grid(powers(-4, 3), powers(-4, 3), () => NaN),
    'errors of zero': grid(powers(-4, 4), [0, ...powers(-4, 4)], () => 0),
    'a constant surface': grid(powers(-4, 4), powers(-4, 4), () => 0.3),
    'one zero among others': grid(powers(-4, 4), powers(-4, 4), (k) => 0.1 * k),
  };
  for (const [name, records] of Object.entries(cases))
    it(`never throws and says why: ${name}`, () => {
      const twoSeeds = records.map((r) => ({ ...r, cell: { ...r.cell, seed: 1 } }));
      for (const all of [
        records,
        [...records, ...twoSeeds],
        [...records, ...records.map((r) => ({ ...r, label: 'b' }))],
      ]) {
        const result = decoupling(all, { replicates: 50 });
        survivesJson(result);
        for (const o of result.optimizers)
          for (const e of [o.separability.corrected, o.ridge.slope, o.basin.relative, o.regret.mean])
            if (e.value === null || e.low === null) expect(e.reason).toBeTruthy();
        expect(verdictSentences(result).length).toBeGreaterThan(0);
        expect(verdictSentences(result).join(' ')).not.toMatch(/NaN|undefined|null|Infinity/);
      }
    });

  it('names what is not identifiable', () => {
    const [oneLr] = decoupling(cases['one lr']).optimizers;
    expect(oneLr!.separability.corrected).toMatchObject({ value: null, low: null });
    expect(oneLr!.ridge.slope).toMatchObject({ value: null, reason: expect.any(String) as string });
    const [empty] = decoupling(cases['all failed']).optimizers;
    expect(empty!.best).toBeNull();
    expect(empty!.reason).toEqual(expect.any(String));
    expect(decoupling(cases['a constant surface']).optimizers[0]!.separability.raw).toBeNull();
  });

  it('counts the columns whose optimum lies at an edge or at wd = 0, and leaves them out', () => {
    const wds = [0, ...powers(-4, 5)];
    const errors: Record<number, number[]> = {
      1: [0.5, 0.1, 0.2, 0.3, 0.4, 0.5],
      2: [0.05, 0.3, 0.2, 0.1, 0.2, 0.3],
      3: [0.5, 0.3, 0.2, 0.1, 0.2, 0.3],
      4: [0.5, 0.4, 0.3, 0.2, 0.1, 0.05],
      5: [0.2, 0.2, 0.2, 0.2, 0.2, 0.2],
    };
    const records = Object.entries(errors).flatMap(([lr, row]) =>
      row.map((error, k) => record({ lr: Number(lr), wd: wds[k]!, error })),
    );
    const { ridge } = decoupling(records).optimizers[0]!;
    expect(ridge.columns.map((c) => c.status)).toEqual(['edge', 'zero', 'used', 'edge', 'flat']);
    expect(ridge).toMatchObject({ used: 1, censored: 3, intercept: null });
  });
});
