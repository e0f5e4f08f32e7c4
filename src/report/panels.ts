/** The grids that the report draws, one panel per optimizer and budget, and which of their cells stand out. */
import { bySteps, countsSteps, stepsOfGrid, type CellSteps } from '../analysis/stepsToGeneralise.js';
import { buildGrid, groupBy, type Grid, type GridCell } from '../experiment/grid.js';
import { finalBits, hasValidation, measureOf, type AnyRecord } from '../experiment/record.js';

/** `label`, or `label (30 epochs)` where one label was trained with several budgets. */
function panelNames(records: readonly AnyRecord[]): (record: AnyRecord) => string {
  const budgets = new Map<string, Set<number | undefined>>();
  for (const { label, cell } of records) {
    const seen = budgets.get(label) ?? new Set<number | undefined>();
    budgets.set(label, seen.add(cell.epochs));
  }
  return ({ label, cell }) =>
    budgets.get(label)!.size > 1 ? `${label} (${String(cell.epochs)} epochs)` : label;
}

/** One grid per optimizer label and budget, in order of first appearance. */
export const panelsOf = (records: readonly AnyRecord[]): Grid[] =>
  [...groupBy(records, panelNames(records))].map(([label, own]) => buildGrid(label, own));

/** The cells that have records, by lr, then wd. */
export const trainedCells = (grid: Grid): GridCell[] =>
  grid.cells.flat().filter(({ runs }) => runs.length > 0);

/** How a cell is drawn: `diverged` if any seed diverged, `failed` if no seed has a result. */
export const shownStatus = ({ status }: GridCell): 'ok' | 'diverged' | 'failed' =>
  status === 'mixed' ? 'diverged' : status === 'missing' ? 'failed' : status;

/** The runs of the cells in which none diverged. */
export const soundRuns = (grid: Grid): AnyRecord[] =>
  grid.cells.flat().flatMap(({ status, runs }) => (status === 'ok' ? runs : []));

/** Mean final training loss over the runs that have one. */
export const meanTrainLoss = ({ runs }: GridCell): number | null =>
  meanOf(runs.map(({ finalTrainLoss }) => finalTrainLoss));

/** Mean over the runs of the bits per character after the last epoch; null for data that are no text. */
export const meanBits = ({ runs }: GridCell): number | null => meanOf(runs.map(finalBits));

function meanOf(values: readonly (number | null)[]): number | null {
  const finite = values.flatMap((value) => (value !== null && Number.isFinite(value) ? [value] : []));
  return finite.length === 0 ? null : finite.reduce((sum, value) => sum + value, 0) / finite.length;
}

/**
 * The `count` best cells, best first: of runs on equations those that generalise first, else those of least error. The
 * statistics and the second stage choose by the same rules (analysis/choice.ts), so the star is on the cell that the
 * tables and the verdict name.
 */
export function bestCells(grid: Grid, count: number): GridCell[] {
  const steps = stepsOf(grid);
  if (steps.size === 0) return cellsByError(grid, count);
  return [...steps.keys()].toSorted((a, b) => bySteps(steps.get(a)!, steps.get(b)!)).slice(0, count);
}

/**
 * The `count` cells of lowest mean error (on the images held back where there are such, else on the test set), best
 * first; a diverged seed counts as chance.
 */
export const cellsByError = (grid: Grid, count: number): GridCell[] =>
  grid.cells
    .flat()
    .filter((c) => c.mean !== null)
    .toSorted((a, b) => a.selection! - b.selection! || a.lr - b.lr || a.wd - b.wd)
    .slice(0, count);

/** A grid is drawn in many places. */
const knownSteps = new WeakMap<Grid, ReadonlyMap<GridCell, CellSteps>>();

/** When the runs of each cell generalise, in the order of the grid; empty where the runs are not on equations. */
export function stepsOf(grid: Grid): ReadonlyMap<GridCell, CellSteps> {
  const known = knownSteps.get(grid);
  if (known) return known;
  const cells = grid.cells.flat();
  const counted = countsSteps(cells.flatMap(({ runs }) => runs)) ? stepsOfGrid(grid, 0.95) : [];
  const cellOf = ({ lr, wd }: CellSteps) => cells.find((cell) => cell.lr === lr && cell.wd === wd)!;
  const found = new Map(counted.map((steps) => [cellOf(steps), steps]));
  knownSteps.set(grid, found);
  return found;
}

/**
 * The best cells that are marked: ten as in the paper, but never more than a third of the trained ones. Behind the
 * best, no cell is marked in which every run diverged.
 */
export function markedCells(grid: Grid): GridCell[] {
  const most = Math.min(10, Math.max(1, Math.floor(trainedCells(grid).length / 3)));
  return bestCells(grid, most).filter((cell, i) => i === 0 || cell.runs.some((r) => r.status === 'ok'));
}

/** By what the best cells of these runs are chosen, in words. It is the test error that is reported of them. */
export function chosenBy(records: readonly AnyRecord[]): string {
  if (measureOf(records) === 'loss') return 'loss';
  if (countsSteps(records)) return 'steps to generalise';
  if (records.length > 0 && records.every(hasValidation)) return 'validation error';
  return records.some(hasValidation)
    ? 'validation error where there is one, else by test error'
    : 'test error';
}
