/** Training on TensorFlow does not grow: its tensors are counted by tfjs, its memory by the system. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { loadBackend } from '../../../src/backends/index.js';
import { ruleOf } from '../../experiment/rule.js';
import { training } from '../../models/trained.js';
import { missing } from './setUp.js';

test.skipIf(missing)('memory stays flat over 2000 steps', async () => {
  await loadBackend('tensorflow', { threads: 1 });
  const run = training({ name: 'cnn', filters: [4, 4], hidden: [8] }, ruleOf('adamw'));
  const go = (steps: number) => {
    for (let i = 0; i < steps; i++) run.step();
  };
  go(500);
  const tensors = tf.memory().numTensors;
  const resident = process.memoryUsage.rss();
  go(2000);
  expect(tf.memory().numTensors).toBe(tensors);
  // 16 KiB a step would be 32 MiB; JavaScript's own heap breathes by some.
  expect(process.memoryUsage.rss() - resident).toBeLessThan(32 * 2 ** 20);
  run.dispose();
});
