/**
 * The problem of test/fixtures/rules/problem.py: a gradient that is a formula of theta and t. It pulls paths together, so
 * that rounding does not grow over 300 steps, as it does on the network of test/optim/problem.ts.
 */
export const valley = (theta: readonly number[], t: number): number[] =>
  theta.map(
    (x, i) =>
      (0.5 + 0.4 * Math.sin(1.1 * i)) * (x - 0.3 * Math.sin(2.3 * i)) + 0.4 * Math.sin(0.7 * t + 1.9 * i),
  );
