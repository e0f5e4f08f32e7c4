/**
 * A small non-convex problem for optimizer tests: a tanh network of 3 inputs, 4 hidden units and 1 output (21
 * parameters), fitted to 16 points by mean squared error, in float64 with its gradient by hand.
 */

const INPUTS = 3;
const HIDDEN = 4;
const POINTS = 16;
export const PARAMETERS = INPUTS * HIDDEN + HIDDEN + HIDDEN + 1;

export const inputs: readonly (readonly number[])[] = Array.from({ length: POINTS }, (_, i) =>
  Array.from({ length: INPUTS }, (_, k) => Math.fround(Math.sin(1.7 * i + 2.3 * k + 0.4))),
);
export const targets: readonly number[] = inputs.map(([a, b, c]) => Math.fround(a! * b! + Math.cos(2 * c!)));
export const theta0: readonly number[] = Array.from({ length: PARAMETERS }, (_, i) =>
  Math.fround(0.8 * Math.sin(12.9898 * (i + 1))),
);

/** Where b1 [4], w2 [4] and b2 [1] begin in theta; w1 [3, 4] comes first. */
const B1 = INPUTS * HIDDEN;
const W2 = B1 + HIDDEN;
const B2 = W2 + HIDDEN;

function forward(theta: readonly number[], x: readonly number[]): { h: number[]; output: number } {
  const h = Array.from({ length: HIDDEN }, (_, j) =>
    Math.tanh(x.reduce((sum, xk, k) => sum + xk * theta[k * HIDDEN + j]!, theta[B1 + j]!)),
  );
  return { h, output: h.reduce((sum, hj, j) => sum + hj * theta[W2 + j]!, theta[B2]!) };
}

export function loss(theta: readonly number[]): number {
  return inputs.reduce((sum, x, i) => sum + (forward(theta, x).output - targets[i]!) ** 2, 0) / POINTS;
}

/** d loss / d theta. */
export function gradient(theta: readonly number[]): number[] {
  const g = new Array<number>(PARAMETERS).fill(0);
  inputs.forEach((x, i) => {
    const { h, output } = forward(theta, x);
    const d = (2 * (output - targets[i]!)) / POINTS;
    g[B2]! += d;
    h.forEach((hj, j) => {
      g[W2 + j]! += d * hj;
      const back = d * theta[W2 + j]! * (1 - hj * hj);
      g[B1 + j]! += back;
      x.forEach((xk, k) => (g[k * HIDDEN + j]! += back * xk));
    });
  });
  return g;
}

/** max |a - b| / max |b|. */
export function relativeDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    difference = Math.max(difference, Math.abs(a[i]! - b[i]!));
    size = Math.max(size, Math.abs(b[i]!));
  }
  return difference / size;
}
