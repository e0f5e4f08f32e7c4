/** Which cells of a grid go into the second stage. */
import type { ChosenCell, ConfirmSpec } from '../experiment/confirm.js';
import { buildGrid, byLabel, type Grid } from '../experiment/grid.js';
import type { RunRecord } from '../experiment/record.js';
import { argmin } from './selection.js';

/**
 * For each optimizer the cell of least mean validation error where images were held back, else of least test error: the
 * cell that the statistics call its best. With neighbours, also those next to it along one axis. Pure.
 * @param records of the grid's seeds only
 * @returns nothing for an optimizer without a result
 */
export const chooseCells = (
  records: readonly RunRecord[],
  labels: readonly string[],
  at: ConfirmSpec['at'],
): ChosenCell[] => {
  const groups = byLabel(records);
  return labels.flatMap((label) => chosenIn(buildGrid(label, groups.get(label) ?? []), at));
};

function chosenIn({ label, lrs, wds, cells }: Grid, at: ConfirmSpec['at']): ChosenCell[] {
  const best = bestIndex({ cells });
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

/** Index of a grid's best cell, row by row; -1 if no cell has a result. */
export const bestIndex = ({ cells }: Pick<Grid, 'cells'>): number =>
  argmin(Float64Array.from(cells.flat(), ({ selection }) => selection ?? NaN));
