/** The verdict, read as somebody who doubts it: is its first sentence true, and are the others what the numbers say? */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decoupling } from '../../src/analysis/index.js';
import type { RunRecord } from '../../src/experiment/record.js';
import { renderVerdict, verdictSentences } from '../../src/report/verdict.js';
import { bowl, synthesise, type Synthetic } from '../analysis/synthetic.js';

type Optimizer = 'adam' | 'adamw' | 'sgd' | 'sgdw';

/** An optimizer whose ridge has this slope and whose errors are `factor` times those of the bowl. */
function side(
  label: string,
  optimizer: Optimizer,
  { slope = 0, factor = 1, noise = 0.02, seeds = 3, ...more }: Partial<Synthetic> & { slope?: number; factor?: number } = {}, // prettier-ignore
): RunRecord[] {
  const shape = bowl(slope, 7);
  const error = (lr: number, wd: number) => factor * shape.error(lr, wd);
  const trainLoss = (lr: number, wd: number) => Math.exp(Math.log2(lr) + 0.1 * Math.log2(wd || 2 ** -15));
  return synthesise({ ...shape, label, optimizer, seeds, noise, error, trainLoss, ...more });
}

const verdictOf = (records: readonly RunRecord[]) =>
  verdictSentences(decoupling(records, { replicates: 200 }));
const withoutZero = (records: readonly RunRecord[]) => records.filter(({ cell }) => cell.wd > 0);
const failed = (records: readonly RunRecord[]) =>
  records.map((r) => ({ ...r, status: 'failed' as const, finalTestError: null, finalTrainLoss: null }));

const effect = [...side('Adam', 'adam', { slope: -1 }), ...side('AdamW', 'adamw', { factor: 0.8 })];
const opposite = [...side('Adam', 'adam', { factor: 0.8 }), ...side('AdamW', 'adamw', { slope: -1 })];
/** Only a cell without decay is good: an optimum at wd = 0. */
const undecayed = (label: string, optimizer: Optimizer) =>
  side(label, optimizer, {
    error: (lr, wd) => (wd === 0 ? 0.1 : 0.2) * Math.exp(0.02 * (Math.log2(lr) + 10) ** 2),
  });
const past = (lr: number, wd: number) => Math.log2(lr) + Math.log2(wd || 2 ** -40) > -18;

const CASES: Readonly<Record<string, readonly [records: readonly RunRecord[], first: string]>> = {
  'the effect is there': [effect, 'AdamW makes fewer errors here than Adam, and it is easier to tune.'],
  'the opposite is there': [opposite, 'Adam makes fewer errors here than AdamW, and it is easier to tune.'],
  'better, but harder to tune': [
    [...side('Adam', 'adam'), ...side('AdamW', 'adamw', { slope: -1, factor: 0.8 })],
    'AdamW makes fewer errors here than Adam, but Adam is easier to tune.',
  ],
  'nothing is there': [
    [...side('Adam', 'adam', { noise: 0.1 }), ...side('AdamW', 'adamw', { noise: 0.1 })],
    'These runs cannot tell whether AdamW or Adam makes fewer errors, or which is easier to tune.',
  ],
  'one seed': [
    [...side('Adam', 'adam', { seeds: 1 }), ...side('AdamW', 'adamw', { seeds: 1, factor: 0.5 })],
    'These runs cannot tell whether AdamW or Adam makes fewer errors, or which is easier to tune.',
  ],
  'one optimizer only': [side('AdamW', 'adamw'), 'Only AdamW was trained, so nothing is compared.'],
  'no wd = 0': [withoutZero(effect), 'AdamW makes fewer errors here than Adam, and it is easier to tune.'],
  'both best without decay': [
    [...undecayed('Adam', 'adam'), ...undecayed('AdamW', 'adamw')],
    'Weight decay does not help here: AdamW and Adam are both best without it, where decoupling changes nothing.',
  ],
  'no wd but 0': [
    [...side('Adam', 'adam'), ...side('AdamW', 'adamw')].filter(({ cell }) => cell.wd === 0),
    'No weight decay was tried here, and without it AdamW and Adam are the same optimizer.',
  ],
  'some cells diverged': [
    [
      ...side('Adam', 'adam', { slope: -1, diverges: past }),
      ...side('AdamW', 'adamw', { factor: 0.8, diverges: past }),
    ],
    'AdamW makes fewer errors here than Adam, and it is easier to tune.',
  ],
  'one optimizer diverged everywhere': [
    [...side('Adam', 'adam', { diverges: () => true }), ...side('AdamW', 'adamw')],
    "Only AdamW learned here: every run of Adam's best setting diverged.",
  ],
  'everything diverged': [
    [...side('Adam', 'adam', { diverges: () => true }), ...side('AdamW', 'adamw', { diverges: () => true })],
    'AdamW and Adam learned nothing here: every run of their best settings diverged.',
  ],
  'one optimizer failed': [
    [...failed(side('Adam', 'adam')), ...side('AdamW', 'adamw')],
    'Adam has no result, so there is nothing to compare AdamW with.',
  ],
  'everything failed': [
    [...failed(side('Adam', 'adam')), ...failed(side('AdamW', 'adamw'))],
    'Neither AdamW nor Adam has a result, so nothing is compared.',
  ],
  'no records': [[], 'There are no runs yet, so there is nothing to say.'],
};

describe('the first sentence', () => {
  it.each(Object.entries(CASES))('is true where %s', (_, [records, first]) => {
    expect(verdictOf(records)[0]).toBe(first);
  });

  it('claims fewer errors for the one, and only where, the interval says so', () => {
    const experiment = fc.record({
      factor: fc.double({ min: 0.7, max: 1.4, noNaN: true }),
      noise: fc.double({ min: 0.01, max: 0.3, noNaN: true }),
      seeds: fc.integer({ min: 1, max: 4 }),
      slope: fc.constantFrom(-1, 0),
      replication: fc.nat(1000),
    });
    fc.assert(
      fc.property(experiment, ({ factor, slope, ...more }) => {
        const records = [
          ...side('Adam', 'adam', more),
          ...side('AdamW', 'adamw', { ...more, factor, slope }),
        ];
        const result = decoupling(records, { replicates: 50 });
        const { low, high } = result.comparisons[0]!.best;
        const [first] = verdictSentences(result);
        const claims = ['AdamW makes fewer errors here than Adam', 'Adam makes fewer errors here than AdamW'];
        const claimed = claims.findIndex((claim) => first!.startsWith(claim));
        if (first!.startsWith('Weight decay does not help')) return;
        expect(claimed).toBe(low === null ? -1 : high! < 0 ? 0 : low > 0 ? 1 : -1);
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});

describe('every sentence', () => {
  it.each(Object.entries(CASES))('is short, whole and without riddles where %s', (_, [records]) => {
    const sentences = verdictOf(records);
    expect(sentences.length).toBeLessThanOrEqual(6);
    for (const sentence of sentences) {
      expect(sentence).toMatch(/^[A-Z].*\.$/);
      expect(sentence).not.toMatch(/NaN|undefined|null|Infinity|\.\.| {2}/);
      expect(sentence.split(' ').length).toBeLessThanOrEqual(42);
    }
    // No statistics in the first.
    expect(sentences[0]).not.toMatch(/\d(?! optimizer)|interval|eparability|slope/);
  });
});

describe('the numbers', () => {
  const result = decoupling(effect, { replicates: 200 });
  const sentences = verdictSentences(result);

  it('are those of the statistics, a difference in words and not by its sign', () => {
    const { low, high, value } = result.comparisons[0]!.best;
    const points = (v: number) => Math.abs(100 * v).toFixed(100 * (high! - low!) < 5 ? 2 : 1);
    const expected = result.optimizers.find(({ label }) => label === 'AdamW')!.best!.expected.value!;
    expect(sentences[1]).toBe(
      `AdamW is expected to err on ${points(expected)}% of the test set, ${points(value!)} points less than Adam (95% interval ${points(high!)} to ${points(low!)} less).`,
    );
    expect(sentences[2]).toMatch(
      /^Keeping a tuned weight decay at another learning rate costs ([\d.]+ points of error|nothing) with AdamW, [\d.]+ points less than with Adam \(95% interval [\d.]+ to [\d.]+ less\)\.$/,
    );
    expect(sentences.join(' ')).toMatch(/At equal training loss AdamW makes [\d.]+% fewer errors than Adam/);
  });

  it('turn round with the labels', () => {
    expect(verdictOf(opposite)[1]).toMatch(/^AdamW .* points more than Adam \(95% interval .* more\)\.$/);
    expect(verdictOf(opposite)[2]).toMatch(
      /points more than with Adam \(95% interval [\d.]+ to [\d.]+ more\)\.$/,
    );
  });

  it('say that an open difference may be chance, and how many more seeds would tell', () => {
    const noisy = (more: object) => [
      ...side('Adam', 'adam', { noise: 0.1, ...more }),
      ...side('AdamW', 'adamw', { noise: 0.1, factor: 0.97, ...more }),
    ];
    const text = verdictOf(noisy({ replication: 1 })).join('\n');
    expect(text).toMatch(/95% interval [\d.]+ less to [\d.]+ more\), which may be chance/);
    expect(text).toMatch(/(about \d+ more seeds?|more than 1,000 seeds) would show the difference in error/);
    expect(verdictOf(CASES['one seed']![0]).join(' ')).toContain('One seed does not show what is chance');
  });

  it('doubt a best setting on the border of its grid, or with diverged runs', () => {
    const border = effect.filter(({ cell }) => cell.lr <= 2 ** -10);
    expect(verdictOf(border)[1]).toMatch(/; the best of .* lies on the border of the grid\.$/);
    const best = result.optimizers.find(({ label }) => label === 'AdamW')!.best!;
    // So bad elsewhere that the cell stays the best although a seed diverged.
    const mixed = effect.map((r) =>
      r.label !== 'AdamW'
        ? r
        : r.cell.lr === best.lr && r.cell.wd === best.wd
          ? { ...r, ...(r.cell.seed === 0 ? { status: 'diverged' as const, finalTestError: 0.9 } : {}) }
          : { ...r, finalTestError: 0.8 },
    );
    expect(verdictOf(mixed)[1]).toContain('; some runs of the best of AdamW diverged.');
  });

  it('name both sides where the measures of tuning disagree', () => {
    // Real statistics with two differences turned against each other.
    const [pair] = result.comparisons;
    const regret = { value: 0.05, low: 0.02, high: 0.08 };
    const mixed = { ...result, comparisons: [{ ...pair!, regret }] };
    const text = verdictSentences(mixed);
    expect(text[0]).toBe(
      'AdamW makes fewer errors here than Adam, and which is easier to tune depends on how one tunes.',
    );
    expect(text[2]).toMatch(/^Keeping a tuned weight decay .* less than with Adam/);
    expect(text[3]).toMatch(/^Tuning the learning rate first .* more than with Adam/);
  });
});

it('asks for no seeds to tell two optimizers apart that are one without decay', () => {
  const text = verdictOf(CASES['both best without decay']![0]).join(' ');
  expect(text).not.toContain('would show the difference in error');
});

describe('other pairs', () => {
  const sgd = [...side('SGD', 'sgd', { slope: -1 }), ...side('SGDW', 'sgdw', { factor: 0.8 })];
  it('get their own answer, or a count where they are many', () => {
    expect(verdictOf([...effect, ...sgd])).toContain(
      'SGDW makes fewer errors here than SGD, and it is easier to tune.',
    );
    const again = effect.map((r) => ({ ...r, label: `${r.label} 2` }));
    const text = verdictOf([...effect, ...again]).join('\n');
    expect(text).toContain(
      'Of the 3 other pairs, the decoupled one makes fewer errors in 3 and the one with L2 in 0.',
    );
  });
});

it('is printed with a hanging indent, within the terminal', () => {
  const text = renderVerdict(verdictOf(effect), 60);
  for (const line of text.split('\n')) {
    expect(line).toMatch(/^(- | {2})\S/);
    expect(line.length).toBeLessThanOrEqual(60);
  }
});
