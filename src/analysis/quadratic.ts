/** The slope of the ridge from one quadratic in (ln lr, ln wd), fitted to log error near the best. */
import type { Surface } from './surface.js';

/** Cells whose error is at most this many times the least of the cells with decay. */
const NEAR = 1.25;
const TERMS = 6;
/** Two cells more than the quadratic has terms: fewer would leave no scatter to judge it by. */
const LEAST_CELLS = TERMS + 2;

export interface QuadraticFit {
  /** d ln wd* / d ln lr along the valley; NaN if it is not identifiable. */
  readonly slope: number;
  /** Its standard error from the scatter about the fit, on `cells` - 6 degrees of freedom. */
  readonly error: number;
  /** Cells near the best. */
  readonly cells: number;
}

/**
 * Fits ln e = c0 + c1 x + c2 y + c3 x^2 + c4 x y + c5 y^2 by least squares, x = ln lr, y = ln wd. For each x the least
 * error is at y = -(c2 + c4 x) / (2 c5), so the slope is -c4 / (2 c5). NaN with fewer than eight such cells, cells in
 * fewer than three lrs or wds, or a fit that does not open upwards along wd.
 */
export const quadraticRidge = (surface: Surface, error: Float64Array): QuadraticFit =>
  fitQuadratic(nearBest(surface, error));

/** The same for trials that are no grid. `error`: of those with decay that did not diverge, above 0. */
export function scatteredRidge(
  trials: readonly { readonly lr: number; readonly wd: number; readonly error: number }[],
): QuadraticFit {
  const least = trials.reduce((low, { error }) => Math.min(low, error), Infinity);
  const near = trials.filter(({ error }) => error <= NEAR * least);
  return fitQuadratic(near.map(({ lr, wd, error }) => [Math.log(lr), Math.log(wd), Math.log(error)]));
}

function fitQuadratic(points: readonly Point[]): QuadraticFit {
  const none = { slope: NaN, error: NaN, cells: points.length };
  if (points.length < LEAST_CELLS) return none;
  // About their middle, or the equations would be badly conditioned.
  const mean = (k: 0 | 1) => points.reduce((sum, p) => sum + p[k], 0) / points.length;
  const [mx, my] = [mean(0), mean(1)];
  const rows = points.map(([x, y]) => termsOf(x - mx, y - my));
  const inverse = invert(normalMatrix(rows));
  if (!inverse) return none;
  const moments = Array.from({ length: TERMS }, (_, i) =>
    rows.reduce((sum, row, k) => sum + row[i]! * points[k]![2], 0),
  );
  const c = inverse.map((row) => dot(row, moments));
  const [cross, bend] = [c[4]!, c[5]!];
  if (!(bend > 0)) return none;
  const rest = rows.reduce((sum, row, k) => sum + (points[k]![2] - dot(row, c)) ** 2, 0);
  // Delta method: the gradient of -c4 / (2 c5).
  const [byCross, byBend] = [-1 / (2 * bend), cross / (2 * bend * bend)];
  const mixed = 2 * byCross * byBend * inverse[4]![5]!;
  const spread = byCross ** 2 * inverse[4]![4]! + mixed + byBend ** 2 * inverse[5]![5]!;
  const variance = (rest / (points.length - TERMS)) * spread;
  return { slope: -cross / (2 * bend), error: Math.sqrt(Math.max(0, variance)), cells: points.length };
}

type Point = readonly [x: number, y: number, logError: number];

/** The cells with decay, without a diverged run, within a quarter of the best of them. */
function nearBest({ lrs, wds, touched }: Surface, error: Float64Array): Point[] {
  const isUsable = (k: number) => wds[k % wds.length]! > 0 && !touched[k] && error[k]! > 0;
  let least = Infinity;
  error.forEach((e, k) => (least = isUsable(k) ? Math.min(least, e) : least));
  const points: Point[] = [];
  error.forEach((e, k) => {
    if (isUsable(k) && e <= NEAR * least)
      points.push([Math.log(lrs[Math.floor(k / wds.length)]!), Math.log(wds[k % wds.length]!), Math.log(e)]);
  });
  return points;
}

const termsOf = (x: number, y: number): number[] => [1, x, y, x * x, x * y, y * y];
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, k) => sum + v * b[k]!, 0);

const normalMatrix = (rows: readonly (readonly number[])[]): number[][] =>
  Array.from({ length: TERMS }, (_, i) =>
    Array.from({ length: TERMS }, (_, j) => rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0)),
  );

/** Gauss-Jordan with row pivots; null if the matrix is singular to rounding. */
function invert(matrix: readonly (readonly number[])[]): number[][] | null {
  const n = matrix.length;
  const scale = Math.max(...matrix.map((row, i) => row[i]!));
  const work = matrix.map((row, i) => [...row, ...row.map((_, j) => Number(i === j))]);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(work[i]![k]!) > Math.abs(work[pivot]![k]!)) pivot = i;
    if (!(Math.abs(work[pivot]![k]!) > 1e-10 * scale)) return null;
    const chosen = work[pivot]!;
    work[pivot] = work[k]!;
    const top = chosen.map((v) => v / chosen[k]!);
    work[k] = top;
    work.forEach((row, i) => {
      if (i !== k) work[i] = row.map((v, j) => v - row[k]! * top[j]!);
    });
  }
  return work.map((row) => row.slice(n));
}
