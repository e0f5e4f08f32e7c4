/**
 * Every layer, and the loss, on TensorFlow's kernels against the cpu backend's: outputs and gradients. Other backends
 * have fused kernels for some of them; here these are the compositions that specify those.
 */
// For the gradients of this file's own operations.
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { relativeDifference } from '../../../src/backends/check.js';
import { loadBackend } from '../../../src/backends/index.js';
import { batchNormTrain } from '../../../src/nn/batchNorm.js';
import { conv } from '../../../src/nn/conv.js';
import { convPool } from '../../../src/nn/convPool.js';
import { crossEntropy } from '../../../src/nn/crossEntropy.js';
import { dense } from '../../../src/nn/dense.js';
import type { LayerOf, Pass } from '../../../src/nn/layer.js';
import { globalAverage, maxPooling } from '../../../src/nn/pool.js';
import { relu } from '../../../src/nn/relu.js';
import { missing } from './setUp.js';

/** Numbers that are the same on every run, none of them 0, where ReLU has no gradient. */
const tensor = (shape: readonly number[], seed: number): tf.Tensor => {
  const size = shape.reduce((product, n) => product * n, 1);
  const values = Float32Array.from({ length: size }, (_, i) => Math.sin((i + 1) * 12.9898 + seed * 78.233));
  return tf.tensor(values, [...shape]);
};

/** What a function of some tensors gives, and its gradients by each, in one array. */
const withGradients = (f: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: readonly tf.Tensor[]): tf.Tensor => {
  const y = f(...inputs);
  const gradients = tf.grads(f)([...inputs], tensor(y.shape, 9));
  return tf.concat([y, ...gradients].map((part) => tf.reshape(part, [-1])));
};

async function on(backend: string, compute: () => tf.Tensor): Promise<Float32Array> {
  await tf.setBackend(backend);
  return tf.tidy(() => compute().dataSync().slice() as Float32Array);
}

async function expectSame(compute: () => tf.Tensor): Promise<void> {
  const expected = await on('cpu', compute);
  expect(relativeDifference(await on('tensorflow', compute), expected)).toBeLessThan(1e-4);
}

const layers: Record<string, LayerOf> = {
  'conv 1x1': conv(4, 1),
  'conv 3x3': conv(4, 3),
  'conv 3x3, stride 2': conv(4, 3, { stride: 2 }),
  'conv 5x5, bias': conv(3, 5, { bias: true }),
  'conv 3x3, bias, ReLU': conv(4, 3, { bias: true, relu: true }),
  'conv 3x3, bias, ReLU, max pool': convPool(4, 3, 2),
  'max pool': maxPooling(2),
  'global average': globalAverage,
  ReLU: relu,
};

const sizes = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  h: fc.integer({ min: 2, max: 9 }),
  w: fc.integer({ min: 2, max: 9 }),
  c: fc.integer({ min: 1, max: 5 }),
});
const runs = { numRuns: 12 };

describe.skipIf(missing)('on TensorFlow', () => {
  beforeAll(async () => {
    await loadBackend('cpu');
    await loadBackend('tensorflow', { threads: 1 });
  });

  test.each(Object.entries(layers))('%s', (_, layerOf) =>
    fc.assert(
      fc.asyncProperty(sizes, async ({ batch, h, w, c }) => {
        const layer = layerOf([h, w, c]);
        const apply = (x: tf.Tensor, ...params: tf.Tensor[]) =>
          layer.apply(params, [], x, { training: true } as unknown as Pass);
        await expectSame(() =>
          withGradients(apply, [
            tensor([batch, h, w, c], 1),
            ...layer.params.map(({ shape }, i) => tensor(shape, i + 2)),
          ]),
        );
      }),
      runs,
    ),
  );

  test.each([false, true])('dense, ReLU %s', async (withRelu) => {
    const layer = dense(7, { relu: withRelu })([5]);
    await expectSame(() =>
      withGradients(
        (x, ...params) => layer.apply(params, [], x, { training: true } as unknown as Pass),
        [tensor([4, 5], 1), ...layer.params.map(({ shape }, i) => tensor(shape, i + 2))],
      ),
    );
  });

  test.each([
    [false, false],
    [true, false],
    [true, true],
  ])('batch norm, ReLU %s, residual %s', async (withRelu, withResidual) => {
    const shape = [3, 4, 5, 6];
    const inputs = () => [tensor(shape, 1), tensor([6], 2), tensor([6], 3), tensor(shape, 4)];
    await expectSame(() =>
      withGradients((x, scale, offset, residual) => {
        const options = withResidual ? { relu: withRelu, residual } : { relu: withRelu };
        const { y } = batchNormTrain(x!, scale!, offset!, options);
        // Every input is asked for, used or not.
        return withResidual ? y : tf.add(y, tf.mul(residual!, 0));
      }, inputs()),
    );
  });

  test('cross-entropy, also of large logits', async () => {
    for (const scale of [1, 50]) {
      await expectSame(() => {
        const labels = tf.tensor1d([0, 2, 1, 4], 'int32');
        const logits = tf.mul(tensor([4, 5], 1), scale);
        const loss = (x: tf.Tensor) => crossEntropy(x as tf.Tensor2D, labels);
        return tf.concat([tf.reshape(loss(logits), [-1]), tf.reshape(tf.grad(loss)(logits), [-1])]);
      });
    }
  });
});
