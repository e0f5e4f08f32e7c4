/** Grids of more cells than a drawing can show: some of their learning rates and decays are left out. */
import type { Grid, GridCell } from '../experiment/grid.js';
import { thin } from './figures/figure.js';
import { markedCells } from './panels.js';

export interface Axes {
  readonly lrs: readonly number[];
  readonly wds: readonly number[];
}

/**
 * The axes with about `most` cells at the most: values evenly picked, the first and the last and those of the cells
 * `kept` among them. The same axes where they fit.
 */
export function thinAxes(axes: Axes, most: number, kept: readonly Pick<GridCell, 'lr' | 'wd'>[]): Axes {
  const { lrs, wds } = axes;
  if (lrs.length * wds.length <= most) return axes;
  // A square; what a shorter axis does not use of it is the other's.
  const shorter = Math.min(lrs.length, wds.length, Math.floor(Math.sqrt(most)));
  const longer = Math.floor(most / shorter);
  const [columns, rows] = lrs.length <= wds.length ? [shorter, longer] : [longer, shorter];
  return {
    lrs: picked(lrs, columns, new Set(kept.map(({ lr }) => lr))),
    wds: picked(wds, rows, new Set(kept.map(({ wd }) => wd))),
  };
}

function picked(values: readonly number[], count: number, kept: ReadonlySet<number>): number[] {
  const some = new Set(thin(values, count));
  return values.filter((value) => some.has(value) || kept.has(value));
}

/** A grid with about `most` cells at the most, its marked ones among them. */
export function thinGrid(grid: Grid, most: number): Grid {
  const axes = thinAxes(grid, most, markedCells(grid));
  if (axes === grid) return grid;
  const [lrs, wds] = [new Set(axes.lrs), new Set(axes.wds)];
  const rows = grid.cells.filter((_, i) => lrs.has(grid.lrs[i]!));
  return { ...grid, ...axes, cells: rows.map((row) => row.filter(({ wd }) => wds.has(wd))) };
}
