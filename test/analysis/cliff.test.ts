/** The best wd next to a cliff: the high errors past it must not move it away, nor may its interval ignore the cliff. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { budgetTrend, decoupling } from '../../src/analysis/index.js';
import { ridge } from '../../src/analysis/ridge.js';
import { surfaceOf } from '../../src/analysis/surface.js';
import { buildGrid } from '../../src/experiment/grid.js';
import type { RunRecord } from '../../src/experiment/record.js';
import { vertexCoverage } from './coverage.js';
import { cliff, powers, record, synthesise } from './synthetic.js';

/** Mean test errors of the published normalized-resnet at 15 epochs, wd = 2^-12 to 2^-5. */
const MEASURED = [0.1, 0.082, 0.085, 0.072, 0.063, 0.05, 0.151, 0.538];

const column = (errors: readonly number[], lr = 1): RunRecord[] =>
  errors.flatMap((error, j) =>
    [0, 1, 2].map((seed) =>
      record({ lr, wd: 2 ** (j - 12), seed, error: error * (1 + 0.03 * (seed - 1)), budget: 15 }),
    ),
  );

const surface = (errors: readonly number[]) => surfaceOf(buildGrid('a', column(errors)));
const best = (errors: readonly number[]) => ridge(surface(errors), surface(errors).error, 3e-4).columns[0]!;

describe('the best wd next to a cliff', () => {
  it('stays within half a step of the lowest cell', () => {
    const found = best(MEASURED);
    expect(found).toMatchObject({ status: 'used', lowest: 2 ** -7, cliff: 2 ** -6 });
    expect(Math.abs(Math.log2(found.wd!) + 7)).toBeLessThan(0.5);
  });

  it('has an interval that holds the lowest cell and reaches the next one', () => {
    const { wd, lowest } = budgetTrend([...column(MEASURED)]).optima[0]!;
    expect(lowest).toBe(2 ** -7);
    expect(wd.low!).toBeLessThanOrEqual(wd.value!);
    expect(wd.high!).toBeGreaterThanOrEqual(2 ** -6);
  });

  it('is that of the valley where the cliff is two cells away', () => {
    const valley = (j: number) => 0.05 * Math.exp(0.06 * (j - 4.2) ** 2);
    const errors = Array.from({ length: 8 }, (_, j) => (j > 5 ? 6 : 1) * valley(j));
    expect(Math.log2(best(errors).wd!)).toBeCloseTo(4.2 - 12, 6);
    expect(best(errors).cliff).toBe(2 ** (5 - 12));
  });

  it('is that of a parabola through five cells without one', () => {
    const errors = Array.from({ length: 8 }, (_, j) => 0.05 * Math.exp(0.06 * (j - 4.2) ** 2));
    expect(best(errors)).toMatchObject({ cliff: null, lowest: 2 ** -8 });
    expect(Math.log2(best(errors).wd!)).toBeCloseTo(4.2 - 12, 6);
  });

  it('counts a cell with a diverged run as past the cliff, however low its mean', () => {
    const smooth = Array.from({ length: 8 }, (_, j) => 0.05 * Math.exp(0.06 * (j - 4.2) ** 2));
    const records = column(smooth).map((r) =>
      r.cell.wd === 2 ** -6 && r.cell.seed === 0 ? { ...r, status: 'diverged' as const } : r,
    );
    const mixed = surfaceOf(buildGrid('a', records));
    expect(ridge(mixed, mixed.error, 3e-4).columns[0]).toMatchObject({ cliff: 2 ** -7, lowest: 2 ** -8 });
  });

  it('lies half a step from the lowest cell at most, whatever is past the cliff', () => {
    const jump = fc.double({ min: 1.5, max: 15, noNaN: true });
    fc.assert(
      fc.property(
        fc.double({ min: 2.6, max: 4.4, noNaN: true }),
        jump,
        fc.integer({ min: 1, max: 2 }),
        (at, up, k) => {
          const valley = Array.from({ length: 8 }, (_, j) => 0.05 * Math.exp(0.06 * (j - at) ** 2));
          const errors = valley.map((e, j) => (j >= Math.round(at) + k ? up * e : e));
          const found = best(errors);
          if (found.cliff === null) return;
          expect(Math.abs(Math.log2(found.wd! / found.lowest!))).toBeLessThan(0.5 + 1e-9);
          expect(found.cliff).toBeCloseTo(2 * found.lowest!, 12);
        },
      ),
    );
  });

  it('is the mirror image where the cliff is on the other side', () => {
    const [one, other] = [best(MEASURED), best(MEASURED.toReversed())];
    // wd 2^-12 to 2^-5 turns round its middle, 2^-8.5.
    expect(Math.log2(other.wd!)).toBeCloseTo(-17 - Math.log2(one.wd!), 9);
    expect(Math.log2(other.cliff!)).toBeCloseTo(-17 - Math.log2(one.cliff!), 9);
  });

  it('leaves a straight ridge its slope', () => {
    const { ridge: found } = decoupling(synthesise({ ...cliff(-1, 7, 0), label: 'a', seeds: 1, noise: 0 }))
      .optimizers[0]!;
    expect(found.slope.value).toBeCloseTo(-1, 6);
  });

  it('widens the interval of the trend with the budget to what the cliffs allow', () => {
    const grown = powers(0, 2).flatMap((factor) =>
      column(MEASURED).map((r) => ({ ...r, cell: { ...r.cell, epochs: 15 * factor } })),
    );
    const { slope } = budgetTrend(grown);
    const octave = Math.log(2 ** -6 / best(MEASURED).wd!) / Math.LN2;
    expect(slope.value).toBeCloseTo(0, 9);
    expect([slope.low, slope.high]).toEqual([expect.closeTo(-octave, 1), expect.closeTo(octave, 1)]);
  });

  it('is in most of the intervals', () => {
    for (const at of [Infinity, 1.5, 0.5, 0]) {
      const { held, n } = vertexCoverage({ noise: 0.05, seeds: 3, cliff: at }, 40)['best wd']!;
      expect([at, held / n >= 0.75]).toEqual([at, true]);
    }
  });
});
