/** The decay recorder: what decay alone does to each weight, per step. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildModel } from '../../src/models/index.js';
import { makeOptimizer, makeSchedule, type OptimizerRule } from '../../src/optim/index.js';
import type { Cell } from '../../src/experiment/cell.js';
import { decayRecorder } from '../../src/train/decay.js';
import type { DecayBucket } from '../../src/experiment/record.js';
import { train } from '../../src/train/train.js';
import { sines } from '../models/formula.js';
import { cell, tiny } from './tiny.js';

beforeAll(() => tf.setBackend('cpu'));

const constant = { name: 'constant' } as const;
const recorded = async (of: Cell): Promise<readonly DecayBucket[]> => {
  const outcome = await train(of, tiny);
  expect(outcome.status).toBe('ok');
  return outcome.decay!;
};

/** Gradients of very different sizes from weight to weight. */
const gradientOf = (n: number, t: number) =>
  Float32Array.from(sines(n, 1.1 + 0.7 * t), (u, i) => u * 10 ** -(i % 5));

const epochs = 20;

/** Runs the recorder beside the optimizer, on given gradients; and the same steps in float64, with decay and without. */
function compare(of: Cell) {
  const model = buildModel(of.model, tiny);
  const n = model.parameterCount;
  const optimizer = makeOptimizer(of.optimizer, of);
  const schedule = makeSchedule(of.schedule, { epochs, stepsPerEpoch: 1, warmup: 0 });
  const recorder = decayRecorder(of, model, epochs);
  let theta = tf.tensor1d(model.initialTheta(0));
  let slots = optimizer.init(n);
  const state = tf.tensor1d([]);
  const exact = exactShrink(of, n);
  for (let t = 1; t <= epochs; t++) {
    const at = { t, ...schedule(t) };
    const g = gradientOf(n, t);
    const gradient = tf.tensor1d(g);
    exact.see(at, theta.dataSync<'float32'>(), g, t > epochs / 2);
    recorder.see(at)({ theta, slots, state }, gradient);
    const next = optimizer.update(theta, gradient, slots, at);
    tf.dispose([theta, gradient, ...slots]);
    ({ theta, slots } = next);
  }
  tf.dispose([theta, state, ...slots]);
  const [, squared, shrink, magnitude] = recorder.arrays();
  return { exact, squared: squared!, shrink: shrink!, magnitude: magnitude!, buckets: recorder.buckets() };
}

/**
 * Per parameter, the sum of (step with decay) - (step without decay's part in the first moment, same second moment),
 * towards zero: two float64 trajectories of the moments, driven by the same theta and g.
 */
function exactShrink({ optimizer, lr, wd }: Cell, n: number) {
  const { name, beta1, beta2, eps } = optimizer as OptimizerRule;
  const [withDecay, without, v, sum] = Array.from({ length: 4 }, () => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const see = (
    { t, eta }: { t: number; eta: number },
    theta: Float32Array,
    g: Float32Array,
    counts: boolean,
  ) => {
    for (let i = 0; i < n; i++) {
      const total = g[i]! + wd * theta[i]!;
      let step = eta * wd * theta[i]!;
      if (name === 'adam') {
        withDecay[i] = beta1 * withDecay[i]! + (1 - beta1) * total;
        without[i] = beta1 * without[i]! + (1 - beta1) * g[i]!;
        v[i] = beta2 * v[i]! + (1 - beta2) * total ** 2;
        const denominator = (1 - beta1 ** t) * (Math.sqrt(v[i]! / (1 - beta2 ** t)) + eps);
        step = (eta * lr * (withDecay[i]! - without[i]!)) / denominator;
      } else if (name === 'sgd') {
        withDecay[i] = beta1 * withDecay[i]! + eta * lr * total;
        without[i] = beta1 * without[i]! + eta * lr * g[i]!;
        step = withDecay[i]! - without[i]!;
      }
      if (counts) sum[i]! += step * Math.sign(theta[i]!);
    }
  };
  return { see, sum };
}

describe.each(['adam', 'adamw', 'sgd', 'sgdw'] as const)('%s', (name) => {
  const of = cell({ optimizer: { name }, epochs, lr: 0.02, wd: 0.05 });

  test('the shrinkage is the difference of the steps with decay and without', () => {
    const { exact, shrink } = compare(of);
    const norm = Math.hypot(...exact.sum);
    expect(norm).toBeGreaterThan(0);
    const distance = Math.hypot(...exact.sum.map((value, i) => shrink[i]! - value));
    expect(distance / norm).toBeLessThan(1e-5);
  });

  test('buckets hold weights only, in order of their gradients, about equally many', () => {
    const { buckets, squared } = compare(of);
    const model = buildModel(of.model, tiny);
    const mask = model.rankMask();
    const alive = squared.filter((value, i) => mask[i] === 1 && value > 0).length;
    expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(alive);
    expect(buckets.length).toBe(24);
    const sizes = buckets.map(({ count }) => count);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    const gradients = buckets.map(({ gradient }) => gradient);
    expect(gradients).toEqual([...gradients].sort((a, b) => a - b));
    expect(gradients.at(-1)! / gradients[0]!).toBeGreaterThan(1e3);
  });
});

describe('decoupled forms shrink every weight alike, whatever its gradients', () => {
  test.each([
    ['adamw', 'paper', 0.01, 0.01],
    ['adamw', 'lr', 0.01, 0.01 * 0.03],
    ['adamw', 'normalized', 0.01, 0.01 / Math.sqrt(3 * 4)],
    ['sgdw', 'paper', 0.004, 0.004],
  ] as const)('%s, convention %s, wd %d: by %d a step', async (name, convention, wd, expected) => {
    const of = cell({
      optimizer: { name, convention },
      schedule: constant,
      lr: 0.03,
      wd,
      epochs: 4,
      recordDecay: true,
    });
    const buckets = await recorded(of);
    expect(buckets.length).toBe(24);
    for (const { relativeDecay } of buckets) expect(relativeDecay / expected).toBeCloseTo(1, 5);
  });

  test('under a schedule: by the mean of eta wd over the recorded steps, weighted by |theta|', async () => {
    const of = cell({ schedule: { name: 'cosine' }, lr: 1e-6, wd: 0.001, epochs: 4, recordDecay: true });
    const eta = (t: number) => 0.5 * (1 + Math.cos((Math.PI * (t - 1)) / 12));
    const mean = [7, 8, 9, 10, 11, 12].reduce((sum, t) => sum + eta(t) / 6, 0);
    // |theta| changes by 0.1 % a step at most, its weighting by less.
    for (const { relativeDecay } of await recorded(of))
      expect(relativeDecay / (mean * of.wd)).toBeCloseTo(1, 2);
  });
});

test('Adam with L2 decays weights with large gradients less: inversely to their size', () => {
  const { buckets } = compare(cell({ optimizer: { name: 'adam' }, epochs, lr: 1e-4, wd: 1e-6 }));
  const [first, last] = [buckets[0]!, buckets.at(-1)!];
  expect(first.relativeDecay / last.relativeDecay).toBeGreaterThan(1e3);
  // Away from eps and from wd's own share in v the law is exact: relative decay times gradient is constant.
  const law = buckets.map(({ gradient, relativeDecay }) => gradient * relativeDecay);
  expect(Math.max(...law) / Math.min(...law)).toBeLessThan(3);
});

test('in a real run too, and SGD with L2 does not', async () => {
  const settings = { epochs: 8, lr: 0.005, wd: 1e-4, schedule: constant, recordDecay: true };
  const adam = await recorded(cell({ ...settings, optimizer: { name: 'adam' } }));
  const sgd = await recorded(cell({ ...settings, optimizer: { name: 'sgd' } }));
  const spread = (buckets: readonly DecayBucket[]) =>
    buckets[1]!.relativeDecay / buckets.at(-2)!.relativeDecay;
  expect(spread(adam)).toBeGreaterThan(2);
  expect(spread(sgd)).toBeGreaterThan(0.9);
  expect(spread(sgd)).toBeLessThan(1.1);
});
