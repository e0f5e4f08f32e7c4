/**
 * NAdamW, RMSPropW, Lion and Muon against float64 transcriptions of their formulas, and against PyTorch
 * (fixtures/tf-optimizers/make.py wrote its numbers), under a schedule of their own.
 */
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Lion, Muon, NAdamW, RMSPropW } from '../../src/tf-optimizers/index.js';
import * as problem from '../optim/problem.js';
import {
  adam,
  lion,
  muon,
  nadam,
  rmsprop,
  transcribed,
  type Tensor,
  type Transcription,
} from './transcriptions.js';

beforeAll(() => tf.setBackend('cpu'));
afterEach(() => tf.disposeVariables());

interface Fixture {
  runs: {
    class: keyof typeof CLASSES;
    options: Record<string, unknown>;
    learningRate: number;
    weightDecay: number;
    /** Muon's, for which PyTorch has bfloat16; with float32 in its place it is ours. */
    iteration?: 'float32' | 'bfloat16';
    steps: number;
    theta: Record<string, number[]>;
  }[];
}
const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/tf-optimizers/torch.json', import.meta.url), 'utf8'),
) as Fixture;

const CLASSES = { NAdamW, RMSPropW, Lion, Muon };
type Options = { learningRate: number; weightDecay: number } & Record<string, unknown>;

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Cuts flat values into tensors of these shapes. */
function cut(values: readonly number[], shapes: readonly (readonly number[])[]): Tensor[] {
  let from = 0;
  return shapes.map((shape) => ({ shape, values: values.slice(from, (from += sizeOf(shape))) }));
}

const NETWORK = cut(problem.theta0, [[3, 4], [4], [4], [1]]);

/** All values after each step, by the class itself. */
function path(
  name: keyof typeof CLASSES,
  options: Options,
  steps: number,
  start = NETWORK,
  gradient: (theta: readonly number[]) => number[] = problem.gradient,
): number[][] {
  const schedule = { name: 'cosine', epochs: 1, stepsPerEpoch: steps };
  const optimizer = new CLASSES[name]({ convention: 'lr', schedule, ...options } as never);
  const variables = start.map(({ shape, values }, i) =>
    tf.variable(tf.tensor([...values], [...shape]), true, `part${i}`),
  );
  const values = () => variables.flatMap((variable) => [...variable.dataSync()]);
  const shapes = start.map(({ shape }) => shape);
  const found = [values()];
  for (let t = 1; t <= steps; t++) {
    const gradients = cut(gradient(found.at(-1)!), shapes).map(({ shape, values }, i) => ({
      name: `part${i}`,
      tensor: tf.tensor([...values], [...shape]),
    }));
    optimizer.applyGradients(gradients);
    tf.dispose(gradients.map(({ tensor }) => tensor));
    found.push(values());
  }
  optimizer.dispose();
  return found;
}

describe('against PyTorch', () => {
  const titled = fixture.runs.map((run) => ({
    ...run,
    title: `${run.class} ${JSON.stringify(run.options)} ${run.iteration ?? ''}`,
  }));
  test.each(titled)(
    '$title',
    ({ class: name, options, learningRate, weightDecay, iteration, steps, theta }) => {
      const found = path(name, { learningRate, weightDecay, ...options }, steps);
      // The iteration makes the rounding errors of small singular values some hundred times larger.
      const tolerance = iteration === 'bfloat16' ? 3e-2 : iteration === 'float32' ? 2e-5 : 1e-5;
      for (const [t, expected] of Object.entries(theta))
        expect(problem.relativeDistance(found[Number(t)]!, expected), `step ${t}`).toBeLessThan(tolerance);
    },
  );
});

describe('against the formulas in float64', () => {
  const cases: [
    keyof typeof CLASSES,
    Record<string, unknown>,
    (shape: readonly number[]) => Transcription,
  ][] = [
    ['NAdamW', {}, () => ({ direction: nadam() })],
    ['NAdamW', { momentumDecay: 10_000 }, () => ({ direction: nadam({ momentumDecay: 10_000 }) })],
    ['RMSPropW', {}, () => ({ direction: rmsprop() })],
    [
      'RMSPropW',
      { rho: 0.9, epsForm: 'inside', epsilon: 1e-3 },
      () => ({ direction: rmsprop({ rho: 0.9, epsForm: 'inside', epsilon: 1e-3 }) }),
    ],
    [
      'RMSPropW',
      { centered: true, momentum: 0.8, epsilon: 1e-3 },
      () => ({ direction: rmsprop({ centered: true, momentum: 0.8, epsilon: 1e-3 }) }),
    ],
    ['Lion', {}, () => ({ direction: lion() })],
    ['Lion', { beta1: 0.8, beta2: 0.9 }, () => ({ direction: lion({ beta1: 0.8, beta2: 0.9 }) })],
  ];
  test.each(cases)('%s %j', (name, options, of) => {
    const rates = { lr: 0.01, wd: 0.3, steps: 100 };
    const expected = transcribed(NETWORK, of, problem.gradient, rates);
    const found = path(name, { learningRate: rates.lr, weightDecay: rates.wd, ...options }, rates.steps);
    expect(problem.relativeDistance(found.at(-1)!, expected)).toBeLessThan(1e-5);
    expect(problem.relativeDistance(found[0]!, expected)).toBeGreaterThan(0.01);
  });

  // Wide, tall, a convolution's filter, and what goes by Adam.
  const SHAPES = [[3, 5], [5, 2], [2, 2, 3, 4], [5], []];
  const start = cut(
    Array.from({ length: SHAPES.reduce((sum, shape) => sum + sizeOf(shape), 0) }, (_, i) =>
      Math.sin(3 * i + 1),
    ),
    SHAPES,
  );
  /** Of sum(cos(x) + x^2/4 + x sin(i)). */
  const gradient = (theta: readonly number[]) => theta.map((x, i) => x / 2 - Math.sin(x) + Math.sin(i));
  test.each([
    {},
    { scale: 'original', nesterov: false },
    { scale: 'spectral', momentum: 0.5, restRate: 0.25, beta1: 0.8, beta2: 0.9 },
  ])('Muon %j', (options) => {
    const rates = { lr: 0.02, wd: 0.3, steps: 60 };
    const of = (shape: readonly number[]): Transcription =>
      shape.length > 1
        ? { direction: muon(shape, options) }
        : { direction: adam(options), rate: options.restRate ?? 1 };
    const expected = transcribed(start, of, gradient, rates);
    const given = { learningRate: rates.lr, weightDecay: rates.wd, ...options };
    const found = path('Muon', given, rates.steps, start, gradient);
    expect(problem.relativeDistance(found.at(-1)!, expected)).toBeLessThan(1e-4);
  });

  test('Muon takes as matrices what it is told, and the rest by Adam', () => {
    const rates = { lr: 0.02, wd: 0.3, steps: 20 };
    const of = (shape: readonly number[]): Transcription => ({
      direction: shape.join() === '5,2' ? muon(shape) : adam(),
    });
    const expected = transcribed(start, of, gradient, rates);
    const given = { learningRate: rates.lr, weightDecay: rates.wd, matrices: ['part1'] };
    expect(
      problem.relativeDistance(path('Muon', given, rates.steps, start, gradient).at(-1)!, expected),
    ).toBeLessThan(1e-4);
  });
});
