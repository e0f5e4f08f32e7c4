/** Claim 2 as a number and as a sentence. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decoupling } from '../../src/analysis/index.js';
import { shrinkages } from '../../src/analysis/shrinkage.js';
import type { DecayBucket } from '../../src/experiment/record.js';
import { verdictSentences } from '../../src/report/verdict.js';
import { record as recordOf, type Outcome } from './synthetic.js';

/** Relative decay `level * gradient^-slope`, in groups ordered by gradient. */
const buckets = (slope: number, level = 1e-3): DecayBucket[] =>
  Array.from({ length: 24 }, (_, k) => ({
    gradient: 2 ** (k / 2),
    relativeDecay: level * 2 ** ((-slope * k) / 2),
    count: 10,
  }));
const record = (more: Partial<Outcome>) => recordOf({ lr: 0.01, wd: 0.01, error: 0.1, ...more });
const run = (more: Partial<Outcome>, slope: number, level?: number) => ({
  ...record(more),
  decay: buckets(slope, level),
});

it('is the ratio of the ends, whatever the level, and turns round with the order', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.double({ min: 1e-6, max: 1, noNaN: true }),
      (slope, level) => {
        const [found] = shrinkages([run({ wd: 0.01 }, slope, level)]);
        // The ends lie 21 half octaves apart.
        expect(found!.ratio).toBeCloseTo(2 ** (slope * 10.5), 6);
      },
    ),
  );
});

it('takes the best cell that has decay, all its seeds, and nothing without a recording', () => {
  const runs = [
    run({ wd: 0, error: 0.01, seed: 0 }, 1),
    run({ wd: 0.01, error: 0.1, seed: 0 }, 0.2),
    run({ wd: 0.01, error: 0.1, seed: 1 }, 0.4),
    run({ wd: 0.1, error: 0.2, seed: 0 }, 0.8),
    record({ wd: 0.02, error: 0.001, seed: 0 }),
  ];
  const [found] = shrinkages(runs);
  expect(found).toMatchObject({ runs: 2 });
  expect(found!.ratio).toBeCloseTo(2 ** (0.3 * 10.5), 9);
  expect(found!.least).toBeCloseTo(2 ** (0.2 * 10.5), 9);
  expect(found!.most).toBeCloseTo(2 ** (0.4 * 10.5), 9);
  expect(shrinkages([record({ wd: 0.1 })])).toEqual([]);
});

it('is said in the verdict', () => {
  const sentences = (slope: number) => verdictSentences(decoupling([run({ wd: 0.01 }, slope)])).join(' ');
  expect(sentences(0)).toContain('decays all weights nearly alike');
  expect(sentences(0.3)).toContain('the weights with the largest gradients 8.88 times less');
  expect(sentences(-0.3)).toContain(
    'the weights with the smallest gradients 8.88 times less, relative to their size, than those with the largest (8.88 to 8.88 in 1 run)',
  );
});
