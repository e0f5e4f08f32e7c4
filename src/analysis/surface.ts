/**
 * A grid as flat arrays, and the noise model from which the bootstrap draws replicates of the experiment. The arrays
 * are flat because the bootstrap visits every cell a thousand times.
 */
import { median } from 'simple-statistics';
import type { Stream } from '../random/stream.js';
import type { Grid, GridCell } from '../experiment/grid.js';

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

/** Relative residuals of seeds about their cell's mean; cell k's are pool[start[k]] .. pool[start[k] + size[k] - 1]. */
export interface Noise {
  readonly pool: Float64Array;
  readonly start: Int32Array;
  readonly size: Int32Array;
  readonly runs: Int32Array;
  /** Variance of a cell's mean relative to the mean squared: the variance of its logarithm, nearly. */
  readonly variance: Float64Array;
  /** Median over the clean cells of the degrees of freedom behind their pool. */
  readonly freedom: number;
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

/**
 * The noise of a grid, or null if no cell has two finished seeds. Residuals about a mean of n shrink, so each residual
 * (e - mean) / mean is multiplied by sqrt(n / (n - 1)).
 *
 * A cell without divergence draws from its own residuals and those of its up to eight neighbours: two or three seeds
 * say too little alone, and noise changes slowly over the grid. If these have none, it draws from the whole grid's. A
 * cell in which some runs diverged draws only from its own; one in which all did has no noise.
 */
export function noiseOf(grid: Grid): Noise | null {
  const cells = grid.cells.flat();
  const own = cells.map(residuals);
  const clean = cells.map((cell, k) => (cell.status === 'ok' ? own[k]! : []));
  const everywhere = clean.flat();
  if (everywhere.length === 0) return null;
  const freedoms: number[] = [];
  const pools = cells.map((cell, k) => {
    if (cell.status !== 'ok') return own[k]!;
    const around = neighbours(k, grid.lrs.length, grid.wds.length);
    const near = around.flatMap((n) => clean[n]!);
    freedoms.push(near.length - around.filter((n) => clean[n]!.length > 0).length);
    return near.length > 0 ? near : everywhere;
  });
  const starts = new Int32Array(cells.length);
  for (let k = 1; k < cells.length; k++) starts[k] = starts[k - 1]! + pools[k - 1]!.length;
  return {
    pool: Float64Array.from(pools.flat()),
    start: starts,
    size: Int32Array.from(pools, (p) => p.length),
    runs: Int32Array.from(cells, (c) => c.errors.length),
    variance: Float64Array.from(pools, (p, k) => meanSquare(p) / Math.max(1, cells[k]!.errors.length)),
    freedom: median(freedoms),
  };
}

function residuals(cell: GridCell): number[] {
  const n = cell.errors.length;
  if (n < 2 || cell.mean === null || cell.mean <= 0) return [];
  const mean = cell.mean;
  const inflate = Math.sqrt(n / (n - 1));
  return cell.errors.map((e) => ((e - mean) / mean) * inflate);
}

function neighbours(k: number, rows: number, columns: number): number[] {
  const [i, j] = [Math.floor(k / columns), k % columns];
  const found: number[] = [];
  for (let a = Math.max(0, i - 1); a <= Math.min(rows - 1, i + 1); a++)
    for (let b = Math.max(0, j - 1); b <= Math.min(columns - 1, j + 1); b++) found.push(a * columns + b);
  return found;
}

const meanSquare = (values: readonly number[]) =>
  values.length > 0 ? values.reduce((sum, v) => sum + v * v, 0) / values.length : 0;

/** Draws a grid with as many runs a cell as the experiment had, and writes its mean errors into `out`. */
export function drawErrors(surface: Surface, noise: Noise, random: Stream, out: Float64Array): void {
  const { pool, start, size, runs } = noise;
  for (let k = 0; k < out.length; k++) {
    const n = size[k]!;
    let sum = 0;
    if (n > 0) for (let r = runs[k]!; r > 0; r--) sum += pool[start[k]! + Math.floor(random.uniform() * n)]!;
    const mean = surface.error[k]!;
    // The inflation can take a relative residual below -1, but an error is never negative.
    out[k] = n > 0 ? mean * Math.max(0.05, 1 + sum / runs[k]!) : mean;
  }
}
