/** A small computation to compare backends with. A backend that gets it wrong must not train. */
import * as tf from './tfjs.js';

/** Fixed numbers in [-1, 1), the same for every backend. */
const ramp = (n: number, step: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => ((i * step) % 97) / 48.5 - 1);

/** Runs a gradient kernel as tfjs's automatic differentiation would. */
const kernel = (name: string, inputs: tf.NamedTensorMap, attrs: object): tf.Tensor =>
  tf.engine().runKernel(name, inputs, attrs as tf.NamedAttrMap);

/**
 * A two-layer network (convolution, ReLU, product) and the gradients of half its squared output, on fixed numbers and
 * the current backend. Back-propagation is written out, so that tfjs needs no registered gradients.
 * @returns outputs [2,4], then the gradients of weights [180,4], filter [3,3,3,5] and image [2,6,6,3], in one array
 */
export async function smallGradient(): Promise<Float32Array> {
  const result = tf.tidy(() => {
    const x = tf.tensor4d(ramp(2 * 6 * 6 * 3, 31), [2, 6, 6, 3]);
    const filter = tf.tensor4d(ramp(3 * 3 * 3 * 5, 17), [3, 3, 3, 5]);
    const weights = tf.tensor2d(ramp(180 * 4, 23), [180, 4]);
    const convolved = tf.conv2d(x, filter, 1, 'same');
    const hidden = tf.reshape(tf.relu(convolved), [2, 180]);
    const y = tf.matMul(hidden, weights);

    const dWeights = tf.matMul(hidden, y, true, false);
    const dHidden = tf.mul(tf.matMul(y, weights, false, true), tf.step(hidden));
    const dy = tf.reshape(dHidden, convolved.shape);
    const attrs = { strides: 1, pad: 'same', dataFormat: 'NHWC' };
    const dFilter = kernel(tf.Conv2DBackpropFilter, { x, dy }, { ...attrs, filterShape: filter.shape });
    const dx = kernel(tf.Conv2DBackpropInput, { dy, filter }, { ...attrs, inputShape: x.shape });
    return tf.concat([y, dWeights, dFilter, dx].map((part) => tf.reshape(part, [-1])));
  });
  const values = (await result.data()) as Float32Array;
  result.dispose();
  return values;
}

/** Largest difference between two arrays of one length, relative to the larger of 1 and the largest magnitude. */
export function relativeDifference(actual: Float32Array, expected: Float32Array): number {
  let [difference, magnitude] = [0, 1];
  expected.forEach((value, i) => {
    const error = Math.abs(actual[i]! - value);
    // NaN counts as a difference.
    difference = Number.isNaN(error) ? Infinity : Math.max(difference, error);
    magnitude = Math.max(magnitude, Math.abs(value));
  });
  return actual.length === expected.length ? difference / magnitude : Infinity;
}
