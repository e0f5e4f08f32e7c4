/**
 * The data of the page's script: records and statistics, reduced to what is drawn. Everything is plain JSON. The
 * curves of a large sweep are thinned, so that the page stays a few megabytes.
 */
import type { Decoupling } from '../../analysis/statistics.js';
import type { Experiment } from '../../experiment/experiment.js';
import { measureOf, type AnyRecord } from '../../experiment/record.js';
import { wordsFor, type MeasureWords } from '../measure.js';
import { thin } from '../figures/figure.js';
import { axisLabels, grouped, shortNumber } from '../format.js';
import { printable } from '../../experiment/printable.js';
import { buildGrid, type Grid, type GridCell } from '../../experiment/grid.js';
import {
  chosenBy,
  markedCells,
  meanBits,
  meanTrainLoss,
  panelsOf,
  shownStatus,
  stepsOf,
  trainedCells,
} from '../panels.js';
import { errorRange } from '../scale.js';
import { stepsOrder, stepsShown } from '../steps.js';
import { subjectParts } from '../subject.js';
import { differencesTable, statisticsTable, type PageTable } from './tables.js';
import { thinAxes, type Axes } from '../thinGrid.js';

export type { PageTable, TableCell } from './tables.js';

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
  /** Bits per character of a test text, mean over the runs; absent for other data. */
  readonly bits?: number;
  /** Of runs on equations: median steps until they generalise, as text such as `> 600`, and as a number to sort by. */
  readonly steps?: readonly [text: string, order: number];
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

export interface PageData {
  /** What all numbers in here are that stand as errors. */
  readonly measure: MeasureWords;
  readonly facts: readonly string[];
  readonly verdict: readonly string[];
  /** The error that chose the best cells, in words. */
  readonly chosenBy: string;
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

interface PageCellContext {
  readonly ranks: ReadonlyMap<GridCell, number>;
  /** Points of a curve. */
  readonly points: number;
  readonly steps: ReturnType<typeof stepsOf>;
}

function pageCell(
  { lrs, wds }: Pick<Grid, 'lrs' | 'wds'>,
  cell: GridCell,
  { ranks, points, steps: known }: PageCellContext,
): PageCell {
  const rank = ranks.get(cell);
  const curve = curveOf(cell, points);
  const trainLoss = meanTrainLoss(cell);
  const bits = meanBits(cell);
  const steps = known.get(cell);
  const reason = cell.runs.find((r) => r.reason !== undefined)?.reason;
  return {
    i: lrs.indexOf(cell.lr),
    j: wds.indexOf(cell.wd),
    status: shownStatus(cell),
    error: cell.mean === null ? null : Number(cell.mean.toPrecision(6)),
    sd: cell.sd === null ? null : fourDigits(cell.sd),
    trainLoss: trainLoss === null ? null : fourDigits(trainLoss),
    ...(bits === null ? {} : { bits: fourDigits(bits) }),
    ...(steps === undefined ? {} : { steps: [stepsShown(steps), stepsOrder(steps)] as const }),
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
  const { axes, cells } = grid.scattered
    ? shownTrials(grid, squares, marked)
    : shownSquares(grid, planned, squares, marked);
  const ranks = new Map(marked.map((cell, i) => [cell, i + 1]));
  return {
    label: printable(grid.label),
    ...(grid.scattered ? ({ scattered: true } as const) : {}),
    ...axes,
    lrLabels: axisLabels(axes.lrs),
    wdLabels: axisLabels(axes.wds),
    cells: cells.map((cell) => pageCell(axes, cell, { ranks, points, steps: stepsOf(grid) })),
  };
}

/** What a panel shows of its grid. */
interface Shown {
  readonly axes: Axes;
  readonly cells: readonly GridCell[];
}

function shownSquares(
  grid: Grid,
  planned: readonly PlannedRun[],
  most: number,
  marked: readonly GridCell[],
): Shown {
  const axes = thinAxes(axesOf(grid, planned), most, marked);
  const [lrs, wds] = [new Set(axes.lrs), new Set(axes.wds)];
  return { axes, cells: trainedCells(grid).filter(({ lr, wd }) => lrs.has(lr) && wds.has(wd)) };
}

/** Trials that are no grid have no squares between them: as many are shown as there may be squares. */
function shownTrials(grid: Grid, most: number, marked: readonly GridCell[]): Shown {
  const all = trainedCells(grid);
  const some = new Set([...thin(all, most), ...marked]);
  const cells = all.filter((cell) => some.has(cell));
  const values = (of: (cell: GridCell) => number) => [...new Set(cells.map(of))].toSorted((x, y) => x - y);
  return { axes: { lrs: values(({ lr }) => lr), wds: values(({ wd }) => wd) }, cells };
}

const duration = (seconds: number): string =>
  seconds < 120
    ? `${shortNumber(seconds)} core seconds`
    : seconds < 7200
      ? `${shortNumber(seconds / 60)} core minutes`
      : `${shortNumber(seconds / 3600)} core hours`;

/** One line each: data, model, seeds, time, number of runs. */
function factsOf(records: readonly AnyRecord[], experiment: Experiment | null): string[] {
  const runs = records.length;
  const backends = [...new Set(records.flatMap((r) => r.cell.backend ?? []))].map(printable).join(', ');
  const times = records.flatMap((r) => r.seconds ?? []);
  return [
    ...(runs > 0 ? subjectParts(records) : experiment === null ? [] : [experiment.dataset.name]),
    `${grouped(runs)} run${runs === 1 ? '' : 's'}`,
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
    chosenBy: chosenBy(records),
    range: errorRange(grids),
    panels,
    statistics: statisticsTable(decoupling),
    differences: differencesTable(decoupling),
    progress: planned.length === 0 ? null : { done: records.length, total: planned.length },
  };
}
