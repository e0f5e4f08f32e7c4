/** The least-squares parabola through a few points, and its lowest point. */

export interface Parabola {
  /** x of the minimum; NaN if the parabola does not open upwards, or if its minimum lies outside the points. */
  readonly vertex: number;
  /** Variance of the vertex per unit variance of y, by the delta method. */
  readonly spread: number;
  /** Sum of squares about the parabola, and about the mean. */
  readonly rest: number;
  readonly total: number;
}

/** A vertex this share of the step beyond the outermost point still lies on it: rounding must not decide. */
const ROUNDING = 1e-9;

/** Fits c0 + c1 (x - at) + c2 (x - at)^2 to three points or more. `at`: an x among the points, for accuracy. */
export function parabola(x: readonly number[], y: readonly number[], at: number): Parabola {
  const moment = (power: number) => x.reduce((sum, v) => sum + (v - at) ** power, 0);
  const [s0, s1, s2, s3, s4] = [x.length, moment(1), moment(2), moment(3), moment(4)];
  const det = s0 * (s2 * s4 - s3 * s3) - s1 * (s1 * s4 - s2 * s3) + s2 * (s1 * s3 - s2 * s2);
  // Rows of (X'X)^-1 X' for c0, c1 and c2.
  const toC0 = x.map((v) => row(v - at, s2 * s4 - s3 * s3, s2 * s3 - s1 * s4, s1 * s3 - s2 * s2) / det);
  const toC1 = x.map((v) => row(v - at, s2 * s3 - s1 * s4, s0 * s4 - s2 * s2, s1 * s2 - s0 * s3) / det);
  const toC2 = x.map((v) => row(v - at, s1 * s3 - s2 * s2, s1 * s2 - s0 * s3, s0 * s2 - s1 * s1) / det);
  const [c0, c1, c2] = [dot(toC0, y), dot(toC1, y), dot(toC2, y)];
  const mean = y.reduce((a, b) => a + b, 0) / y.length;
  const total = y.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  const rest = y.reduce((sum, v, i) => sum + (v - row(x[i]! - at, c0, c1, c2)) ** 2, 0);
  const vertex = at - c1 / (2 * c2);
  const slack = (ROUNDING * (x.at(-1)! - x[0]!)) / (x.length - 1);
  const inside = vertex >= x[0]! - slack && vertex <= x.at(-1)! + slack;
  if (!(c2 > 0) || !inside) return { vertex: NaN, spread: NaN, rest, total };
  const spread = x.reduce(
    (sum, _, i) => sum + (-toC1[i]! / (2 * c2) + (c1 * toC2[i]!) / (2 * c2 * c2)) ** 2,
    0,
  );
  return { vertex, spread, rest, total };
}

const row = (v: number, a: number, b: number, c: number) => a + b * v + c * v * v;
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * b[i]!, 0);
