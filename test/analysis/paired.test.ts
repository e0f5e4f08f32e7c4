/** The paired difference, its interval and its power: against a worked example, a simulation, and its own rules. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detectableDifference, pairedDifference, seedsToDetect } from '../../src/analysis/paired.js';
import { stream } from '../../src/random/stream.js';

const bySeed = (values: readonly number[]) => new Map(values.map((value, seed) => [seed, value]));

/** `n` differences about `shift` with standard deviation 1, behind what the seeds do to both. */
function experiment(n: number, shift: number, replication: number) {
  const random = stream(replication, 'paired');
  const pairs = Array.from({ length: n }, () => {
    const common = 10 * random.normal();
    return [common, common + shift + random.normal()] as const;
  });
  return pairedDifference(bySeed(pairs.map((p) => p[0])), bySeed(pairs.map((p) => p[1])), 0.95);
}

describe('pairedDifference', () => {
  it("gives Student's sleep data their published interval", () => {
    // Student 1908, Biometrika 6:1: the extra sleep of ten patients under two drugs; R's t.test(paired = TRUE).
    const one = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0, 2];
    const two = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
    const found = pairedDifference(bySeed(one), bySeed(two), 0.95);
    expect(found.n).toBe(10);
    expect(found.mean).toBeCloseTo(1.58, 10);
    expect(found.low).toBeCloseTo(0.7001142, 6);
    expect(found.high).toBeCloseTo(2.4598858, 6);
  });

  it('pairs by seed, leaves out seeds that one lacks, and says nothing with fewer than two pairs', () => {
    const a = new Map([[1, 0.1], [2, 0.2], [3, NaN], [7, 0.5]]); // prettier-ignore
    const b = new Map([[7, 0.4], [2, 0.3], [1, 0.1], [3, 0.1], [9, 0.9]]); // prettier-ignore
    expect(pairedDifference(a, b, 0.95).n).toBe(3);
    expect(pairedDifference(a, b, 0.95).mean).toBeCloseTo(0, 12);
    const nothing = { mean: null, low: null, high: null, detectable: null };
    expect(pairedDifference(new Map([[1, 0.1]]), b, 0.95)).toEqual({ n: 1, ...nothing });
    expect(pairedDifference(new Map(), new Map(), 0.95)).toEqual({ n: 0, ...nothing });
  });

  it('holds the truth in 95 % of experiments, and shows the detectable difference in 80 %', () => {
    for (const n of [4, 16]) {
      const shift = detectableDifference(1, n, 0.95);
      const found = Array.from({ length: 2000 }, (_, k) => experiment(n, shift, k));
      const share = (test: (d: (typeof found)[number]) => boolean) =>
        found.filter(test).length / found.length;
      expect(share(({ low, high }) => low! <= shift && shift <= high!)).toBeCloseTo(0.95, 1);
      expect(share(({ low }) => low! > 0)).toBeGreaterThan(0.77);
      expect(share(({ low }) => low! > 0)).toBeLessThan(0.85);
    }
  });

  it('turns its sign when a and b change places, does not feel the order, and scales with the unit', () => {
    const errors = fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })), { minLength: 2, maxLength: 12 }); // prettier-ignore
    fc.assert(
      fc.property(errors, (pairs) => {
        const [a, b] = [bySeed(pairs.map((p) => p[0])), bySeed(pairs.map((p) => p[1]))];
        const [one, other] = [pairedDifference(a, b, 0.9), pairedDifference(b, a, 0.9)];
        expect(other.mean).toBeCloseTo(-one.mean!, 12);
        expect(other.low).toBeCloseTo(-one.high!, 12);
        expect(other.detectable).toBeCloseTo(one.detectable!, 12);
        expect(pairedDifference(new Map([...a].reverse()), b, 0.9)).toEqual(one);
        const percent = (m: ReadonlyMap<number, number>) => new Map([...m].map(([s, e]) => [s, 100 * e]));
        expect(pairedDifference(percent(a), percent(b), 0.9).high).toBeCloseTo(100 * one.high!, 8);
      }),
    );
  });
});

describe('seedsToDetect', () => {
  it('is the first number of seeds whose detectable difference is small enough', () => {
    const n = seedsToDetect(0.5, 1, 0.95)!;
    expect(n).toBe(34);
    expect(detectableDifference(1, n, 0.95)).toBeLessThanOrEqual(0.5);
    expect(detectableDifference(1, n - 1, 0.95)).toBeGreaterThan(0.5);
  });

  it('names no number where none would do', () => {
    expect(seedsToDetect(0, 1, 0.95)).toBeNull();
    expect(seedsToDetect(1e-9, 1, 0.95)).toBeNull();
    expect(seedsToDetect(1, 0, 0.95)).toBe(2);
  });
});
