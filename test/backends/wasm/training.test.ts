/** Whole training steps on the wasm backend: every operation a network of ours uses, and the memory they take. */
// For the gradients of this file's own operations.
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import '../../../src/nn/gradients.js';
import { loadCpu } from '../../../src/backends/cpu.js';
import { loadWasm } from '../../../src/backends/wasm/index.js';
import { relativeDifference } from '../../../src/backends/check.js';

const numbers = (n: number, seed: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin((i + 1) * 12.9898 + seed * 78.233));

const sizes = [3 * 3 * 2 * 8, 8, 3 * 3 * 8 * 8, 8, 8, 32 * 4, 4];
const parameters = sizes.reduce((sum, size) => sum + size, 0);

/** Batch normalisation from plain operations, over all axes but the last. */
function normalise(x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), scale), offset);
}

/** Fused convolution, max pooling, strided convolution, batch norm, ReLU, average pooling, dense, cross-entropy. */
function loss(theta: tf.Tensor): tf.Scalar {
  const [w1, b1, w2, scale, offset, w3, b3] = tf.split(theta, sizes) as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
  ];
  const x = tf.tensor4d(numbers(6 * 16 * 16 * 2, 1), [6, 16, 16, 2]);
  const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 3, 0, 1], 'int32'), 4);
  let y: tf.Tensor4D = tf.fused.conv2d({
    x,
    filter: tf.reshape(w1, [3, 3, 2, 8]),
    strides: 1,
    pad: 'same',
    bias: b1,
    activation: 'relu',
  });
  y = tf.maxPool(y, 2, 2, 'same');
  y = tf.conv2d(y, tf.reshape(w2, [3, 3, 8, 8]), 2, 'same');
  y = tf.relu(normalise(y, scale, offset)) as tf.Tensor4D;
  y = tf.avgPool(y, 2, 2, 'valid');
  const logits = tf.add(tf.matMul(tf.reshape(y, [6, 32]), tf.reshape(w3, [32, 4])), b3);
  return tf.neg(tf.mean(tf.sum(tf.mul(labels, tf.logSoftmax(logits as tf.Tensor2D)), 1)));
}

/** Loss and gradient as one array. */
const step = (): Float32Array =>
  tf.tidy(() => {
    const { value, grad } = tf.valueAndGrad(loss)(tf.mul(tf.tensor1d(numbers(parameters, 2)), 0.3));
    return tf.concat([tf.reshape(value, [1]), grad]).dataSync() as Float32Array;
  });

beforeAll(async () => {
  await loadCpu();
  await loadWasm();
});

describe('training on wasm', () => {
  it('computes the gradient of a network as the cpu backend does', async () => {
    await tf.setBackend('cpu');
    const cpu = step();
    await tf.setBackend('wasm');
    const wasm = step();
    expect(cpu.some((g) => Math.abs(g) > 1e-2)).toBe(true);
    expect(relativeDifference(wasm, cpu)).toBeLessThan(1e-4);
  });

  it('keeps no tensor and no heap over many steps', async () => {
    await tf.setBackend('wasm');
    const backend = tf.backend() as BackendWasm;
    const { wasm } = backend as unknown as { wasm: { HEAPU8: Uint8Array } };
    for (let i = 0; i < 5; i++) step();
    const before = {
      ids: backend.numDataIds(),
      tensors: tf.memory().numTensors,
      heap: wasm.HEAPU8.length,
    };
    for (let i = 0; i < 40; i++) step();
    const after = {
      ids: backend.numDataIds(),
      tensors: tf.memory().numTensors,
      heap: wasm.HEAPU8.length,
    };
    expect(after).toEqual(before);
  });

  it('leaves the handlers of uncaught errors to the program', () => {
    for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
      const ours = process.listeners(event as 'uncaughtException').map(String);
      expect(ours.filter((listener) => listener.includes('ExitStatus'))).toEqual([]);
      expect(ours).not.toContain('function(reason){throw reason}');
    }
  });
});
