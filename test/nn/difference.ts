/** Gradient checks by directional derivatives, and small tensors by formula. */
// For the gradients of this file's own operations.
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { sines, sizeOf } from '../models/formula.js';

/** sin(pace (i+1)), shaped. */
export const wave = (shape: number[], pace: number): tf.Tensor =>
  tf.tensor(sines(sizeOf(shape), pace), shape);

const numbers = (tensor: tf.Tensor): Float32Array => tensor.dataSync<'float32'>();
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

/**
 * Expects the gradient of <f(inputs), w>, w a wave, along a direction for each input in turn, to be the central
 * difference: the function in float32, the sum and the quotient in float64. `h` is large, for float32's sake; a
 * Richardson step takes the error to h^4.
 */
export function expectGradient(
  f: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: readonly tf.Tensor[],
  { h = 1e-2, tolerance = 1e-3 } = {},
): void {
  const before = tf.memory().numTensors;
  tf.tidy(() => {
    const plain = f(...inputs);
    const w = sines(plain.size, 1.3);
    const weights = tf.tensor(w, plain.shape);
    const gradients = tf.grads((...xs: tf.Tensor[]) => tf.sum(tf.mul(f(...xs), weights)))([...inputs]);
    inputs.forEach((input, k) => {
      const direction = sines(input.size, 2.1 + k);
      const at = (step: number) => {
        const moved = Array.from(numbers(input), (value, i) => value + step * direction[i]!);
        const xs = inputs.map((other, j) => (j === k ? tf.tensor(moved, input.shape) : other));
        return dot(numbers(f(...xs)), w);
      };
      const slope = (step: number) => (at(step) - at(-step)) / (2 * step);
      const numeric = (4 * slope(h / 2) - slope(h)) / 3;
      const analytic = dot(numbers(gradients[k]!), direction);
      const scale = Math.max(
        Math.abs(numeric),
        0.1 * Math.sqrt(dot(numbers(gradients[k]!), numbers(gradients[k]!))),
      );
      expect(scale, `input ${k} matters`).toBeGreaterThan(0);
      expect(Math.abs(analytic - numeric) / scale, `input ${k}`).toBeLessThan(tolerance);
    });
  });
  expect(tf.memory().numTensors).toBe(before);
}
