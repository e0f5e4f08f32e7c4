/** Propositions 1 and 2 of the paper (docs/propositions.md has the numbers). */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { bestL2, closest, distanceTo, pathDistance, residual, WD } from '../../bench/propositions.js';
import type { Schedule } from '../../src/experiment/specs.js';
import { drive, RULE } from './drive.js';
import { gradient, theta0 } from './problem.js';

beforeAll(() => tf.setBackend('cpu'));

describe('Proposition 1: for SGD, L2 with lambda/alpha is decoupled decay', () => {
  test.each([0.02, 0.1, 0.3])('the algorithms in float64, alpha %d', (lr) => {
    const { l2, none } = distanceTo('sgd', lr, 0);
    expect(l2(WD / lr)).toBeLessThan(1e-13);
    expect(none).toBeGreaterThan(0.1);
    expect(l2(1.1 * (WD / lr))).toBeGreaterThan(1e-3);
  });

  test.each<Schedule>([
    { name: 'constant' },
    { name: 'step', at: [0.5], factor: 0.1 },
    { name: 'cosine' },
    { name: 'warm-restarts', firstCycle: 0.3, multiply: 2 },
  ])('our optimizers in float32, schedule $name, both momentum forms', (schedule) => {
    const [lr, wd] = [0.1, 0.01];
    for (const momentumForm of ['paper', 'torch'] as const) {
      const rule = { ...RULE, momentumForm, beta1: 0 };
      const run = { lr, schedule, epochs: 1, stepsPerEpoch: 50 };
      const decoupled = drive({ ...run, rule: { ...rule, name: 'sgdw' }, wd }, theta0, gradient);
      const l2 = drive({ ...run, rule: { ...rule, name: 'sgd' }, wd: wd / lr }, theta0, gradient);
      expect(pathDistance(l2, decoupled)).toBeLessThan(2e-6);
      // In PyTorch's convention alpha is in the decay already, and lambda' = lambda.
      const lrRule = { ...rule, name: 'sgdw', convention: 'lr' } as const;
      const torch = drive({ ...run, rule: lrRule, wd: wd / lr }, theta0, gradient);
      expect(pathDistance(torch, decoupled)).toBeLessThan(2e-6);
    }
  });
});

describe('Proposition 2: for Adam, no lambda_prime does it', () => {
  test.each([0, 0.9])('the closest of all is far, beta1 %d', (beta1) => {
    const { l2, none } = distanceTo('adam', 0.02, beta1);
    const { distance } = closest(l2);
    expect(distance).toBeGreaterThan(0.03);
    expect(distance).toBeLessThan(none);
  });

  test('the same search finds the lambda_prime of Proposition 1: it would have found another', () => {
    const { lambda, distance } = closest(distanceTo('sgd', 0.1, 0).l2);
    expect(lambda).toBeCloseTo(WD / 0.1, 7);
    expect(distance).toBeLessThan(1e-8);
  });

  const entry = fc.double({ min: 0.01, max: 10, noNaN: true });
  const problem = fc.integer({ min: 2, max: 8 }).chain((n) =>
    fc.record({
      m: fc.array(entry, { minLength: n, maxLength: n }),
      theta: fc.array(entry, { minLength: n, maxLength: n }),
      alpha: fc.constantFrom(1e-3, 0.1, 1),
      lambda: fc.constantFrom(1e-4, 0.1),
    }),
  );

  test('algebra: whatever lambda_prime, a diagonal M leaves the sine of the angle between theta and M theta', () => {
    fc.assert(
      fc.property(
        problem,
        fc.double({ min: 0, max: 3, noNaN: true }),
        ({ m, theta, alpha, lambda }, factor) => {
          const mTheta = m.map((mi, i) => mi * theta[i]!);
          const cosine =
            mTheta.reduce((sum, x, i) => sum + x * theta[i]!, 0) /
            Math.hypot(...mTheta) /
            Math.hypot(...theta);
          const least = bestL2(m, theta, alpha, lambda);
          expect(least.residual ** 2).toBeCloseTo(1 - cosine ** 2, 10);
          expect(residual(m, theta, alpha, lambda, factor * least.lambda)).toBeGreaterThanOrEqual(
            least.residual * (1 - 1e-9),
          );
        },
      ),
    );
  });

  test('algebra: for a multiple of the identity, M = k I, lambda/(alpha k) leaves nothing', () => {
    fc.assert(
      fc.property(problem, entry, ({ m, theta, alpha, lambda }, k) => {
        const identity = m.map(() => k);
        const least = bestL2(identity, theta, alpha, lambda);
        expect(least.lambda / (lambda / (alpha * k))).toBeCloseTo(1, 10);
        expect(least.residual).toBeLessThan(1e-12);
      }),
    );
  });
});
