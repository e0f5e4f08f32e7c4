/** Every rule on every backend there is here, against the rule in float64. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, describe, expect, test } from 'vitest';
import { makeOptimizer } from '../../src/optim/index.js';
import { use } from '../optim/backend.js';
import { walk } from '../optim/drive.js';
import { gradient, relativeDistance, theta0 } from '../optim/problem.js';
import { CASES, LAYOUT, rateOf } from './cases.js';
import { float64Walk } from './float64.js';

afterAll(() => tf.setBackend('cpu'));

const STEPS = Array.from({ length: 40 }, (_, i) => ({ t: i + 1, eta: 1 / (1 + i / 20), cycleSteps: 40 }));

describe.each(['cpu', 'wasm', 'onednn'])('on %s', (backend) => {
  test.for(CASES)('$title', async ({ name, settings }, context) => {
    await use(backend, context);
    const decoupled = { ...settings, placement: 'decoupled' } as typeof settings;
    const options = { lr: rateOf(name), wd: 0.01, layout: LAYOUT };
    const before = tf.memory().numTensors;
    const floats = walk(makeOptimizer(decoupled, options), theta0, gradient, STEPS);
    expect(tf.memory().numTensors).toBe(before);
    const doubles = float64Walk(decoupled, options, theta0, gradient, STEPS);
    expect(relativeDistance(floats.at(-1)!, doubles.at(-1)!)).toBeLessThan(1e-5);
  });
});
