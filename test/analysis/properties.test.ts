/** What must not change when the same experiment is written down in another way. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decoupling } from '../../src/analysis/index.js';
import { buildGrid } from '../../src/experiment/grid.js';
import { isotonic } from '../../src/analysis/isotonic.js';
import { additiveFit, explainedShare } from '../../src/analysis/additive.js';
import { analyseOptimizer } from '../../src/analysis/optimizer.js';
import type { RunRecord } from '../../src/experiment/record.js';
import { powers, record } from './synthetic.js';

const PLAN = { level: 0.95, replicates: 0, seed: 0 };

interface Table {
  readonly lrs: number;
  readonly wds: number;
  readonly errors: readonly number[];
}

const tables = fc
  .record({ lrs: fc.integer({ min: 2, max: 6 }), wds: fc.integer({ min: 3, max: 6 }) })
  .chain(({ lrs, wds }) =>
    fc.record({
      lrs: fc.constant(lrs),
      wds: fc.constant(wds),
      // Test errors are counts of wrong images. Errors equal but for rounding would make every optimum a toss-up.
      errors: fc.array(
        fc.integer({ min: 10, max: 900 }).map((wrong) => wrong / 1000),
        { minLength: lrs * wds, maxLength: lrs * wds },
      ),
    }),
  );

const recordsOf = (t: Table, lr = (v: number) => v, wd = (v: number) => v): RunRecord[] =>
  powers(-4, t.lrs).flatMap((a, i) =>
    powers(-6, t.wds).map((b, j) => record({ lr: lr(a), wd: wd(b), error: t.errors[i * t.wds + j]! })),
  );

const statistics = (records: readonly RunRecord[]) => analyseOptimizer('a', records, PLAN).statistics;

describe('the statistics', () => {
  it('do not depend on the order of the records', () => {
    fc.assert(
      fc.property(tables, fc.integer(), (table, shift) => {
        const records = recordsOf(table);
        const cut = Math.abs(shift) % records.length;
        const turned = [...records.slice(cut), ...records.slice(0, cut)].reverse();
        expect(statistics(turned)).toEqual(statistics(records));
      }),
    );
  });

  it('scale with the units of lr and wd, the slope not at all', () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: -8, max: 8 }), fc.integer({ min: -8, max: 8 }), (table, p, q) => {
        const [plain, scaled] = [
          statistics(recordsOf(table)),
          statistics(
            recordsOf(
              table,
              (lr) => lr * 2 ** p,
              (wd) => wd * 2 ** q,
            ),
          ),
        ];
        expect(scaled.best!.lr).toBe(plain.best!.lr * 2 ** p);
        expect(scaled.best!.wd).toBe(plain.best!.wd * 2 ** q);
        expect(scaled.separability).toEqual(plain.separability);
        expect(scaled.basin).toEqual(plain.basin);
        expect(scaled.regret.mean).toEqual(plain.regret.mean);
        if (plain.ridge.slope.value === null) expect(scaled.ridge.slope.value).toBeNull();
        else expect(scaled.ridge.slope.value).toBeCloseTo(plain.ridge.slope.value, 6);
      }),
    );
  });

  it('turn the sign of the slope, and nothing else, when the lr axis is turned round', () => {
    fc.assert(
      fc.property(tables, (table) => {
        const [plain, turned] = [statistics(recordsOf(table)), statistics(recordsOf(table, (lr) => 1 / lr))];
        expect(turned.basin).toEqual(plain.basin);
        expect(turned.separability.raw ?? -1).toBeCloseTo(plain.separability.raw ?? -1, 9);
        if (plain.ridge.slope.value !== null)
          expect(turned.ridge.slope.value).toBeCloseTo(-plain.ridge.slope.value, 6);
      }),
    );
  });

  it('give separability back when lr and wd change places', () => {
    fc.assert(
      fc.property(tables, (table) => {
        const swapped = recordsOf(table).map((r) => ({
          ...r,
          cell: { ...r.cell, lr: r.cell.wd, wd: r.cell.lr },
        }));
        const [a, b] = [statistics(recordsOf(table)).separability.raw, statistics(swapped).separability.raw];
        expect(b ?? -1).toBeCloseTo(a ?? -1, 9);
      }),
    );
  });

  it('do not change when every run is there twice under other seeds', () => {
    fc.assert(
      fc.property(tables, (table) => {
        const records = recordsOf(table);
        const twice = [...records, ...records.map((r) => ({ ...r, cell: { ...r.cell, seed: 1 } }))];
        const [one, two] = [statistics(records), statistics(twice)];
        expect(two.best!.mean).toBeCloseTo(one.best!.mean, 12);
        expect(two.separability.raw ?? -1).toBeCloseTo(one.separability.raw ?? -1, 9);
        expect(two.regret.worst!.regret).toBeCloseTo(one.regret.worst!.regret, 12);
        const cells = buildGrid('', twice).cells.flat();
        expect(cells.every((c) => c.sd !== null && c.sd < 1e-12)).toBe(true);
      }),
    );
  });

  it('of shares stay the same when all errors shrink by one factor', () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: 1, max: 6 }), (table, halvings) => {
        const small = { ...table, errors: table.errors.map((e) => e / 2 ** halvings) };
        const [plain, scaled] = [statistics(recordsOf(table)), statistics(recordsOf(small))];
        expect(scaled.basin.relative.value).toBe(plain.basin.relative.value);
        expect(scaled.separability.raw ?? -1).toBeCloseTo(plain.separability.raw ?? -1, 9);
      }),
    );
  });

  it('keep shares in [0, 1], single regrets from below 0, and the ends of intervals in order', () => {
    fc.assert(
      fc.property(tables, fc.integer({ min: 0, max: 9 }), (table, seed) => {
        const records = recordsOf(table);
        const jitter = records.map((r, k) => ({
          ...r,
          cell: { ...r.cell, seed: 1 },
          finalTestError: r.finalTestError! * (1 + 0.02 * Math.sin(k + seed)),
        }));
        const [o] = decoupling([...records, ...jitter], { replicates: 50, seed }).optimizers;
        expect(o!.regret.worst!.regret).toBeGreaterThanOrEqual(0);
        for (const e of [o!.basin.relative, o!.basin.absolute, o!.separability.corrected]) {
          if (e.value === null) continue;
          expect(e.value).toBeGreaterThanOrEqual(0);
          expect(e.value).toBeLessThanOrEqual(1);
          if (e.low !== null) expect(e.low).toBeLessThanOrEqual(e.high!);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('additiveFit', () => {
  it('explains all of any f(lr) + g(wd), also with cells missing', () => {
    const levels = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 6 });
    fc.assert(
      fc.property(levels, levels, fc.integer({ min: -1, max: 8 }), (f, g, hole) => {
        const table = Float64Array.from(f.flatMap((a) => g.map((b) => a + b)));
        if (hole >= 0) table[hole] = NaN;
        const share = explainedShare(additiveFit(table, g.length), 0);
        fc.pre(!Number.isNaN(share));
        expect(share).toBeCloseTo(1, 6);
      }),
    );
  });

  it('explains nothing of a pure interaction', () => {
    expect(explainedShare(additiveFit(Float64Array.from([1, -1, -1, 1]), 2), 0)).toBeCloseTo(0, 12);
  });
});

describe('isotonic', () => {
  it('is ascending, and leaves ascending data alone', () => {
    const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(values, (y) => {
        const x = y.map((_, k) => k);
        const fit = isotonic(
          x,
          y,
          x.map(() => 1),
        );
        for (let k = 1; k < fit.y.length; k++) expect(fit.y[k]!).toBeGreaterThan(fit.y[k - 1]!);
        const sorted = [...new Set(y)].sort((a, b) => a - b);
        const same = isotonic(
          sorted.map((_, k) => k),
          sorted,
          sorted.map(() => 1),
        );
        expect([...same.y]).toEqual(sorted);
      }),
    );
  });

  it('pools the textbook example', () => {
    expect([...isotonic([1, 2, 3, 4], [1, 3, 2, 4], [1, 1, 1, 1]).y]).toEqual([1, 2.5, 4]);
  });
});

describe('buildGrid', () => {
  it('states what became of each cell', () => {
    const grid = buildGrid('a', [
      record({ lr: 1, wd: 0, seed: 0, error: 0.2 }),
      record({ lr: 1, wd: 0, seed: 1, error: 0.9, status: 'diverged' }),
      record({ lr: 1, wd: 1, seed: 0, error: null, status: 'timeout' }),
      record({ lr: 2, wd: 1, seed: 0, error: 0.9, status: 'diverged' }),
      record({ lr: 2, wd: 1, seed: 0, error: 0.5 }),
    ]);
    expect(grid.cells.flat().map((c) => c.status)).toEqual(['mixed', 'missing', 'missing', 'ok']);
    expect(grid.cells[0]![0]).toMatchObject({ mean: 0.55, diverged: 1, missing: 0, errors: [0.2, 0.9] });
    expect(grid.cells[0]![1]).toMatchObject({ mean: null, sd: null, missing: 1 });
    expect(grid).toMatchObject({ runs: 3, seeds: 2, lrs: [1, 2], wds: [0, 1] });
  });
});
