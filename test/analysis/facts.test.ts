/** What the verdict may state, from intervals alone. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decoupling,
  favoursOf,
  pairFacts,
  verdictFacts,
  type Comparison,
  type Decoupling,
  type Estimate,
} from '../../src/analysis/index.js';
import { bowl, synthesise } from './synthetic.js';

const side = (label: string, optimizer: 'adam' | 'adamw' | 'sgd' | 'sgdw') =>
  synthesise({ ...bowl(-0.5, 5), label, optimizer, seeds: 3, noise: 0.05 });
const found = decoupling([...side('Adam', 'adam'), ...side('AdamW', 'adamw')], { replicates: 50 });
/** Its cells without divergence say nothing on separability until a test lets them. */
const real: Decoupling = {
  ...found,
  optimizers: found.optimizers.map((o) => ({
    ...o,
    separability: { ...o.separability, rawConverged: null },
  })),
};

const around = (value: number, half: number): Estimate => ({ value, low: value - half, high: value + half });
const unknown: Estimate = { value: 0.1, low: null, high: null, reason: 'Why.' };
const open = around(0, 1);

/** The real statistics with other intervals of the differences. */
const factsWith = (changes: Partial<Comparison>, change: (d: Decoupling) => Decoupling = (d) => d) => {
  const comparison = {
    ...real.comparisons[0]!,
    transfer: open,
    separability: open,
    regret: open,
    ...changes,
  };
  return pairFacts(change({ ...real, comparisons: [comparison] }), comparison);
};

describe('favoursOf', () => {
  it('names a side only where the interval excludes 0, and the other one where more is better', () => {
    const end = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(end, end, (x, y) => {
        const [low, high] = [Math.min(x, y), Math.max(x, y)];
        const estimate = { value: (low + high) / 2, low, high };
        const expected = low > 0 ? 'a' : high < 0 ? 'b' : 'open';
        expect(favoursOf(estimate, 'less')).toBe(expected);
        const turned = { a: 'b', b: 'a', open: 'open' }[expected];
        expect(favoursOf(estimate, 'more')).toBe(turned);
        expect(favoursOf({ value: -estimate.value, low: -high, high: -low }, 'less')).toBe(turned);
      }),
    );
    expect(favoursOf(unknown, 'less')).toBe('unknown');
    expect(favoursOf({ value: 1, low: 0, high: 2 }, 'less')).toBe('open');
  });
});

describe('the side that is easier to tune', () => {
  const less = around(-2, 1);
  const greater = around(2, 1);
  // Less transfer and regret favour b, more separability does.
  it.each([
    ['open', open, open, open],
    ['b', less, open, open],
    ['b', open, greater, open],
    ['b', open, open, less],
    ['b', less, greater, less],
    ['a', greater, open, unknown],
    ['a', unknown, less, greater],
    ['mixed', less, open, greater],
    ['mixed', greater, greater, open],
    ['open', unknown, open, unknown],
    ['unknown', unknown, unknown, unknown],
  ] as const)('is %s', (expected, transfer, separability, regret) => {
    expect(factsWith({ transfer, separability, regret }).easier).toBe(expected);
  });

  it('is not told by a separability that the cells without divergence contradict', () => {
    const contradicting = (d: Decoupling): Decoupling => ({
      ...d,
      optimizers: d.optimizers.map((o, k) => ({
        ...o,
        separability: { ...o.separability, rawConverged: k === 0 ? 0.9 : 0.5 },
      })),
    });
    expect(factsWith({ separability: around(0.3, 0.1) }).easier).toBe('b');
    expect(factsWith({ separability: around(0.3, 0.1) }, contradicting).easier).toBe('open');
    expect(factsWith({ separability: around(-0.3, 0.1) }, contradicting).easier).toBe('a');
  });
});

describe('the seeds that would tell', () => {
  it('bring the interval to a width at which the difference shows with 80 %', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 0.1, noNaN: true }),
        fc.double({ min: 1, max: 10, noNaN: true }),
        (difference, times) => {
          const half = difference * times;
          const { error, seeds } = factsWith({ best: around(difference, half) });
          expect(seeds).toBe(3);
          const needed = error.seedsNeeded!;
          const width = (n: number) => half * Math.sqrt(seeds / n);
          // (1.96 + 0.84) / 1.96 half-widths lie between 0 and the difference.
          expect(difference).toBeGreaterThanOrEqual(1.43 * width(needed) * (1 - 1e-9));
          expect(needed > seeds).toBe(true);
          if (needed > seeds + 1) expect(difference).toBeLessThan(1.43 * width(needed - 1));
        },
      ),
    );
  });

  it('are not named where nobody would train so many, or nothing is open', () => {
    expect(factsWith({ best: around(0.001, 0.1) }).error.seedsNeeded).toBeNull();
    expect(factsWith({ best: around(0, 0.1) }).error.seedsNeeded).toBeNull();
    expect(factsWith({ best: unknown }).error.seedsNeeded).toBeNull();
    expect(factsWith({ best: around(0.2, 0.1) }).error).toMatchObject({ favours: 'a', seedsNeeded: null });
  });
});

describe('what the verdict is about', () => {
  it('is the first pair of an L2 optimizer and its decoupled form, then the others of that kind', () => {
    const four = [
      ...side('SGD', 'sgd'),
      ...side('AdamW', 'adamw'),
      ...side('Adam', 'adam'),
      ...side('SGDW', 'sgdw'),
    ];
    const facts = verdictFacts(decoupling(four, { replicates: 20 }));
    if (facts.kind !== 'pairs') throw new Error('no pair');
    expect([facts.first, ...facts.others].map(({ a, b }) => [a.label, b.label])).toEqual([
      ['SGD', 'SGDW'],
      ['Adam', 'AdamW'],
    ]);
  });

  it('is the first pair where none is of that kind, one optimizer where there is no other, else nothing', () => {
    const other = verdictFacts(
      decoupling([...side('Adam', 'adam'), ...side('SGD', 'sgd')], { replicates: 20 }),
    );
    expect(other).toMatchObject({
      kind: 'pairs',
      first: { a: { label: 'Adam' }, b: { label: 'SGD' } },
      others: [],
    });
    expect(verdictFacts(decoupling(side('Adam', 'adam'), { replicates: 20 }))).toMatchObject({
      kind: 'single',
    });
    expect(verdictFacts(decoupling([]))).toEqual({ kind: 'none' });
  });

  it('refuses a comparison of other statistics', () => {
    const stranger = { ...real.comparisons[0]!, a: 'Lion' };
    expect(() => pairFacts(real, stranger)).toThrow('No statistics of Lion or AdamW');
  });
});
