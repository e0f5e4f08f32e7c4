/**
 * Propositions 1 and 2 of the paper in numbers, as printed in docs/propositions.md:
 *
 *     npx tsx bench/propositions.ts
 *
 * Everything is float64 JavaScript on the test problem (a tanh network of 21 parameters), so that what differs does
 * so because of the algorithm and not of rounding.
 */
import { fileURLToPath } from 'node:url';
import type { OptimizerRule } from '../src/optim/index.js';
import { trajectory, type Run } from '../test/optim/paper.js';
import { gradient, theta0 } from '../test/optim/problem.js';

const STEPS = 100;
/** lambda, per step. */
export const WD = 0.002;

export const RULE: OptimizerRule = {
  name: 'sgdw',
  beta1: 0,
  beta2: 0.999,
  eps: 1e-8,
  epsForm: 'paper',
  momentumForm: 'paper',
  convention: 'paper',
};

const path = (name: OptimizerRule['name'], lr: number, wd: number, changes: Partial<Run> = {}, beta1 = 0) =>
  trajectory(
    {
      rule: { ...RULE, name, beta1 },
      lr,
      wd,
      schedule: { name: 'cosine' },
      epochs: 1,
      stepsPerEpoch: STEPS,
      ...changes,
    },
    theta0,
    gradient,
  );

const norm = (x: readonly number[]): number => Math.hypot(...x);

/** max over t of |a_t - b_t| / |b_t|. */
export const pathDistance = (a: readonly number[][], b: readonly number[][]): number =>
  Math.max(...b.map((theta, t) => norm(theta.map((x, i) => x - a[t]![i]!)) / norm(theta)));

/** Distance of L2 with coefficient lambda' from decoupled decay with WD, for one optimizer. */
export function distanceTo(
  family: 'sgd' | 'adam',
  lr: number,
  beta1: number,
): { l2: (lambda: number) => number; none: number } {
  const target = path(`${family}w`, lr, WD, {}, beta1);
  const l2 = (lambda: number) => pathDistance(path(family, lr, lambda, {}, beta1), target);
  return { l2, none: l2(0) };
}

/** The lambda' that comes closest: a scan over nine decades, then golden section around the best of it. */
export function closest(l2: (lambda: number) => number): { lambda: number; distance: number } {
  const grid = Array.from({ length: 91 }, (_, i) => -7 + i / 10);
  const best = grid.reduce((a, b) => (l2(10 ** b) < l2(10 ** a) ? b : a));
  let [low, high] = [best - 0.1, best + 0.1];
  const golden = (Math.sqrt(5) - 1) / 2;
  while (high - low > 1e-8) {
    const [left, right] = [high - golden * (high - low), low + golden * (high - low)];
    if (l2(10 ** left) < l2(10 ** right)) high = right;
    else low = left;
  }
  const lambda = 10 ** ((low + high) / 2);
  return { lambda, distance: l2(lambda) };
}

/**
 * Proposition 2 for a fixed diagonal preconditioner M: one L2 step theta - alpha M (g + lambda' theta) against one
 * decoupled step (1 - lambda) theta - alpha M g. Their difference is (lambda - alpha lambda' M) theta, whatever g is.
 *
 * @returns the lambda' that makes it smallest, and how small relative to lambda |theta|: the sine of the angle
 * between theta and M theta, which is 0 only where M is a multiple of the identity on theta.
 */
export function bestL2(m: readonly number[], theta: readonly number[], alpha: number, lambda: number) {
  const mTheta = m.map((mi, i) => mi * theta[i]!);
  const dot = mTheta.reduce((sum, x, i) => sum + x * theta[i]!, 0);
  const best = (lambda * dot) / (alpha * norm(mTheta) ** 2);
  return { lambda: best, residual: residual(m, theta, alpha, lambda, best) };
}

/** |L2 step - decoupled step| / (lambda |theta|). */
export const residual = (
  m: readonly number[],
  theta: readonly number[],
  alpha: number,
  lambda: number,
  l2: number,
): number => norm(theta.map((x, i) => (lambda - alpha * l2 * m[i]!) * x)) / (lambda * norm(theta));

/** Adam's own preconditioner 1/(sqrt(vhat) + eps) after some steps without decay. */
export function adamPreconditioner(lr: number, steps: number): { m: number[]; theta: number[] } {
  const thetas = path('adam', lr, 0, {}, 0.9).slice(0, steps + 1);
  const v = theta0.map(() => 0);
  for (const theta of thetas.slice(0, -1))
    gradient(theta).forEach((g, i) => (v[i] = RULE.beta2 * v[i]! + (1 - RULE.beta2) * g * g));
  const m = v.map((vi) => 1 / (Math.sqrt(vi / (1 - RULE.beta2 ** steps)) + RULE.eps));
  return { m, theta: thetas.at(-1)! };
}

/** Lines of the report. */
export function report(): string[] {
  const show = (x: number) => x.toExponential(2);
  const lines = [
    `lambda = ${WD} per step, ${STEPS} steps, cosine schedule; distance: max over t of |theta_t - theta'_t| / |theta_t|`,
    '',
    'Proposition 1: SGD without momentum, L2 with lambda_prime = lambda/alpha against decoupled decay',
  ];
  for (const lr of [0.02, 0.1, 0.3]) {
    const { l2, none } = distanceTo('sgd', lr, 0);
    lines.push(
      `  alpha ${lr}: lambda/alpha ${show(WD / lr)}, distance ${show(l2(WD / lr))} (without any decay ${show(none)})`,
    );
  }
  lines.push('', 'Proposition 2: the best lambda_prime of all, found by scan and golden section');
  for (const [family, lr, beta1] of [
    ['sgd', 0.1, 0],
    ['sgd', 0.02, 0.9],
    ['adam', 0.02, 0],
    ['adam', 0.02, 0.9],
  ] as const) {
    const { l2, none } = distanceTo(family, lr, beta1);
    const { lambda, distance } = closest(l2);
    lines.push(
      `  ${family}, beta1 ${beta1}, alpha ${lr}: best lambda_prime ${show(lambda)}, distance ${show(distance)}, ` +
        `${((100 * distance) / none).toPrecision(3)}% of that without any decay (${show(none)})`,
    );
  }
  const { m, theta } = adamPreconditioner(0.02, STEPS);
  const { residual: left } = bestL2(m, theta, 0.02, WD);
  lines.push(
    '',
    `The algebra, with Adam's preconditioner after ${STEPS} steps: its largest entry is ` +
      `${(Math.max(...m) / Math.min(...m)).toPrecision(3)} times its smallest;`,
    `  with the best lambda_prime ${(100 * left).toPrecision(3)}% of the decay step is left unmatched (0% for a multiple of the identity: ` +
      `${show(
        bestL2(
          m.map(() => 3),
          theta,
          0.02,
          WD,
        ).residual,
      )})`,
  );
  return lines;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(report().join('\n'));
