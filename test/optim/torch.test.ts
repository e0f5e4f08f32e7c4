/**
 * Against PyTorch: 300 float32 steps under a changing learning rate (fixtures/optim/make.py wrote the numbers).
 * PyTorch is convention `lr` and momentum form `torch`; its gradients come from autograd, ours from problem.ts.
 */
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { makeOptimizer, makeSchedule, type OptimizerRule } from '../../src/optim/index.js';
import { RULE, walk } from './drive.js';
import * as problem from './problem.js';

interface Fixture {
  steps: number;
  inputs: number[][];
  targets: number[];
  theta0: number[];
  runs: {
    rule: Pick<OptimizerRule, 'name' | 'beta1' | 'beta2' | 'eps'>;
    lr: number;
    wd: number;
    losses: [number, number];
    theta: Record<string, number[]>;
  }[];
}

const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/optim/torch.json', import.meta.url), 'utf8'),
) as Fixture;

beforeAll(() => tf.setBackend('cpu'));

test.each(
  fixture.runs.map((run) => ({ ...run, title: `${run.rule.name} ${JSON.stringify(run.rule)} wd ${run.wd}` })),
)('$title', ({ rule, lr, wd, theta, losses: [first, last] }) => {
  const optimizer = makeOptimizer(
    { ...RULE, ...rule, convention: 'lr', momentumForm: 'torch', epsForm: 'paper' },
    { lr, wd },
  );
  const schedule = makeSchedule(
    { name: 'cosine' },
    { epochs: 30, stepsPerEpoch: fixture.steps / 30, warmup: 0 },
  );
  const steps = Array.from({ length: fixture.steps }, (_, i) => ({ t: i + 1, ...schedule(i + 1) }));
  const path = walk(optimizer, fixture.theta0, problem.gradient, steps);
  for (const [t, expected] of Object.entries(theta)) {
    expect(problem.relativeDistance(path[Number(t)]!, expected), `step ${t}`).toBeLessThan(1e-5);
  }
  expect(problem.loss(path[0]!)).toBeCloseTo(first, 5);
  expect(problem.loss(path.at(-1)!)).toBeCloseTo(last, 5);
  expect(last).toBeLessThan(first);
});

test('the problem of problem.ts is the one that PyTorch solved', () => {
  expect(problem.relativeDistance(problem.inputs.flat(), fixture.inputs.flat())).toBeLessThan(1e-7);
  expect(problem.relativeDistance(problem.targets, fixture.targets)).toBeLessThan(1e-7);
  expect(problem.relativeDistance(problem.theta0, fixture.theta0)).toBeLessThan(1e-7);
});

test('its gradient is that of its loss', () => {
  const h = 1e-6;
  const at = (i: number, by: number) => problem.theta0.map((theta, j) => theta + (i === j ? by : 0));
  const numeric = problem.theta0.map((_, i) => (problem.loss(at(i, h)) - problem.loss(at(i, -h))) / (2 * h));
  expect(problem.relativeDistance(problem.gradient(problem.theta0), numeric)).toBeLessThan(1e-8);
});
