/** The ridge: for each lr the wd of least error, and the line through these optima. */
import type { RidgeColumn, RidgeColumnStatus } from './statistics.js';
import type { Surface } from './surface.js';

/** Weighted straight line through the usable columns' optima, in natural logarithms. */
export interface RidgeFit {
  /** NaN if fewer than three columns are usable. */
  readonly slope: number;
  readonly intercept: number;
  /** Standard error of the slope from the scatter about the line, used - 2 degrees of freedom. */
  readonly error: number;
  readonly columns: readonly RidgeColumn[];
}

interface Optimum {
  readonly status: RidgeColumnStatus;
  /** ln wd at the minimum, and the variance of that per unit variance of ln error. */
  readonly at: number;
  readonly spread: number;
  readonly step: number;
}

/** The relative standard deviation that the weights assume if no cell has two seeds. */
export const ASSUMED_NOISE = 0.05;
/** The error of the parabola itself, as a share of the wd step. Without it steep columns would take all the weight. */
const VERTEX_ERROR = 0.1;
/** The parabola is fitted to the lowest cell and this many on each side. */
const NEIGHBOURS = 2;
/** A vertex this share of the wd step beyond the outermost point still lies on it: rounding must not decide. */
const ROUNDING = 1e-9;

/**
 * The ridge of a table of errors. `noise`: relative variance of a cell's mean. Each column has weight 1 / (noise *
 * spread + (VERTEX_ERROR * step)^2); spread is the delta-method variance of the parabola's vertex.
 */
export function ridge(surface: Surface, error: Float64Array, noise: number): RidgeFit {
  const optima = surface.lrs.map((_, i) => optimum(surface, error, i, noise));
  const weights = optima.map((o) =>
    o.status === 'used' ? 1 / (noise * o.spread + (VERTEX_ERROR * o.step) ** 2) : 0,
  );
  const total = weights.reduce((a, b) => a + b, 0);
  const x = surface.lrs.map(Math.log);
  const line = weightedLine(
    x,
    optima.map((o) => o.at),
    weights,
  );
  const columns = optima.map((o, i) => ({
    lr: surface.lrs[i]!,
    status: o.status,
    wd: o.status === 'used' ? Math.exp(o.at) : null,
    weight: total > 0 ? weights[i]! / total : 0,
  }));
  return { ...line, columns };
}

const unusable = (status: RidgeColumnStatus): Optimum => ({ status, at: NaN, spread: NaN, step: NaN });

function optimum(surface: Surface, error: Float64Array, i: number, noise: number): Optimum {
  const { wds, diverged } = surface;
  const row = i * wds.length;
  const known: number[] = [];
  let converged = 0;
  for (let j = 0; j < wds.length; j++) {
    const e = error[row + j]!;
    if (!(wds[j]! > 0) || Number.isNaN(e)) continue;
    known.push(j);
    converged += 1 - diverged[row + j]!;
  }
  if (converged < 3) return unusable('few');
  const values = known.map((j) => Math.log(error[row + j]!));
  const least = values.reduce((a, b) => Math.min(a, b));
  if (wds[0] === 0 && Math.log(error[row]!) < least) return unusable('zero');
  const ties = values.flatMap((v, k) => (v === least ? [k] : []));
  if (ties.length === values.length || isFlat(values, noise)) return unusable('flat');
  if (ties[0] === 0 || ties.at(-1) === values.length - 1) return unusable('edge');
  const k = ties[Math.floor((ties.length - 1) / 2)]!;
  const [from, to] = [Math.max(0, k - NEIGHBOURS), k + NEIGHBOURS + 1];
  return vertex(
    known.slice(from, to).map((j) => Math.log(wds[j]!)),
    values.slice(from, to),
    Math.log(wds[known[k]!]!),
  );
}

/** True if the values vary no more than noise of this variance might: three standard errors of its own variance. */
function isFlat(values: readonly number[], noise: number): boolean {
  const freedom = values.length - 1;
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / freedom;
  return variance <= noise * (1 + 3 * Math.sqrt(2 / freedom));
}

/**
 * Minimum of the least-squares parabola c0 + c1 (x - at) + c2 (x - at)^2 through the points, and its delta-method
 * variance. `at`: the x of the lowest point. `flat` if the parabola does not open upwards within the points and the
 * lowest point cannot be told from a constant.
 */
function vertex(x: readonly number[], y: readonly number[], at: number): Optimum {
  const moment = (power: number) => x.reduce((sum, v) => sum + (v - at) ** power, 0);
  const [s0, s1, s2, s3, s4] = [x.length, moment(1), moment(2), moment(3), moment(4)];
  const det = s0 * (s2 * s4 - s3 * s3) - s1 * (s1 * s4 - s2 * s3) + s2 * (s1 * s3 - s2 * s2);
  // Rows of (X'X)^-1 X' for c1 and c2.
  const toC1 = x.map((v) => row(v - at, s2 * s3 - s1 * s4, s0 * s4 - s2 * s2, s1 * s2 - s0 * s3) / det);
  const toC2 = x.map((v) => row(v - at, s1 * s3 - s2 * s2, s1 * s2 - s0 * s3, s0 * s2 - s1 * s1) / det);
  const [c1, c2] = [dot(toC1, y), dot(toC2, y)];
  if (!(c2 > 0)) return unusable('flat');
  const shift = -c1 / (2 * c2);
  const step = (x.at(-1)! - x[0]!) / (x.length - 1);
  const slack = ROUNDING * step;
  if (at + shift < x[0]! - slack || at + shift > x.at(-1)! + slack) return unusable('flat');
  const spread = x.reduce(
    (sum, _, i) => sum + (-toC1[i]! / (2 * c2) + (c1 * toC2[i]!) / (2 * c2 * c2)) ** 2,
    0,
  );
  return { status: 'used', at: at + shift, spread, step };
}

const row = (v: number, a: number, b: number, c: number) => a + b * v + c * v * v;
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);

/** Weighted least squares; points of weight 0 are left out. NaN with fewer than three points. */
export function weightedLine(
  x: readonly number[],
  y: readonly number[],
  weights: readonly number[],
): { slope: number; intercept: number; error: number } {
  let [n, w, mx, my] = [0, 0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    if (!(weights[i]! > 0)) continue;
    n++;
    w += weights[i]!;
    mx += weights[i]! * x[i]!;
    my += weights[i]! * y[i]!;
  }
  if (n < 3) return { slope: NaN, intercept: NaN, error: NaN };
  mx /= w;
  my /= w;
  let [sxx, sxy, syy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    if (!(weights[i]! > 0)) continue;
    sxx += weights[i]! * (x[i]! - mx) ** 2;
    sxy += weights[i]! * (x[i]! - mx) * (y[i]! - my);
    syy += weights[i]! * (y[i]! - my) ** 2;
  }
  const slope = sxy / sxx;
  const error = Math.sqrt(Math.max(0, syy - slope * sxy) / (n - 2) / sxx);
  return { slope, intercept: my - slope * mx, error };
}
