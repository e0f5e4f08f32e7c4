/** The ridge: for each lr the wd of least error, and the line through these optima. */
import { parabola } from './parabola.js';
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
  /** The wd of the lowest cell. */
  readonly lowest: number | null;
  /** The wd of the next cell on the side of a cliff. */
  readonly cliff: number | null;
}

/** The relative standard deviation that the weights assume if no cell has two seeds. */
export const ASSUMED_NOISE = 0.05;
/** The error of the parabola itself, as a share of the wd step. Without it steep columns would take all the weight. */
const VERTEX_ERROR = 0.1;
/** The same next to a cliff: the standard deviation of a place known to half a step on both sides. */
const CLIFF_ERROR = 0.3;
/** The parabola is fitted to the lowest cell and this many on each side; to one on each side next to a cliff. */
const NEIGHBOURS = 2;
/** A parabola that leaves no more than this share of the variance fits, whatever the noise. */
const MISFIT = 0.01;
/** 95 % quantiles of chi-squared by the degrees of freedom that a parabola leaves of four and of five cells. */
const LACK_OF_FIT = [0, 3.841, 5.991] as const;

/**
 * The ridge of a table of errors. `noise`: relative variance of a cell's mean, for the weights; `cells`: the same of each
 * cell, which tells a cliff from noise (`noise` if it is not given). Each column has weight 1 / (noise *
 * spread + (VERTEX_ERROR * step)^2), CLIFF_ERROR next to a cliff; spread is the delta-method variance of the vertex.
 */
export function ridge(surface: Surface, error: Float64Array, noise: number, cells?: Float64Array): RidgeFit {
  const optima = surface.lrs.map((_, i) => optimum(surface, error, i, noise, cells));
  const weights = optima.map((o) =>
    o.status === 'used' ? 1 / (noise * o.spread + (errorOf(o) * o.step) ** 2) : 0,
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
    lowest: o.lowest,
    cliff: o.cliff,
  }));
  return { ...line, columns };
}

const errorOf = ({ cliff }: Optimum) => (cliff === null ? VERTEX_ERROR : CLIFF_ERROR);

const unusable = (status: RidgeColumnStatus): Optimum => ({
  status,
  at: NaN,
  spread: NaN,
  step: NaN,
  lowest: null,
  cliff: null,
});

function optimum(
  surface: Surface,
  error: Float64Array,
  i: number,
  noise: number,
  cells?: Float64Array,
): Optimum {
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
  const sound = known.map((j) => surface.touched[row + j] === 0);
  return nearLowest({ wds: known.map((j) => wds[j]!), values, sound }, k, cells?.[row + known[k]!] ?? noise);
}

/** A column's known cells with decay: ln error, and whether no run diverged. */
interface Column {
  readonly wds: readonly number[];
  readonly values: readonly number[];
  readonly sound: readonly boolean[];
}

/**
 * The vertex near the lowest cell k. High errors past a cliff move a vertex away from them. So where no parabola fits the
 * five cells, three are used: with its lowest point in the middle, the vertex is half a step from it at most, however
 * high the others are. `noise`: relative variance of the lowest cell's mean.
 */
function nearLowest({ wds, values, sound }: Column, k: number, noise: number): Optimum {
  const x = wds.map(Math.log);
  const [from, to] = windowOf(k, NEIGHBOURS, x.length);
  const through = ([a, b]: readonly [number, number]) => parabola(x.slice(a, b), values.slice(a, b), x[k]!);
  const wide = through([from, to]);
  const allowed = LACK_OF_FIT[to - from - 3]! * noise + MISFIT * wide.total;
  const isSmooth = wide.rest <= allowed && !sound.slice(from, to).includes(false);
  const { vertex, spread } = isSmooth ? wide : through(windowOf(k, 1, x.length));
  if (Number.isNaN(vertex)) return unusable('flat');
  const height = (a: number, b: number) =>
    values.slice(a, b).reduce((top, v, i) => Math.max(top, sound[a + i]! ? v : Infinity), -Infinity);
  const [below, above] = [height(from, k), height(k + 1, to)];
  const isBelow = below === above ? values[from]! > values[to - 1]! : below > above;
  return {
    status: 'used',
    at: vertex,
    spread,
    step: (x[to - 1]! - x[from]!) / (to - from - 1),
    lowest: wds[k]!,
    cliff: isSmooth ? null : wds[isBelow ? k - 1 : k + 1]!,
  };
}

/** First index, and the one after the last, of the `reach` cells on each side of k, as far as there are any. */
const windowOf = (k: number, reach: number, length: number): [number, number] => [
  Math.max(0, k - reach),
  Math.min(length, k + reach + 1),
];

/** True if the values vary no more than noise of this variance might: three standard errors of its own variance. */
function isFlat(values: readonly number[], noise: number): boolean {
  const freedom = values.length - 1;
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / freedom;
  return variance <= noise * (1 + 3 * Math.sqrt(2 / freedom));
}

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
