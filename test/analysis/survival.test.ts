/** Censored waits against lifelines and scipy (fixtures/survival/make.py), and rules that hold for all of them. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  kaplanMeier,
  medianInterval,
  medianWait,
  restrictedMean,
  shareInterval,
  type Waiting,
} from '../../src/analysis/survival.js';
import { waitRatio } from '../../src/analysis/waitRatio.js';

interface Fixture {
  readonly cases: readonly {
    readonly waits: readonly Waiting[];
    readonly curve: readonly (readonly [number, number])[];
    readonly median: number | null;
    readonly restrictedMean: readonly [number, number];
    readonly interval: readonly [number | null, number | null] | null;
  }[];
  readonly shares: readonly (readonly [number, number, number, number])[];
  readonly tests: readonly { readonly a: Waiting[]; readonly b: Waiting[]; readonly p: number }[];
}

const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/survival/survival.json', import.meta.url), 'utf8'),
) as Fixture;

describe('the numbers of lifelines and scipy', () => {
  it('are those of the curve, the median and the restricted mean', () => {
    for (const { waits, curve, median, restrictedMean: [at, mean] } of fixture.cases) {
      const found = kaplanMeier(waits);
      expect(found.map(({ steps }) => steps)).toEqual(curve.map(([steps]) => steps));
      found.forEach(({ left }, i) => expect(left).toBeCloseTo(curve[i]![1], 12));
      // Where the curve is at 1/2, rounding decides for lifelines: 0.5000000000000001 is not yet 1/2.
      const half = curve.find(([, left]) => Math.abs(left - 0.5) < 1e-9);
      expect(medianWait(waits)).toBe(half ? half[0] : median);
      expect(restrictedMean(waits, at)).toBeCloseTo(mean, 9);
    } // prettier-ignore
  });

  it('are those of the order-statistic interval, where one holds 95 %', () => {
    for (const { waits, interval } of fixture.cases) {
      if (!interval) continue;
      const found = medianInterval(waits, 0.95)!;
      if (found.confidence < 0.95) expect(waits.length).toBeLessThan(6);
      else
        expect([found.low, Number.isFinite(found.high) ? found.high : null]).toEqual([
          // scipy takes a censored wait for a very long one; here it may have ended at the horizon.
          interval[0] === null || interval[0] === 1e9 ? waits[0]!.horizon : interval[0],
          interval[1],
        ]);
    }
  });

  it('are those of the exact interval of a share', () => {
    for (const [k, n, low, high] of fixture.shares) {
      const found = shareInterval(k, n, 0.95);
      expect(found.low).toBeCloseTo(low, 9);
      expect(found.high).toBeCloseTo(high, 9);
    }
  });

  it('are those of the permutation test', () => {
    for (const { a, b, p } of fixture.tests) expect(waitRatio(a, b, 0.95).p).toBeCloseTo(p, 12);
  });
});

const horizon = 1000;
const wait = fc
  .option(fc.integer({ min: 1, max: 40 }), { freq: 3 })
  .map((tens): Waiting => ({ steps: tens === null ? null : tens * 25, horizon }));
const runs = (...steps: (number | null)[]) => steps.map((at): Waiting => ({ steps: at, horizon }));
const waits = (most: number) => fc.array(wait, { minLength: 1, maxLength: most });

describe('medians', () => {
  it('do not fall where a run is censored when it would have ended', () => {
    fc.assert(
      fc.property(waits(10), fc.nat(), (all, pick) => {
        const i = pick % all.length;
        const { steps } = all[i]!;
        const censored = all.with(i, { steps: null, horizon: steps ?? horizon });
        expect(medianWait(censored) ?? Infinity).toBeGreaterThanOrEqual(medianWait(all) ?? Infinity);
      }),
    );
  });

  it('lie in their interval, and do not depend on the order of the runs', () => {
    fc.assert(
      fc.property(waits(12), fc.infiniteStream(fc.nat()), (all, keys) => {
        const { low, high } = medianInterval(all, 0.95)!;
        const median = medianWait(all) ?? Infinity;
        expect(low).toBeLessThanOrEqual(median);
        expect(high).toBeGreaterThanOrEqual(median);
        const turned = all
          .map((one) => ({ one, key: keys.next().value! }))
          .sort((x, y) => x.key - y.key)
          .map(({ one }) => one);
        expect(kaplanMeier(turned)).toEqual(kaplanMeier(all));
        expect(medianInterval(turned, 0.95)).toEqual(medianInterval(all, 0.95));
      }),
    );
  });
});

describe('the ratio of waits', () => {
  it('has an interval that holds 1 where the test does not reject it', () => {
    fc.assert(
      fc.property(waits(6), waits(6), (a, b) => {
        const { low, high, p } = waitRatio(a, b, 0.95);
        if (p > 0.05 + 1e-9) {
          expect(low).toBeLessThanOrEqual(1);
          expect(high).toBeGreaterThanOrEqual(1);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('turns when the two are exchanged', () => {
    fc.assert(
      fc.property(waits(6), waits(6), (a, b) => {
        const [one, other] = [waitRatio(a, b, 0.95), waitRatio(b, a, 0.95)];
        expect(other.p).toBeCloseTo(one.p, 9);
        expect(1 / other.high).toBeCloseTo(one.low, 9);
        expect(1 / one.high).toBeCloseTo(other.low, 9);
        if (one.value !== null) expect(other.value! * one.value).toBeCloseTo(1, 9);
      }),
      // The last wait of the second group ends at the horizon itself.
      { numRuns: 40, examples: [[runs(null, null, null, null, 25), runs(25, 700, 25, horizon)]] },
    );
  });

  it('is the factor by which both waits and horizons grow', () => {
    const a = [100, 150, 230, 300, 420].map((steps): Waiting => ({ steps, horizon }));
    const b = a.map(({ steps }): Waiting => ({ steps: 2 * steps!, horizon: 2 * horizon }));
    const found = waitRatio(a, b, 0.95);
    expect(found.value).toBeCloseTo(2, 12);
    expect(found.low).toBeLessThan(2);
    expect(found.high).toBeGreaterThan(2);
  });
});
