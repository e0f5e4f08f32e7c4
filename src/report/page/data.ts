/**
 * The data of the page's script: records and statistics, reduced to what is drawn. Everything is plain JSON. The
 * curves of a large sweep are thinned, so that the page stays a few megabytes.
 */
import type { Decoupling, Estimate, OptimizerStatistics } from '../../analysis/statistics.js';
import type { Experiment } from '../../experiment/experiment.js';
import { measureOf, type AnyRecord } from '../../experiment/record.js';
import { capitalised, shown, TEST_ERROR, wordsFor, type MeasureWords } from '../measure.js';
import { thin } from '../figures/figure.js';
import { axisLabels, grouped, shortNumber } from '../format.js';
import { printable } from '../../experiment/printable.js';
import { buildGrid, type Grid, type GridCell } from '../../experiment/grid.js';
import { markedCells, meanTrainLoss, panelsOf, shownStatus, trainedCells } from '../panels.js';
import { errorRange } from '../scale.js';
import { thinAxes } from '../thinGrid.js';

/** Epochs, and the mean over seeds of test error and training loss at each. */
export type Curve = readonly [epochs: number[], testError: number[], trainLoss: number[]];

export interface PageCell {
  /** Positions on the panel's axes. */
  readonly i: number;
  readonly j: number;
  readonly status: 'ok' | 'diverged' | 'failed';
  readonly error: number | null;
  readonly sd: number | null;
  readonly trainLoss: number | null;
  readonly runs: number;
  /** How many of them diverged. */
  readonly diverged: number;
  /** Place among the optimizer's ten best, from 1. */
  readonly rank?: number;
  readonly curve?: Curve;
  readonly reason?: string;
}

export interface PagePanel {
  readonly label: string;
  readonly lrs: readonly number[];
  readonly wds: readonly number[];
  readonly lrLabels: readonly string[];
  readonly wdLabels: readonly string[];
  /** Trials that are no grid: they have no heatmap. */
  readonly scattered?: true;
  readonly cells: readonly PageCell[];
}

/** The text, the value to sort by, and the reason if there is none. */
export type TableCell = readonly [text: string, order: number | string | null, note?: string];

export interface PageTable {
  readonly columns: readonly { readonly title: string; readonly hint?: string; readonly numeric: boolean }[];
  readonly rows: readonly (readonly TableCell[])[];
}

export interface PageData {
  /** What all numbers in here are that stand as errors. */
  readonly measure: MeasureWords;
  readonly facts: readonly string[];
  readonly verdict: readonly string[];
  readonly range: { readonly low: number; readonly high: number };
  readonly panels: readonly PagePanel[];
  readonly statistics: PageTable;
  readonly differences: PageTable;
  /** Two results side by side, in the comparison page. */
  readonly comparison?: PageTable;
  /** Finished and planned runs, while a sweep runs. */
  readonly progress: { readonly done: number; readonly total: number } | null;
}

/** A run that the sweep will make: lets the live page show the cells still to come. */
export interface PlannedRun {
  readonly label: string;
  readonly cell: { readonly lr: number; readonly wd: number };
}

/** Numbers in all curves of a page together, about. */
const CURVE_BUDGET = 240_000;

/** Squares in all heatmaps of a page together, about: more can hardly be told apart, and make a browser slow. */
const SQUARES = 12_000;

const fourDigits = (v: number): number => Number(v.toPrecision(4));

function curveOf(cell: GridCell, points: number): Curve | undefined {
  const longest = cell.runs.reduce((most, r) => Math.max(most, r.epochs.length), 0);
  if (longest === 0) return undefined;
  const epochs = thin(
    Array.from({ length: longest }, (_, i) => i + 1),
    points,
  );
  const mean = (measure: 'testError' | 'trainLoss', epoch: number): number => {
    const values = cell.runs
      .map((r) => r.epochs[epoch - 1]?.[measure])
      .filter((v) => v !== undefined && Number.isFinite(v));
    return values.length === 0
      ? -1
      : fourDigits(values.reduce((sum: number, v) => sum + v!, 0) / values.length);
  };
  return [epochs, epochs.map((e) => mean('testError', e)), epochs.map((e) => mean('trainLoss', e))];
}

function pageCell(
  { lrs, wds }: Pick<Grid, 'lrs' | 'wds'>,
  cell: GridCell,
  ranks: ReadonlyMap<GridCell, number>,
  points: number,
): PageCell {
  const rank = ranks.get(cell);
  const curve = curveOf(cell, points);
  const trainLoss = meanTrainLoss(cell);
  const reason = cell.runs.find((r) => r.reason !== undefined)?.reason;
  return {
    i: lrs.indexOf(cell.lr),
    j: wds.indexOf(cell.wd),
    status: shownStatus(cell),
    error: cell.mean === null ? null : Number(cell.mean.toPrecision(6)),
    sd: cell.sd === null ? null : fourDigits(cell.sd),
    trainLoss: trainLoss === null ? null : fourDigits(trainLoss),
    runs: cell.runs.length,
    diverged: cell.diverged,
    ...(rank === undefined ? {} : { rank }),
    ...(curve === undefined ? {} : { curve }),
    ...(reason === undefined ? {} : { reason: printable(reason).slice(0, 300) }),
  };
}

/** The axes of a grid, with those of the runs still to come. */
function axesOf(grid: Grid, planned: readonly PlannedRun[]): Pick<Grid, 'lrs' | 'wds'> {
  const own = planned.filter((p) => p.label === grid.label);
  const union = (a: readonly number[], b: readonly number[]): number[] =>
    [...new Set([...a, ...b])].toSorted((x, y) => x - y);
  return {
    lrs: union(
      grid.lrs,
      own.map((p) => p.cell.lr),
    ),
    wds: union(
      grid.wds,
      own.map((p) => p.cell.wd),
    ),
  };
}

function pagePanel(
  grid: Grid,
  planned: readonly PlannedRun[],
  { squares, points }: { readonly squares: number; readonly points: number },
): PagePanel {
  const marked = markedCells(grid);
  const axes = thinAxes(axesOf(grid, planned), squares, marked);
  const [lrs, wds] = [new Set(axes.lrs), new Set(axes.wds)];
  const ranks = new Map(marked.map((cell, i) => [cell, i + 1]));
  return {
    label: printable(grid.label),
    ...(grid.scattered ? ({ scattered: true } as const) : {}),
    ...axes,
    lrLabels: axisLabels(axes.lrs),
    wdLabels: axisLabels(axes.wds),
    cells: trainedCells(grid)
      .filter(({ lr, wd }) => lrs.has(lr) && wds.has(wd))
      .map((cell) => pageCell(axes, cell, ranks, points)),
  };
}

/** Value and interval, scaled and rounded: `-12.3 [-14.0, -10.1]`. */
function estimate({ value, low, high, reason }: Estimate, digits: number, scale = 1): TableCell {
  if (value === null) return reason === undefined ? ['–', null] : ['–', null, printable(reason)];
  const show = (v: number): string => (v * scale).toFixed(digits).replace(/^-(0\.?0*)$/, '$1');
  const interval = low === null || high === null ? '' : ` [${show(low)}, ${show(high)}]`;
  return [show(value) + interval, value];
}

function statisticsTable({ optimizers, measure: kind }: Decoupling): PageTable {
  const measure = wordsFor(kind ?? 'error');
  const { scale } = measure;
  const digits = scale === 100 ? 2 : 4;
  const what = measure === TEST_ERROR ? 'error' : measure.name;
  const unit = measure === TEST_ERROR ? ', %' : '';
  const column = (title: string, hint?: string) => ({
    title,
    numeric: true,
    ...(hint === undefined ? {} : { hint }),
  });
  const row = (s: OptimizerStatistics): TableCell[] => [
    [printable(s.label), printable(s.label)],
    s.best === null
      ? ['–', null]
      : [
          shown(measure, s.best.mean) + (s.best.sd === null ? '' : ` ± ${shown(measure, s.best.sd)}`),
          s.best.mean,
        ],
    s.best === null ? ['–', null] : [shortNumber(s.best.lr) + (s.best.edge ? ' (edge)' : ''), s.best.lr],
    s.best === null ? ['–', null] : [shortNumber(s.best.wd), s.best.wd],
    estimate(s.best?.expected ?? { value: null, low: null, high: null }, digits, scale),
    estimate(s.basin.relative, 1, 100),
    estimate(s.separability.corrected, 2),
    estimate(s.ridge.slope, 2),
    estimate(s.quadratic.slope, 2),
    estimate(s.regret.mean, digits, scale),
    estimate(s.transfer.mean, digits, scale),
    s.transfer.octaves[0] === undefined ? ['–', null] : estimate(s.transfer.octaves[0].cost, digits, scale),
    s.best?.tau == null ? ['–', null] : [shortNumber(s.best.tau), s.best.tau],
  ];
  return {
    columns: [
      { title: 'Optimizer', numeric: false },
      column(`Best ${what}${unit}`, 'Mean ± standard deviation over seeds at the best cell'),
      column('lr', 'Learning rate of the best cell; (edge): it lies on the border of the grid'),
      column('wd', 'Weight decay of the best cell'),
      column(
        `Expected${unit}`,
        `${capitalised(what)} of the best cell for fresh seeds, freed of the luck of having been selected`,
      ),
      column('Basin, %', `Share of the grid within 10% of the best ${what}`),
      column('Separability', '1 when an additive model f(lr) + g(wd) explains all of log error'),
      column('Ridge slope', 'Slope of log best wd against log lr: -1 coupled, 0 decoupled'),
      column('Quadratic slope', 'The same slope from a quadratic fitted near the best'),
      column(`Regret${measure.points}`, 'What tuning lr first and wd second loses against the full grid'),
      column(`Transfer${measure.points}`, 'What a wd costs that is tuned at one lr and kept at another'),
      column(`Per octave${measure.points}`, 'Median cost of keeping wd at the nearest other learning rates'),
      column(
        'tau, epochs',
        'Epochs at the full rate in which decay alone shrinks a weight by e; the best cell',
      ),
    ],
    rows: optimizers.map(row),
  };
}

function differencesTable({ comparisons, measure: kind }: Decoupling): PageTable {
  const measure = wordsFor(kind ?? 'error');
  const { scale, points } = measure;
  const what = measure === TEST_ERROR ? 'error' : measure.name;
  const digits = scale === 100 ? 2 : 4;
  const titles = [`Best ${what}${points}`, 'Relative, %', 'Basin, points', 'Separability', 'Ridge slope', `Regret${points}`, `Transfer${points}`, `${capitalised(what)} at equal ${measure === TEST_ERROR ? 'loss' : 'training loss'}${points}`]; // prettier-ignore
  return {
    columns: [{ title: 'Pair', numeric: false }, ...titles.map((title) => ({ title, numeric: true }))],
    rows: comparisons.map((c) => {
      const pair = `${printable(c.b)} − ${printable(c.a)}`;
      return [
        [pair, pair],
        estimate(c.best, digits, scale),
        estimate(c.bestRelative, 1, 100),
        estimate(c.basinRelative, 1, 100),
        estimate(c.separability, 2),
        estimate(c.slope, 2),
        estimate(c.regret, digits, scale),
        estimate(c.transfer, digits, scale),
        estimate(c.generalisation.difference, digits, scale),
      ];
    }),
  };
}

const duration = (seconds: number): string =>
  seconds < 120
    ? `${shortNumber(seconds)} core seconds`
    : seconds < 7200
      ? `${shortNumber(seconds / 60)} core minutes`
      : `${shortNumber(seconds / 3600)} core hours`;

/** One line each: data, model, time, number of runs. */
function factsOf(records: readonly AnyRecord[], experiment: Experiment | null): string[] {
  const runs = records.length;
  const seeds = new Set(records.map((r) => r.cell.seed)).size;
  const count = (n: number, what: string): string => `${grouped(n)} ${what}${n === 1 ? '' : 's'}`;
  const backends = [...new Set(records.map((r) => r.cell.backend ?? 'imported'))].map(printable).join(', ');
  const times = records.flatMap((r) => r.seconds ?? []);
  const setup =
    experiment === null
      ? []
      : [
          `${experiment.dataset.name}${experiment.dataset.train === undefined ? '' : `, ${grouped(experiment.dataset.train)} images`}`,
          'depth' in experiment.model
            ? `${experiment.model.name}-${String(experiment.model.depth)}`
            : experiment.model.name,
          count(experiment.train.epochs, 'epoch'),
        ];
  return [
    ...setup,
    count(seeds, 'seed'),
    count(runs, 'run'),
    times.length === 0 ? '' : duration(times.reduce((sum, seconds) => sum + seconds, 0)),
    backends,
  ].filter((f) => f !== '');
}

export interface PageInput {
  readonly records: readonly AnyRecord[];
  readonly experiment: Experiment | null;
  readonly decoupling: Decoupling;
  readonly verdict: readonly string[];
  /** All runs of the sweep, finished or not; given while it runs. */
  readonly planned?: readonly PlannedRun[];
}

/** What the heatmaps and the table of cells leave out. */
const shownOf = (shown: number, cells: number): string =>
  `${grouped(shown)} of ${grouped(cells)} cells shown, the best among them; runs.csv has all`;

/** Everything the page draws. `records` in display order. */
export function pageData({ records, experiment, decoupling, verdict, planned = [] }: PageInput): PageData {
  const grids = panelsOf(records);
  const unseen = [...new Set(planned.map((p) => p.label))].filter(
    (label) => !grids.some((g) => g.label === label),
  );
  const all = [...grids, ...unseen.map((label) => buildGrid(label, []))];
  const cells = grids.reduce((sum, g) => sum + trainedCells(g).length, 0);
  const points = Math.min(
    60,
    Math.max(10, Math.floor(CURVE_BUDGET / (3 * Math.max(1, Math.min(cells, SQUARES))))),
  );
  const squares = Math.max(50, Math.floor(SQUARES / Math.max(1, all.length)));
  const panels = all.map((grid) => pagePanel(grid, planned, { squares, points }));
  const shown = panels.reduce((sum, panel) => sum + panel.cells.length, 0);
  return {
    measure: wordsFor(measureOf(records)),
    facts: [...factsOf(records, experiment), ...(shown < cells ? [shownOf(shown, cells)] : [])],
    verdict,
    range: errorRange(grids),
    panels,
    statistics: statisticsTable(decoupling),
    differences: differencesTable(decoupling),
    progress: planned.length === 0 ? null : { done: records.length, total: planned.length },
  };
}
