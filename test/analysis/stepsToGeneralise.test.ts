/** Steps to generalise: which run counts how, which cell is the quickest, and the endpoints and rows that show it. */
import { describe, expect, it } from 'vitest';
import { chooseCells } from '../../src/analysis/choice.js';
import { confirmation } from '../../src/analysis/confirmation.js';
import { answerEndpoints } from '../../src/analysis/endpoints.js';
import { decoupling } from '../../src/analysis/index.js';
import { decouplingCsv, stepsCsv } from '../../src/report/csv/index.js';
import type { Choice } from '../../src/experiment/confirm.js';
import { endpointSchema } from '../../src/experiment/endpoints.js';
import { bestCells, cellsByError, markedCells, panelsOf } from '../../src/report/panels.js';
import { renderSummary } from '../../src/report/terminal.js';
import { figureInput } from '../../src/report/figures/figure.js';
import { stepsToGeneraliseFigure } from '../../src/report/figures/steps.js';
import { verdictSentences } from '../../src/report/verdict.js';
import { sweepRecords } from '../report/records.js';
import { grokRun, PER_EPOCH, type GrokRun } from './grokking.js';

const cellOf = (label: string, wd: number, epochs: readonly (number | null)[], first = 0) =>
  epochs.map((generalise, i) => grokRun({ label, wd, seed: first + i, generalise }));
const stepsOf = (runs: readonly GrokRun[]) => decoupling(runs.map(grokRun), { replicates: 20 }).steps!;
const endpoint = (changes: object) =>
  endpointSchema.parse({ statistic: 'steps_to_generalise', of: ['AdamW'], confirms: 'less', ...changes });

describe('the steps of a run', () => {
  it('end with the first epoch of low error, even if it does not stay low', () => {
    const [cell] = stepsOf([{ generalise: 40, fit: 7, relapse: 50 }]).cells;
    expect(cell!.runs[0]).toMatchObject({
      fit: { steps: 7 * PER_EPOCH, horizon: 100 * PER_EPOCH },
      generalise: { steps: 40 * PER_EPOCH, horizon: 100 * PER_EPOCH },
      fellBack: true,
    });
    expect(stepsOf([{ generalise: 40 }]).cells[0]!.runs[0]!.fellBack).toBe(false);
  });

  it('are censored at the planned end, also where the run diverged before', () => {
    for (const status of ['ok', 'diverged'] as const) {
      const [cell] = stepsOf([{ generalise: null, status }]).cells;
      expect(cell!.runs[0]!.generalise).toEqual({ steps: null, horizon: 300 });
      expect(cell!.runs[0]!.fellBack).toBe(false);
    }
  });

  it('are not counted where it failed', () => {
    const [cell] = stepsOf([{ generalise: 10 }, { generalise: 10, seed: 1, status: 'failed' }]).cells;
    expect(cell!.runs).toHaveLength(1);
  });

  it('are not counted on other data sets, whose files do not change', () => {
    const found = decoupling(sweepRecords({ lrs: [2 ** -9] }), { replicates: 20 });
    expect(found).not.toHaveProperty('steps');
    expect(decouplingCsv(found)).not.toContain('steps_to');
  });
});

describe('a cell', () => {
  it('has an exact interval of its median from six runs on, and says so with fewer', () => {
    const six = decoupling(cellOf('AdamW', 1, [10, 20, 30, 40, 50, null]), { replicates: 20 }).steps!
      .cells[0]!;
    expect(six.steps).toMatchObject({ value: 90, low: 30, high: null });
    expect(six.share.value).toBeCloseTo(5 / 6, 12);
    const five = decoupling(cellOf('AdamW', 1, [10, 20, 30, 40, 50]), { replicates: 20 }).steps!.cells[0]!;
    expect(five.steps).toMatchObject({ value: 90, low: null, high: null });
    expect(five.steps.reason).toContain('93.8%');
    expect(five.range).toEqual({ low: 30, high: 150, confidence: 1 - 2 / 32 });
  });

  it('has no median where fewer than half generalised', () => {
    const { steps } = decoupling(cellOf('AdamW', 1, [10, null, null]), { replicates: 20 }).steps!.cells[0]!;
    expect(steps.value).toBeNull();
    expect(steps.reason).toContain('> 300 steps: 1 of 3 runs generalised.');
  });
});

describe('the quickest cell', () => {
  const records = [
    ...cellOf('AdamW', 0, [90, 95, null]),
    ...cellOf('AdamW', 0.5, [50, 60, 70]),
    ...cellOf('AdamW', 1, [50, 60, 65]),
    ...cellOf('Adam', 0, [null, null, null]),
    ...cellOf('Adam', 0.1, [80, null, null]),
  ];

  it('has the least median, then the least restricted mean', () => {
    const { best } = decoupling(records, { replicates: 20 }).steps!;
    expect(best.map(({ label, wd }) => [label, wd])).toEqual([
      ['AdamW', 1],
      ['Adam', 0.1],
    ]);
  });

  it('is what the second stage confirms, though others have no error in the end either', () => {
    expect(chooseCells(records, ['Adam', 'AdamW'], 'best')).toEqual([
      { label: 'Adam', lr: 0.001, wd: 0.1, role: 'best' },
      { label: 'AdamW', lr: 0.001, wd: 1, role: 'best' },
    ]);
  });
});

describe('two optimizers', () => {
  const grid = [...cellOf('Adam', 0.1, [70, null, null]), ...cellOf('AdamW', 1, [30, 40, 50])];
  const fresh = [
    ...cellOf('Adam', 0.1, [null, null, null, null], 1000),
    ...cellOf('AdamW', 1, [20, 30, 40, 50], 1000),
  ];
  const found = decoupling(grid, { replicates: 20 });
  const choice: Choice = {
    chosenAt: '', by: 'steps', at: 'best', seeds: [1000, 1001, 1002, 1003], grid: '', cells: 6, failed: 0,
    chosen: chooseCells(grid, ['Adam', 'AdamW'], 'best'),
  }; // prettier-ignore
  const confirmed = confirmation(choice, fresh, found.comparisons, 0.95);
  const answer = (changes: object, stage = confirmed) =>
    answerEndpoints([endpoint({ of: ['Adam', 'AdamW'], ...changes })], found, stage)[0]!;

  it('are compared on the fresh seeds, also where one never generalises', () => {
    const { estimate, outcome } = answer({ statistic: 'confirmed_steps_relative' });
    // All four of AdamW before all of Adam: p = 2 / 70. The slowest is 150 of 300 steps.
    expect(estimate).toMatchObject({ value: null, low: -1, high: -0.5 });
    expect(outcome).toBe('holds');
    expect(confirmed.steps!.comparisons[0]!.p).toBeCloseTo(2 / 70, 12);
  });

  it('turn with their order', () => {
    const turned = answer({
      statistic: 'confirmed_steps_relative',
      of: ['AdamW', 'Adam'],
      confirms: 'greater',
    });
    expect(turned.estimate).toMatchObject({ value: null, low: 1, high: null });
    expect(turned.outcome).toBe('holds');
  });

  it('cannot be told apart by three seeds each', () => {
    expect(answer({ statistic: 'steps_to_generalise_relative' }).outcome).toBe('cannot tell');
  });

  it('have no confirmed steps before every fresh seed has its run', () => {
    const part = confirmation(choice, fresh.slice(1), found.comparisons, 0.95);
    const { estimate } = answer({ statistic: 'confirmed_steps_relative' }, part);
    expect(estimate.reason).toBe('The confirmation is not complete.');
  });

  it('are in the tables', () => {
    const rows = decouplingCsv(found, confirmed).split('\n');
    expect(rows).toContain('optimizer,AdamW,,steps_to_fit,6,,,3,"lr 0.001, wd 1; The range of 3 runs holds the median with 75% only; 95% need six runs."'); // prettier-ignore
    expect(rows.some((row) => row.startsWith('confirmation,Adam,AdamW,confirmed_steps_relative,,-1,-0.5,8,'))).toBe(true); // prettier-ignore
    const table = stepsCsv(found.steps!, confirmed.steps).split('\n');
    expect(table).toHaveLength(1 + 2 + 2 + 1);
    expect(table[1]).toContain('0: 210');
  });

  it('are the first sentences of the verdict, of the fresh seeds where they are complete', () => {
    const [open, numbers] = verdictSentences(found);
    expect(open).toBe('These runs cannot tell whether AdamW or Adam generalises first: 3 runs each are too few to say more.'); // prettier-ignore
    expect(numbers).toContain('At its quickest setting, AdamW generalises after 120 steps');
    expect(numbers).toContain('which flatters both');
    const [answer, sentence] = verdictSentences(found, confirmed);
    expect(answer).toBe('AdamW generalises first here, in at most 0.5 times the steps of Adam (95% interval); Adam does not within 300 steps.'); // prettier-ignore
    expect(sentence).toContain('On fresh seeds, AdamW generalises after 90 steps in the median');
    expect(sentence).toContain('Adam does not generalise within 300 steps (lr 0.001, wd 0.1, 0 of 4 runs)');
    expect(sentence).not.toContain('flatters');
  });

  it('are told with a factor where each has a wait, in either direction', () => {
    const eight = (first: number) => Array.from({ length: 8 }, (_, i) => first + i);
    const first = (adam: number, adamw: number) =>
      verdictSentences(
        decoupling([...cellOf('Adam', 0.1, eight(adam)), ...cellOf('AdamW', 1, eight(adamw))], {
          replicates: 20,
        }),
      )[0];
    expect(first(80, 40)).toMatch(
      /^AdamW generalises first here, in 0\.5\d* times the steps of Adam \(95% interval 0\.4\d* to 0\.5\d*\)\.$/,
    );
    expect(first(40, 80)).toMatch(
      /^Adam generalises first here: AdamW takes 1\.9\d* times the steps of Adam \(95% interval 1\.\d+ to 2\.?\d*\)\.$/,
    );
    expect(first(40, 40)).toMatch(
      /^These runs cannot tell whether AdamW or Adam generalises first: AdamW takes 1 times the steps of Adam \(95% interval 0\.\d+ to 1\.\d+\)\.$/,
    );
  });

  it('are none where neither generalises, and of one alone', () => {
    const never = [...cellOf('Adam', 0.1, [null, null]), ...cellOf('AdamW', 1, [null, null])];
    expect(verdictSentences(decoupling(never, { replicates: 20 }))[0]).toBe('Neither AdamW nor Adam generalises here within 300 steps.'); // prettier-ignore
    const alone = verdictSentences(decoupling(cellOf('AdamW', 1, [30, 40, 50]), { replicates: 20 }));
    expect(alone[0]).toBe('AdamW generalises here, after about 120 steps; no other optimizer was trained to compare it with.'); // prettier-ignore
    expect(alone.join(' ')).not.toMatch(/images|test set/);
  });

  it('are of the cell that table, star and choice have, and the error at the end comes last', () => {
    const cells = [...cellOf('AdamW', 0.5, [80, 85, 90]), ...cellOf('AdamW', 1, [50, 60, 65])];
    // The quick cell relapses: by final error the slow one would be best.
    const relapsing = cells.map((r) =>
      r.cell.wd === 1
        ? grokRun({ label: 'AdamW', wd: 1, seed: r.cell.seed, generalise: 50, relapse: 90 })
        : r,
    );
    const [grid] = panelsOf(relapsing);
    expect(cellsByError(grid!, 1)[0]!.wd).toBe(0.5);
    expect(bestCells(grid!, 1)[0]!.wd).toBe(1);
    expect(markedCells(grid!)[0]!.wd).toBe(1);
    expect(chooseCells(relapsing, ['AdamW'], 'best')[0]!.wd).toBe(1);
    const table = renderSummary(relapsing, { color: 'none', width: 100 });
    expect(table).toContain('chosen by steps to generalise');
    expect(table).toMatch(/optimizer +lr +wd +steps +test error[^\n]*\nAdamW +0\.001 +1 +150 /);
    const all = [...relapsing, ...cellOf('Adam', 0.1, [null, null, null])];
    const sentences = verdictSentences(decoupling(all, { replicates: 20 }));
    expect(sentences[1]).toContain('wd 1, 3 of 3 runs');
    const end = sentences.findIndex((s) => s.includes('at its setting of least error'));
    expect(end).toBeGreaterThan(1);
    expect(sentences[end]).toContain('of the test equations');
  });
});

describe('the figure', () => {
  const figureOf = (records: ReturnType<typeof grokRun>[]) => {
    const { caption, spec } = stepsToGeneraliseFigure(
      figureInput(records, decoupling(records, { replicates: 20 })),
    )!;
    const { concat } = spec as { concat: { title: { text: string } }[] };
    return { caption, titles: concat.map(({ title }) => title.text), text: JSON.stringify(concat) };
  };

  it('names its data, network, epochs and seeds, and how many runs did not generalise', () => {
    const { caption, text } = figureOf(cellOf('AdamW', 1, [40, null, null]));
    expect(caption).toMatch(/^Runs on modular, 49\.6% of the equations a \+ b mod 11, transformer of 1 x 32, 100 epochs, 3 seeds\./); // prettier-ignore
    expect(text).toContain('"steps":300,"text":"2 of 3"');
    expect(text).toContain('"low":120');
    expect(text).toContain('last step: 300');
    expect(text).not.toContain('3 of 3');
  });

  it('has a block for each budget of a label', () => {
    const short = [0, 1, 2].map((seed) => grokRun({ seed, epochs: 50, generalise: 30 }));
    const { titles, text } = figureOf([...short, ...cellOf('AdamW', 1, [60, 70, 80])]);
    expect(titles).toEqual(['AdamW (50 epochs), lr 0.001', 'AdamW (100 epochs), lr 0.001']);
    expect(text).toContain('"steps":90');
    expect(text).toContain('"steps":210');
  });
});
