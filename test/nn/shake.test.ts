/** The shake: forward by one share, backward by another, each image its own. */
// For the gradients of this file's own operations.
import '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { drawShares, even, shake } from '../../src/nn/shake.js';
import { stream } from '../../src/random/stream.js';
import { wave } from './difference.js';

beforeAll(() => tf.setBackend('cpu'));

const share = fc.double({ min: 0, max: 1, noNaN: true });

/** A batch of b images of 2 x 3 x 2. */
const run = (b: number, forward: number[], backward: number[]) =>
  tf.tidy(() => {
    const shape = [b, 2, 3, 2];
    const [first, second, skip, dy] = [2.7, 3.9, 5.1, 1.3].map((pace) => wave(shape, pace));
    const shares = { forward: Float32Array.from(forward), backward: Float32Array.from(backward) };
    const { value, grads } = tf.valueAndGrads((a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) =>
      shake(a, b, c, shares),
    )([first!, second!, skip!], dy!.clone());
    const numbers = (tensor: tf.Tensor) => [...tensor.dataSync()];
    return {
      inputs: [first!, second!, skip!].map(numbers),
      dy: numbers(dy!),
      value: numbers(value),
      grads: grads.map(numbers),
    };
  });

test('blends forward by alpha and deals the gradient out by beta', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }).chain((b) =>
        fc.record({
          b: fc.constant(b),
          shares: fc
            .constantFrom(1, b)
            .chain((n) => fc.array(fc.tuple(share, share), { minLength: n, maxLength: n })),
        }),
      ),
      ({ b, shares }) => {
        const before = tf.memory().numTensors;
        const { inputs, dy, value, grads } = run(
          b,
          shares.map(([alpha]) => alpha),
          shares.map(([, beta]) => beta),
        );
        expect(tf.memory().numTensors).toBe(before);
        const [first, second, skip] = inputs;
        value.forEach((y, i) => {
          const [alpha, beta] = shares[shares.length === 1 ? 0 : Math.floor(i / 12)]!;
          expect(y).toBeCloseTo(alpha * first![i]! + (1 - alpha) * second![i]! + skip![i]!, 5);
          expect(grads[0]![i]).toBeCloseTo(beta * dy[i]!, 6);
          expect(grads[1]![i]).toBeCloseTo((1 - beta) * dy[i]!, 6);
          expect(grads[2]![i]).toBe(dy[i]);
        });
      },
    ),
    { numRuns: 30 },
  );
});

test('evaluation is the shake at one half', () => {
  const [first, second, skip] = [2.7, 3.9, 5.1].map((pace) => wave([2, 2, 3, 2], pace));
  const half = Float32Array.of(0.5);
  const shaken = shake(first!, second!, skip!, { forward: half, backward: half });
  const level = even(first!, second!, skip!);
  shaken.dataSync().forEach((value, i) => expect(level.dataSync()[i]).toBeCloseTo(value, 6));
  tf.dispose([first!, second!, skip!, shaken, level]);
});

test('shares are uniform in [0, 1), fresh for the backward pass, and decided by the stream', () => {
  const { forward, backward } = drawShares(stream(1, 'shares'), 4000);
  expect(drawShares(stream(1, 'shares'), 4000)).toEqual({ forward, backward });
  for (const shares of [forward, backward]) {
    expect(shares.every((value) => value >= 0 && value <= 1)).toBe(true);
    const mean = shares.reduce((sum, value) => sum + value, 0) / shares.length;
    const variance = shares.reduce((sum, value) => sum + (value - mean) ** 2, 0) / shares.length;
    // Five standard errors of a uniform variable's mean and variance.
    expect(Math.abs(mean - 1 / 2)).toBeLessThan((5 * Math.sqrt(1 / 12)) / Math.sqrt(4000));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan((5 * Math.sqrt(1 / 180)) / Math.sqrt(4000));
  }
  const covariance = forward.reduce((sum, value, i) => sum + (value - 0.5) * (backward[i]! - 0.5), 0) / 4000;
  expect(Math.abs(covariance)).toBeLessThan(5 / 12 / Math.sqrt(4000));
});
