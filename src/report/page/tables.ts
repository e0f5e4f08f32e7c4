/** The page's tables of statistics: each value with its interval, or the reason why it has none. */
import type { Comparison, Decoupling, Estimate, OptimizerStatistics } from '../../analysis/statistics.js';
import { printable } from '../../experiment/printable.js';
import type { CellSteps, StepsStatistics } from '../../analysis/stepsToGeneralise.js';
import { grouped, shortNumber } from '../format.js';
import { capitalised, shown, TEST_ERROR, wordsFor, type MeasureWords } from '../measure.js';
import { stepsOrder, stepsShown } from '../steps.js';

/** The text, the value to sort by, and the reason if there is none. */
export type TableCell = readonly [text: string, order: number | string | null, note?: string];

export interface PageTable {
  readonly columns: readonly { readonly title: string; readonly hint?: string; readonly numeric: boolean }[];
  readonly rows: readonly (readonly TableCell[])[];
}

const NOTHING: TableCell = ['–', null];

/** How many decimals; losses of any size have three significant digits. */
type Digits = number | 'significant';

/** Value and interval, scaled and rounded: `-12.3 [-14.0, -10.1]`. */
function estimate({ value, low, high, reason }: Estimate, digits: Digits, scale = 1): TableCell {
  if (value === null) return reason === undefined ? NOTHING : ['–', null, printable(reason)];
  const show = (v: number): string =>
    digits === 'significant'
      ? shortNumber(v * scale)
      : (v * scale).toFixed(digits).replace(/^-(0\.?0*)$/, '$1');
  const interval = low === null || high === null ? '' : ` [${show(low)}, ${show(high)}]`;
  return [show(value) + interval, value];
}

/** One column: its heading, what it means, and its cell for a row. */
interface Column<Row> {
  readonly title: string;
  readonly hint: string;
  readonly cell: (row: Row) => TableCell;
}

/** How a table says errors or losses. */
interface Words {
  readonly measure: MeasureWords;
  /** Within a sentence. */
  readonly what: string;
  /** Behind a heading, with its comma. */
  readonly unit: string;
  readonly digits: Digits;
}

function wordsOf({ measure: kind }: Decoupling): Words {
  const measure = wordsFor(kind ?? 'error');
  return measure === TEST_ERROR
    ? { measure, what: 'error', unit: ', %', digits: 2 }
    : { measure, what: measure.name, unit: '', digits: 'significant' };
}

const statistics = ({ measure, what, unit, digits }: Words): readonly Column<OptimizerStatistics>[] => [
  {
    title: `Best ${what}${unit}`,
    hint: `${capitalised(measure.name)} of the best cell: mean ± standard deviation over seeds`,
    cell: ({ best }) =>
      best === null
        ? NOTHING
        : [shown(measure, best.mean) + (best.sd === null ? '' : ` ± ${shown(measure, best.sd)}`), best.mean],
  },
  {
    title: 'lr',
    hint: 'Learning rate of the best cell; (edge): it lies on the border of the grid',
    cell: ({ best }) =>
      best === null ? NOTHING : [shortNumber(best.lr) + (best.edge ? ' (edge)' : ''), best.lr],
  },
  {
    title: 'wd',
    hint: 'Weight decay of the best cell',
    cell: ({ best }) => (best === null ? NOTHING : [shortNumber(best.wd), best.wd]),
  },
  {
    title: `Expected${unit}`,
    hint: `${capitalised(what)} of the best cell for fresh seeds, corrected for the luck of selection`,
    cell: ({ best }) => (best === null ? NOTHING : estimate(best.expected, digits, measure.scale)),
  },
  {
    title: 'Basin, %',
    hint: `Share of the grid within 10% of the best ${what}`,
    cell: ({ basin }) => estimate(basin.relative, 1, 100),
  },
  {
    title: 'Separability',
    hint: '1 when an additive model f(lr) + g(wd) explains all of log error',
    cell: ({ separability }) => estimate(separability.corrected, 2),
  },
  {
    title: 'Ridge slope',
    hint: 'Slope of log best wd against log lr: -1 coupled, 0 decoupled',
    cell: ({ ridge }) => estimate(ridge.slope, 2),
  },
  {
    title: 'Quadratic slope',
    hint: 'The same slope from a quadratic fitted near the best',
    cell: ({ quadratic }) => estimate(quadratic.slope, 2),
  },
  {
    title: `Regret${measure.points}`,
    hint: 'What tuning lr first and wd second loses against the full grid',
    cell: ({ regret }) => estimate(regret.mean, digits, measure.scale),
  },
  {
    title: `Transfer${measure.points}`,
    hint: 'What a wd costs that is tuned at one lr and kept at another',
    cell: ({ transfer }) => estimate(transfer.mean, digits, measure.scale),
  },
  {
    title: `Per octave${measure.points}`,
    hint: 'Median cost of keeping wd at the nearest other learning rates',
    cell: ({ transfer }) =>
      transfer.octaves[0] === undefined ? NOTHING : estimate(transfer.octaves[0].cost, digits, measure.scale),
  },
  {
    title: 'tau, epochs',
    hint: 'Epochs at the full rate in which decay alone shrinks a weight by e; the best cell',
    cell: ({ best }) => (best?.tau == null ? NOTHING : [shortNumber(best.tau), best.tau]),
  },
];

/** Of runs on equations: the cell that generalises first. It may be another than that of least error. */
function quickestColumns({ best, level }: StepsStatistics): readonly Column<OptimizerStatistics>[] {
  const cell =
    (text: (cell: CellSteps) => TableCell) =>
    ({ label }: OptimizerStatistics): TableCell => {
      const found = best.find((steps) => steps.label === label);
      return found ? text(found) : NOTHING;
    };
  const hint = 'of the cell that generalises first';
  return [
    {
      title: 'Steps',
      hint: `Median steps until a run generalises, ${hint}, with its ${shortNumber(100 * level)}% interval where there is one`,
      cell: cell((found) => [stepsShown(found) + stepsInterval(found), stepsOrder(found)]),
    },
    { title: 'at lr', hint: `Learning rate ${hint}`, cell: cell(({ lr }) => [shortNumber(lr), lr]) },
    { title: 'at wd', hint: `Weight decay ${hint}`, cell: cell(({ wd }) => [shortNumber(wd), wd]) },
    {
      title: 'Generalised',
      hint: `Runs ${hint} that generalised`,
      cell: cell(({ generalised, runs }) => [`${generalised} of ${runs.length}`, generalised / runs.length]),
    },
  ];
}

const stepsInterval = ({ steps: { low, high } }: CellSteps): string =>
  low === null ? '' : ` [${grouped(low)}, ${high === null ? '…' : grouped(high)}]`;

/** Statistics of each optimizer, a row each. */
export const statisticsTable = (decoupling: Decoupling): PageTable =>
  tableOf('Optimizer', decoupling.optimizers, ({ label }) => printable(label), [
    ...(decoupling.steps ? quickestColumns(decoupling.steps) : []),
    ...statistics(wordsOf(decoupling)),
  ]);

const differences = ({ measure, what, digits }: Words): readonly Column<Comparison>[] => [
  {
    title: `Best ${what}${measure.points}`,
    hint: `Difference of the expected ${what === 'loss' ? 'losses' : 'errors'} of the best cells`,
    cell: (c) => estimate(c.best, digits, measure.scale),
  },
  {
    title: 'Relative, %',
    hint: `The same relative to the ${what} of the optimizer that is subtracted`,
    cell: (c) => estimate(c.bestRelative, 1, 100),
  },
  {
    title: 'Basin, points',
    hint: `Difference of the shares of the grid within 10% of the best ${what}`,
    cell: (c) => estimate(c.basinRelative, 1, 100),
  },
  {
    title: 'Separability',
    hint: 'Difference of the separabilities',
    cell: (c) => estimate(c.separability, 2),
  },
  { title: 'Ridge slope', hint: 'Difference of the slopes', cell: (c) => estimate(c.slope, 2) },
  {
    title: `Regret${measure.points}`,
    hint: 'Difference of the regrets',
    cell: (c) => estimate(c.regret, digits, measure.scale),
  },
  {
    title: `Transfer${measure.points}`,
    hint: 'Difference of the costs, over the learning rates worth using in both',
    cell: (c) => estimate(c.transfer, digits, measure.scale),
  },
  {
    title: `${capitalised(what)} at equal ${what === 'loss' ? 'training loss' : 'loss'}${measure.points}`,
    hint: `Difference of the ${what === 'loss' ? 'losses' : 'test errors'} at equal training loss`,
    cell: (c) => estimate(c.generalisation.difference, digits, measure.scale),
  },
];

/** Differences of each pair, second minus first, a row each. */
export const differencesTable = (decoupling: Decoupling): PageTable =>
  tableOf(
    'Pair',
    decoupling.comparisons,
    ({ a, b }) => `${printable(b)} − ${printable(a)}`,
    differences(wordsOf(decoupling)),
  );

function tableOf<Row>(
  first: string,
  rows: readonly Row[],
  name: (row: Row) => string,
  columns: readonly Column<Row>[],
): PageTable {
  return {
    columns: [
      { title: first, numeric: false },
      ...columns.map(({ title, hint }) => ({ title, hint, numeric: true })),
    ],
    rows: rows.map((row) => [[name(row), name(row)], ...columns.map(({ cell }) => cell(row))]),
  };
}
