/** Training on TensorFlow does not grow: its tensors are counted by tfjs, its memory by the system. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { loadBackend } from '../../../src/backends/index.js';
import { buildModel } from '../../../src/models/index.js';
import { makeOptimizer } from '../../../src/optim/index.js';
import { passesOf } from '../../../src/train/passes.js';
import { weightTensors } from '../../../src/train/snapshot.js';
import { goldenStream, images, labels, thetaOf } from '../../models/formula.js';
import { missing } from './setUp.js';

const rule = {
  name: 'adamw',
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  epsForm: 'paper',
  momentumForm: 'paper',
  convention: 'paper',
} as const;

test.skipIf(missing)('memory stays flat over 2000 steps', async () => {
  await loadBackend('tensorflow', { threads: 1 });
  const shape: [number, number, number, number] = [8, 8, 8, 3];
  const model = buildModel(
    { name: 'cnn', filters: [4, 4], hidden: [8] },
    { height: 8, width: 8, channels: 3, classes: 5 },
  );
  const optimizer = makeOptimizer(rule, { lr: 1e-3, wd: 1e-3 });
  const passes = passesOf(model, optimizer);
  const theta = thetaOf(model.params);
  const slots = [new Float32Array(theta.length), new Float32Array(theta.length)];
  let weights = weightTensors({ theta, slots, state: model.initialState() });
  const batch = { images: images(shape), labels: labels(8, 5), shape };
  const random = goldenStream();
  const go = async (from: number, to: number) => {
    for (let t = from; t < to; t++)
      weights = await passes.train(weights, batch, { t, eta: 1, cycleSteps: 2000 }, random);
  };
  await go(1, 500);
  const tensors = tf.memory().numTensors;
  const resident = process.memoryUsage.rss();
  await go(500, 2500);
  expect(tf.memory().numTensors).toBe(tensors);
  // 16 KiB a step would be 32 MiB; JavaScript's own heap breathes by some.
  expect(process.memoryUsage.rss() - resident).toBeLessThan(32 * 2 ** 20);
});
