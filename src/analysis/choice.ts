/** Which cells of a grid go into the second stage. */
import type { ChosenCell, ConfirmSpec } from '../experiment/confirm.js';
import { buildGrid, byLabel, type Grid } from '../experiment/grid.js';
import type { RunRecord } from '../experiment/record.js';
import { argmin } from './selection.js';
import { countsSteps, quickest, stepsOfGrid } from './stepsToGeneralise.js';

/**
 * For each optimizer the cell of least mean validation error where images were held back, else of least test error: the
 * cell that the statistics call its best. Where runs are trained on equations, the one that generalises in the fewest
 * steps instead: in the end many of them make no error. With neighbours, also those next to it along one axis. Pure.
 * @param records of the grid's seeds only
 * @returns nothing for an optimizer without a result
 */
export const chooseCells = (
  records: readonly RunRecord[],
  labels: readonly string[],
  at: ConfirmSpec['at'],
): ChosenCell[] => {
  const groups = byLabel(records);
  const bySteps = countsSteps(records);
  return labels.flatMap((label) => {
    const grid = buildGrid(label, groups.get(label) ?? []);
    return chosenIn(grid, bySteps ? quickestIndex(grid) : bestIndex(grid), at);
  });
};

function chosenIn({ label, lrs, wds }: Grid, best: number, at: ConfirmSpec['at']): ChosenCell[] {
  if (best < 0) return [];
  const [i, j] = [Math.floor(best / wds.length), best % wds.length];
  const cell = (row: number, column: number, role: ChosenCell['role']): ChosenCell[] =>
    row in lrs && column in wds ? [{ label, lr: lrs[row]!, wd: wds[column]!, role }] : [];
  const beside = [[i - 1, j], [i + 1, j], [i, j - 1], [i, j + 1]] as const; // prettier-ignore
  return [
    ...cell(i, j, 'best'),
    ...(at === 'best' ? [] : beside.flatMap(([row, column]) => cell(row, column, 'neighbour'))),
  ];
}

/** Index of the cell that generalises first, row by row; -1 if no cell has a result. Levels of intervals do not matter. */
function quickestIndex(grid: Grid): number {
  const first = quickest(stepsOfGrid(grid, 0.95));
  return grid.cells.flat().findIndex(({ lr, wd }) => lr === first?.lr && wd === first.wd);
}

/** Index of a grid's best cell, row by row; -1 if no cell has a result. */
export const bestIndex = ({ cells }: Pick<Grid, 'cells'>): number =>
  argmin(Float64Array.from(cells.flat(), ({ selection }) => selection ?? NaN));
