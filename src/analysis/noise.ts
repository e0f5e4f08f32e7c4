/** The noise between seeds, and the replicates of the experiment that the bootstrap draws from it. */
import { median } from 'simple-statistics';
import type { Stream } from '../random/stream.js';
import type { Grid, GridCell } from '../experiment/grid.js';
import type { Surface } from './surface.js';

/**
 * The factors by which seeds depart from their cell's geometric mean. Cell k's are pool[start[k]] .. pool[start[k] +
 * size[k] - 1], and their mean is centre[k].
 */
export interface Noise {
  readonly pool: Float64Array;
  readonly centre: Float64Array;
  readonly start: Int32Array;
  readonly size: Int32Array;
  readonly runs: Int32Array;
  /** Variance of a cell's mean relative to the mean squared: the variance of its logarithm, nearly. */
  readonly variance: Float64Array;
  /** Degrees of freedom behind each cell's pool. */
  readonly freedoms: Int32Array;
  /** Their median over the clean cells. */
  readonly freedom: number;
}

/** Cells are added to a pool until it has so many degrees of freedom: their t quantile is 2.12, not 1.96. */
const ENOUGH = 16;
/** With fewer than this, a pool takes cells of any error (t is 2.31 at 8). */
const FEW = 8;
/** Else only cells of errors that are at most this many times larger or smaller. */
const ALIKE = 1.5;

/** The clean cells with two seeds or more, by ascending mean, and where their residuals stand in one array. */
interface Sorted {
  readonly logs: readonly number[];
  /** Residuals of sorted cell k: first[k] .. first[k + 1] - 1. */
  readonly first: readonly number[];
  readonly factors: readonly number[];
  /** Sums of the factors, and of their squares, before each position. */
  readonly sums: Float64Array;
  readonly squares: Float64Array;
}

/** One cell's part of the pool, and the mean and relative variance of its factors. */
interface Window {
  readonly start: number;
  readonly size: number;
  readonly freedom: number;
  readonly centre: number;
  readonly variance: number;
}

/**
 * The noise of a grid, or null if no cell has two finished seeds. A residual is ln e - mean(ln e) of its cell:
 * logarithms, because a relative error that is twice as large in one seed must not become negative in another.
 * Residuals about a mean of n shrink, so each is multiplied by sqrt(n / (n - 1)).
 *
 * Two or three seeds of one cell say too little. A cell without divergence draws from the clean cells whose mean error
 * is nearest to its own, itself included: noise follows the error, and neighbours on the grid may lie past a cliff. A
 * cell in which some runs diverged draws only from its own; one in which all did has no noise.
 */
export function noiseOf(grid: Grid): Noise | null {
  const cells = grid.cells.flat();
  const sorted = sortClean(cells);
  if (sorted.factors.length === 0) return null;
  const pool = [...sorted.factors];
  const windows = cells.map((cell): Window => {
    if (cell.status === 'ok' && cell.mean! > 0) return windowAround(sorted, Math.log(cell.mean!));
    const own = factorsOf(cell);
    pool.push(...own);
    return { start: pool.length - own.length, size: own.length, freedom: Math.max(0, own.length - 1), ...moments(own.length, sum(own), sum(own.map((f) => f * f))) }; // prettier-ignore
  });
  const clean = windows.flatMap((w, k) => (cells[k]!.status === 'ok' ? [w.freedom] : []));
  return {
    pool: Float64Array.from(pool),
    centre: Float64Array.from(windows, (w) => w.centre),
    start: Int32Array.from(windows, (w) => w.start),
    size: Int32Array.from(windows, (w) => w.size),
    runs: Int32Array.from(cells, (c) => c.errors.length),
    variance: Float64Array.from(windows, (w, k) => w.variance / Math.max(1, cells[k]!.errors.length)),
    freedoms: Int32Array.from(windows, (w) => w.freedom),
    freedom: median(clean),
  };
}

function sortClean(cells: readonly GridCell[]): Sorted {
  const clean = cells.flatMap((cell) => {
    const own = cell.status === 'ok' ? factorsOf(cell) : [];
    return own.length > 0 ? [{ log: Math.log(cell.mean!), own }] : [];
  });
  clean.sort((a, b) => a.log - b.log);
  const first = [0];
  for (const { own } of clean) first.push(first.at(-1)! + own.length);
  const factors = clean.flatMap(({ own }) => own);
  const [sums, squares] = [new Float64Array(factors.length + 1), new Float64Array(factors.length + 1)];
  factors.forEach((f, k) => {
    sums[k + 1] = sums[k]! + f;
    squares[k + 1] = squares[k]! + f * f;
  });
  return { logs: clean.map(({ log }) => log), first, factors, sums, squares };
}

/** The residuals of the clean cells nearest to `log` (ln error). Of cells at one distance it takes all or none. */
function windowAround({ logs, first, sums, squares }: Sorted, log: number): Window {
  let low = lowerBound(logs, log);
  let high = low;
  const freedom = () => first[high]! - first[low]! - (high - low);
  const distance = () =>
    Math.min(low > 0 ? log - logs[low - 1]! : Infinity, high < logs.length ? logs[high]! - log : Infinity);
  for (let d = distance(); Number.isFinite(d); d = distance()) {
    if (freedom() >= (d > Math.log(ALIKE) ? FEW : ENOUGH)) break;
    while (low > 0 && log - logs[low - 1]! <= d) low--;
    while (high < logs.length && logs[high]! - log <= d) high++;
  }
  const [start, end] = [first[low]!, first[high]!];
  const size = end - start;
  return {
    start,
    size,
    freedom: freedom(),
    ...moments(size, sums[end]! - sums[start]!, squares[end]! - squares[start]!),
  };
}

/** Mean and relative variance of n numbers of these sums. */
function moments(n: number, total: number, square: number): { centre: number; variance: number } {
  if (n === 0) return { centre: 1, variance: 0 };
  const centre = total / n;
  return { centre, variance: Math.max(0, square / n / (centre * centre) - 1) };
}

/** The first position whose entry is not below `value`; `values` ascend. */
function lowerBound(values: readonly number[], value: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** exp of each inflated residual of a cell with two runs or more. An error of 0 counts as a tenth of the mean. */
function factorsOf({ errors, mean }: GridCell): number[] {
  const n = errors.length;
  if (n < 2 || mean === null || mean <= 0) return [];
  const logs = errors.map((e) => Math.log(Math.max(e, mean / 10)));
  const centre = sum(logs) / n;
  const inflate = Math.sqrt(n / (n - 1));
  return logs.map((log) => Math.exp((log - centre) * inflate));
}

const sum = (values: readonly number[]) => values.reduce((total, v) => total + v, 0);

/** Draws a grid with as many runs a cell as the experiment had, and writes its mean errors into `out`. */
export function drawErrors(surface: Surface, noise: Noise, random: Stream, out: Float64Array): void {
  const { pool, centre, start, size, runs } = noise;
  for (let k = 0; k < out.length; k++) {
    const n = size[k]!;
    let sum = 0;
    if (n > 0) for (let r = runs[k]!; r > 0; r--) sum += pool[start[k]! + Math.floor(random.uniform() * n)]!;
    out[k] = n > 0 ? (surface.error[k]! * sum) / (runs[k]! * centre[k]!) : surface.error[k]!;
  }
}
