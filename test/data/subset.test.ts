import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balancedSubset, withLabelNoise } from '../../src/data/subset.js';
import { stream } from '../../src/random/stream.js';

const labels = Uint8Array.from({ length: 200 }, (_, i) => (i * i) % 5);
const countsOf = (chosen: Iterable<number>, classes: number) => {
  const counts = Array.from({ length: classes }, () => 0);
  for (const label of chosen) counts[label]!++;
  return counts;
};

describe('subsets', () => {
  it('have as many of each class as there can be, in ascending order, none twice', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(4), { minLength: 1, maxLength: 80 }),
        fc.nat(100),
        fc.nat(9),
        (list, k, seed) => {
          const all = Uint8Array.from(list);
          const count = 1 + (k % list.length);
          const indices = balancedSubset(all, 5, count, stream(seed), 'x');
          expect(indices.length).toBe(count);
          expect([...indices]).toEqual([...new Set(indices)].sort((a, b) => a - b));
          const there = countsOf(all, 5);
          const taken = countsOf(
            Array.from(indices, (i) => all[i]!),
            5,
          );
          const most = Math.max(...taken);
          // A class with fewer than the largest (less the remainder) was used up.
          taken.forEach((n, c) => expect(n >= most - 1 || n === there[c]).toBe(true));
        },
      ),
    );
  });

  it('depend on the seed, and on nothing else', () => {
    const draw = (seed: number) => [...balancedSubset(labels, 5, 40, stream(seed), 'x')];
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('are everything by default, and refuse more than there is', () => {
    expect(balancedSubset(labels, 5, undefined, stream(0), 'x')).toEqual(
      Int32Array.from(labels, (_, i) => i),
    );
    expect(() => balancedSubset(labels, 5, 201, stream(0), "mnist's test split")).toThrow(
      expect.objectContaining({ code: 'data-too-few' }),
    );
  });
});

describe('label noise', () => {
  it('replaces exactly the share, each by another class in range', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(99), (share, seed) => {
        const noisy = withLabelNoise(labels, 5, share, stream(seed));
        expect(noisy.filter((label, i) => label !== labels[i]).length).toBe(Math.round(share * 200));
        expect(Math.max(...noisy)).toBeLessThan(5);
      }),
    );
  });

  it('leaves the original alone and keeps 16-bit labels', () => {
    const wide = Uint16Array.from([300, 301, 302, 303]);
    const noisy = withLabelNoise(wide, 1000, 1, stream(0));
    expect([...wide]).toEqual([300, 301, 302, 303]);
    expect(noisy).toBeInstanceOf(Uint16Array);
  });

  it('draws every other class', () => {
    const noisy = withLabelNoise(new Uint8Array(1000), 4, 1, stream(0));
    expect(countsOf(noisy, 4).map((n) => n > 250)).toEqual([false, true, true, true]);
  });
});
