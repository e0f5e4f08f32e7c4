/** What fresh seeds change in the verdict: they alone say which optimizer makes fewer errors. */
import { describe, expect, it } from 'vitest';
import { chooseCells } from '../../src/analysis/choice.js';
import { confirmation } from '../../src/analysis/confirmation.js';
import { decoupling } from '../../src/analysis/index.js';
import type { RunRecord } from '../../src/experiment/record.js';
import { verdictSentences } from '../../src/report/verdict.js';
import { powers, sweepRecords } from './records.js';

const axes = { lrs: powers(-11, 5), wds: powers(-13, 5, true) };
const records = sweepRecords(axes);
const statistics = decoupling(records, { replicates: 200 });
const seeds = [1000, 1001, 1002, 1003];
const chosen = chooseCells(records, ['Adam', 'AdamW'], 'best');
const chosenAt = '2026-11-28T00:00:00.000Z';
const choice = { chosenAt, by: 'test', at: 'best', seeds, grid: '', cells: 60, failed: 0, chosen } as const;

/** The fresh runs, with AdamW's errors as many points from Adam's as `differences` say, by seed. */
function verdict(
  differences: readonly number[],
  keep: (record: RunRecord) => boolean = () => true,
): string[] {
  const fresh = sweepRecords({ ...axes, seeds }).map((record): RunRecord => {
    const k = seeds.indexOf(record.cell.seed);
    return { ...record, finalTestError: 0.1 + (record.label === 'AdamW' ? differences[k]! / 100 : 0) };
  });
  const found = confirmation(choice, fresh.filter(keep), statistics.comparisons, 0.95);
  return verdictSentences(statistics, found);
}

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
    const sentences = verdict([1, 1.1, 0.9, 1], ({ cell }) => cell.seed !== 1003);
    expect(sentences[0]).toBe(verdictSentences(statistics)[0]);
    expect(sentences).toContain(
      'The confirmation is not complete: 2 of its 8 cells are still to be trained.',
    );
  });
});
