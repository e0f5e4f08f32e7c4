/** src/optim in float32 against Algorithms 1 and 2 in float64: every rule under every schedule. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Schedule } from '../../src/experiment/specs.js';
import type { OptimizerRule } from '../../src/optim/scalars.js';
import { drive, RULE } from './drive.js';
import { trajectory, type Run } from './paper.js';
import { gradient, PARAMETERS, relativeDistance, theta0 } from './problem.js';

beforeAll(() => tf.setBackend('cpu'));

const NAMES = ['adam', 'adamw', 'sgd', 'sgdw'] as const;
const CONVENTIONS = ['paper', 'lr', 'constant', 'normalized'] as const;
const SCHEDULES: Schedule[] = [
  { name: 'constant' },
  { name: 'step', at: [0.3, 0.6, 0.8], factor: 0.1 },
  { name: 'cosine' },
  { name: 'warm-restarts', firstCycle: 1.5, multiply: 2 },
];

const runOf = (rule: OptimizerRule, schedule: Schedule): Run => ({
  rule,
  schedule,
  lr: rule.name.startsWith('adam') ? 0.01 : 0.05,
  wd: 0.02,
  epochs: 5,
  stepsPerEpoch: 12,
});

function worst(run: Run): number {
  const exact = trajectory(run, theta0, gradient);
  const ours = drive(run, theta0, gradient);
  expect(ours.length).toBe(exact.length);
  return Math.max(...exact.map((theta, t) => relativeDistance(ours[t]!, theta)));
}

describe.each(SCHEDULES)('under schedule $name', (schedule) => {
  test.each(NAMES)('%s follows the paper in every convention and form', (name) => {
    for (const convention of CONVENTIONS)
      for (const torch of [false, true]) {
        const forms = torch
          ? ({ epsForm: 'torch7', momentumForm: 'torch', eps: 1e-3 } as const)
          : ({ epsForm: 'paper', momentumForm: 'paper', eps: 1e-3 } as const);
        const rule = { ...RULE, ...forms, name, convention };
        expect(worst(runOf(rule, schedule)), `${convention}, torch forms: ${torch}`).toBeLessThan(2e-6);
      }
  });
});

test.each(NAMES)('%s decays only what the mask marks', (name) => {
  const mask = Array.from({ length: PARAMETERS }, (_, i) => i % 2);
  const run = runOf({ ...RULE, name }, { name: 'cosine' });
  expect(worst({ ...run, wd: 0.1, mask })).toBeLessThan(2e-6);
});

test.each(NAMES)('%s without momentum (beta1 = 0) follows the paper', (name) => {
  expect(worst(runOf({ ...RULE, name, beta1: 0, eps: 1e-3 }, { name: 'cosine' }))).toBeLessThan(2e-6);
});

test('each choice changes the trajectory: the comparisons above can tell them apart', () => {
  const cosine = { name: 'cosine' } as const;
  const path = (rule: Partial<OptimizerRule>) =>
    trajectory(runOf({ ...RULE, ...rule }, cosine), theta0, gradient).at(-1)!;
  const variants = [
    ...CONVENTIONS.map((convention) => path({ convention })),
    path({ name: 'adam' }),
    path({ epsForm: 'torch7', eps: 1e-3 }),
    path({ name: 'sgdw' }),
    path({ name: 'sgd' }),
    path({ name: 'sgdw', momentumForm: 'torch' }),
  ];
  variants.forEach((a, i) =>
    variants.slice(i + 1).forEach((b) => expect(relativeDistance(a, b)).toBeGreaterThan(1e-3)),
  );
});
