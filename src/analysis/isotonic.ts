/** Isotonic regression by the pool-adjacent-violators algorithm (Ayer et al. 1955; Best & Chakravarti 1990). */

/** A non-decreasing piecewise linear curve through (x[k], y[k]), x ascending; constant beyond its ends. */
export interface Curve {
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/**
 * Least-squares non-decreasing fit of y on x. The weighted mean points of the pooled blocks are joined by straight
 * lines, so the curve has no steps.
 *
 * @param x ascending
 * @param weights non-negative; points of weight 0 are left out
 */
export function isotonic(x: ArrayLike<number>, y: ArrayLike<number>, weights: ArrayLike<number>): Curve {
  const blockW = new Float64Array(x.length);
  const blockX = new Float64Array(x.length);
  const blockY = new Float64Array(x.length);
  let last = -1;
  for (let i = 0; i < x.length; i++) {
    let w = weights[i]!;
    if (!(w > 0)) continue;
    let mx = x[i]!;
    let my = y[i]!;
    // Points of equal x are pooled, even if y rises.
    for (; last >= 0 && (blockY[last]! >= my || blockX[last]! >= mx); last--) {
      const sum = blockW[last]! + w;
      mx = (blockX[last]! * blockW[last]! + mx * w) / sum;
      my = (blockY[last]! * blockW[last]! + my * w) / sum;
      w = sum;
    }
    last++;
    blockW[last] = w;
    blockX[last] = mx;
    blockY[last] = my;
  }
  return { x: blockX.subarray(0, last + 1), y: blockY.subarray(0, last + 1) };
}

export function evaluateCurve(curve: Curve, points: readonly number[]): number[] {
  const { x, y } = curve;
  let k = 0;
  return points.map((p) => {
    while (k < x.length - 1 && x[k + 1]! < p) k++;
    if (k === x.length - 1 || p <= x[k]!) return y[k]!;
    const share = (p - x[k]!) / (x[k + 1]! - x[k]!);
    return y[k]! + share * (y[k + 1]! - y[k]!);
  });
}
