/** What fresh seeds change in the verdict: they alone say which optimizer makes fewer errors. */
import { describe, expect, it } from 'vitest';
import { chooseCells } from '../../src/analysis/choice.js';
import { confirmation } from '../../src/analysis/confirmation.js';
import { decoupling } from '../../src/analysis/index.js';
import { failureOf, type RunRecord } from '../../src/experiment/record.js';
import { choiceCautions } from '../../src/report/confirmation.js';
import { verdictSentences } from '../../src/report/verdict.js';
import { powers, sweepRecords } from './records.js';

const axes = { lrs: powers(-11, 5), wds: powers(-13, 5, true) };
const records = sweepRecords(axes);
const statistics = decoupling(records, { replicates: 200 });
const seeds = [1000, 1001, 1002, 1003];
const chosenAt = '2026-11-28T00:00:00.000Z';

interface Changes {
  /** In the order of the configuration. */
  readonly labels?: readonly string[];
  readonly lrs?: readonly number[];
  readonly keep?: (record: RunRecord) => boolean;
  readonly change?: (record: RunRecord) => RunRecord;
}

/** The fresh runs, with the errors of decoupled decay as many points from Adam's as `differences` say, by seed. */
function verdict(
  differences: readonly number[],
  { labels = ['Adam', 'AdamW'], lrs = axes.lrs, keep = () => true, change = (same) => same }: Changes = {},
): string[] {
  const grid = sweepRecords({ ...axes, labels, lrs });
  const own = decoupling(grid, { replicates: 200 });
  const fresh = sweepRecords({ ...axes, labels, lrs, seeds }).map((record): RunRecord => {
    const k = seeds.indexOf(record.cell.seed);
    return change({ ...record, finalTestError: 0.1 + (record.label === 'Adam' ? 0 : differences[k]! / 100) });
  });
  const chosen = chooseCells(grid, labels, 'best');
  const choice = { chosenAt, by: 'test', at: 'best', seeds, grid: '', cells: 60, failed: 0, chosen } as const;
  return verdictSentences(own, confirmation(choice, fresh.filter(keep), own.comparisons, 0.95));
}

const failing = (record: RunRecord) =>
  failureOf(record, 'failed', 'it broke', { startedAt: record.startedAt, attempts: 1, seconds: 1 });

describe('the verdict with a confirmation', () => {
  it('turns with the fresh seeds, whatever the grid said', () => {
    expect(verdictSentences(statistics)[0]).toMatch(/^AdamW makes fewer errors here than Adam[,;]/);
    const [first, second, ...others] = verdict([1, 1.1, 0.9, 1]);
    expect(first).toMatch(/^Adam makes fewer errors here than AdamW[,;]/);
    expect(second).toMatch(
      /^Confirmed on 4 fresh seeds, paired: .* is 1\.00 points .*, so Adam is better here\./,
    );
    // The grid's difference of errors is not said beside it.
    expect(others.join(' ')).not.toContain('is expected to err');
    expect(verdict([-1, -1.1, -0.9, -1])[0]).toMatch(/^AdamW makes fewer errors here than Adam[,;]/);
  });

  it('cannot tell where they do not, and says how many more would', () => {
    const sentences = verdict([2, -1, 1, 0]);
    expect(sentences[0]).toContain('cannot tell whether AdamW or Adam makes fewer errors');
    expect(sentences.join(' ')).toMatch(/about \d+ more seeds would show the difference in error/);
  });

  it('keeps what the grid says until the last fresh cell is trained', () => {
    const sentences = verdict([1, 1.1, 0.9, 1], { keep: ({ cell }) => cell.seed !== 1003 });
    expect(sentences[0]).toBe(verdictSentences(statistics)[0]);
    expect(sentences).toContain(
      'The confirmation is not complete: 2 of its 8 cells are still to be trained.',
    );
  });

  it('has its numbers whichever optimizer the configuration lists first', () => {
    const [first, second] = verdict([1, 1.1, 0.9, 1], { labels: ['AdamW', 'Adam'] });
    expect(first).toMatch(/^Adam makes fewer errors here than AdamW[,;]/);
    expect(second).toMatch(/AdamW minus that of Adam is 1\.00 points .*, so Adam is better here\./);
  });

  it('judges the other pairs by the fresh seeds, too', () => {
    const sentences = verdict([1, 1.1, 0.9, 1], { labels: ['Adam', 'AdamW', 'AdamW two'] });
    expect(sentences.join('\n')).toMatch(/^Adam makes fewer errors here than AdamW two[,;]/m);
  });

  it('does not fall back on the grid where too few fresh runs have a result', () => {
    const change = (record: RunRecord) => (record.cell.seed > 1000 ? failing(record) : record);
    const sentences = verdict([-1, -1, -1, -1], { change });
    expect(sentences[0]).toContain('cannot tell whether AdamW or Adam makes fewer errors');
    expect(sentences).toContain(
      'On fresh seeds AdamW and Adam cannot be compared: only one seed has a result of both.',
    );
  });

  it('still doubts a best cell on the border of the grid', () => {
    const sentences = verdict([-1, -1.1, -0.9, -1], { lrs: powers(-11, 2) });
    expect(sentences).toContain('The best of AdamW and of Adam lies on the border of the grid.');
  });

  it('has the fresh errors of an optimizer that is alone', () => {
    const sentences = verdict([1, 1.1, 0.9, 1], { labels: ['AdamW'] });
    expect(sentences).toContainEqual(
      expect.stringMatching(
        /^On 4 fresh seeds AdamW errs on 11\.00% of the test set \(95% interval 10\.87% to 11\.13%\)\.$/,
      ),
    );
    expect(verdict([1, 1, 1, 1], { labels: ['AdamW'], keep: ({ cell }) => cell.seed < 1002 })).toContain(
      'The confirmation is not complete: 2 of its 4 cells are still to be trained.',
    );
  });
});

it('tells when cells were chosen again, in a sentence that stands alone', () => {
  const chosen = chooseCells(records, ['Adam'], 'best');
  const choice = { chosenAt, by: 'test', at: 'best', seeds, grid: '', cells: 60, failed: 0, chosen } as const;
  const earlier = [{ ...choice, replacedAt: chosenAt, records: 1 }];
  expect(choiceCautions({ choice, earlier }, undefined)).toEqual([
    'The cells of the confirmation were chosen again on 2026-11-28, after 1 run on fresh seeds; manifest.json has the earlier choice.',
  ]);
});
