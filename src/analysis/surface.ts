/** A grid as flat arrays: the bootstrap visits every cell a thousand times. */
import type { Grid } from '../experiment/grid.js';

/** Cell (i, j) of lrs[i], wds[j] is at index i * wds.length + j of every array. */
export interface Surface {
  readonly lrs: readonly number[];
  readonly wds: readonly number[];
  /** Mean test error, at least `floor`; NaN if missing. */
  readonly error: Float64Array;
  /** 1 if every run diverged. */
  readonly diverged: Uint8Array;
  /** 1 if some run diverged. */
  readonly touched: Uint8Array;
  /** Least error of which a logarithm is taken: half the smallest positive one if some error is 0. */
  readonly floor: number;
}

export function surfaceOf(grid: Grid): Surface {
  const cells = grid.cells.flat();
  const positive = cells.map((c) => c.mean ?? 0).filter((m) => m > 0);
  const floor = positive.length > 0 ? positive.reduce((a, b) => Math.min(a, b)) / 2 : 1e-6;
  return {
    lrs: grid.lrs,
    wds: grid.wds,
    error: Float64Array.from(cells, (c) => (c.mean === null ? NaN : Math.max(floor, c.mean))),
    diverged: Uint8Array.from(cells, (c) => Number(c.status === 'diverged')),
    touched: Uint8Array.from(cells, (c) => Number(c.diverged > 0)),
    floor,
  };
}
