/** The fused training kernels against the compositions that specify them, which the cpu backend runs. */
// For the gradients of this file's own operations.
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchNormTrain } from '../../../src/nn/batchNorm.js';
import { crossEntropy } from '../../../src/nn/crossEntropy.js';
import { AdamStep, BiasReluGrad, ReluGrad, SgdStep } from '../../../src/backends/kernels.js';
import { built, channels, expectClose, expectSame, kernel, on, tensor } from './both.js';

const runs = { numRuns: 40 };
const rows = fc.constantFrom([2], [1, 3], [2, 5, 5], [3, 20, 20], [1, 1, 7]);

describe.skipIf(!built)('fused kernels', () => {
  test('batch norm, its residual and ReLU, and every gradient', () =>
    fc.assert(
      fc.asyncProperty(rows, channels, fc.boolean(), fc.boolean(), async (outer, c, relu, withResidual) => {
        const shape = [...outer, c];
        const compute = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, residual?: tf.Tensor) => {
          const out = batchNormTrain(x, scale, offset, { relu, residual });
          return [out.y, out.mean, out.variance];
        };
        const inputs = () => {
          const given = [tensor(shape, 2), tensor([c], 3), tensor([c], 4)];
          return withResidual ? [...given, tensor(shape, 5)] : given;
        };
        await expectSame(() => compute(...(inputs() as [tf.Tensor, tf.Tensor, tf.Tensor])), 1e-5);
        const weigh = tensor(shape, 6);
        await expectSame(() =>
          tf.grads((...args) =>
            tf.sum(tf.mul(compute(...(args as [tf.Tensor, tf.Tensor, tf.Tensor]))[0]!, weigh)),
          )(inputs()),
        );
      }),
      runs,
    ));

  test('batch norm for inference', () =>
    fc.assert(
      fc.asyncProperty(channels, fc.boolean(), async (c, affine) => {
        await expectSame(() => {
          const vector = (seed: number) => tensor([c], seed) as tf.Tensor1D;
          const x = tensor([2, 3, 4, c]) as tf.Tensor4D;
          const variance = tf.square(vector(2)) as tf.Tensor1D;
          return tf.batchNorm(
            x,
            vector(1),
            variance,
            affine ? vector(3) : undefined,
            affine ? vector(4) : undefined,
          );
        });
      }),
      runs,
    ));

  test('cross-entropy and its gradient, also of large logits', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 2, max: 20 }), async (b, k) => {
        await expectSame(() => {
          const labels = tf.tensor1d(
            Array.from({ length: b }, (_, i) => (i * 7) % k),
            'int32',
          );
          const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => crossEntropy(x as tf.Tensor2D, labels))(
            tf.mul(tensor([b, k]), 200),
          );
          return [value, grad];
        });
      }),
      runs,
    ));

  test('cross-entropy refuses a label that is no class', async () => {
    await tf.setBackend('onednn');
    const logits = tensor([2, 3]) as tf.Tensor2D;
    expect(() => crossEntropy(logits, tf.tensor1d([0, 3], 'int32'))).toThrow(/3.*\b1\b.*3/);
  });

  test('gradients of ReLU, and of bias and ReLU', () =>
    fc.assert(
      fc.asyncProperty(rows, channels, async (outer, c) => {
        const inputs = () => ({ dy: tensor([...outer, c], 2), y: tf.relu(tensor([...outer, c], 3)) });
        const fused = await on('onednn', () => {
          const { dy, y } = inputs();
          return [
            ...kernel(ReluGrad, { dy, y }, {}),
            ...kernel(BiasReluGrad, { dy, y }, { relu: true }),
            ...kernel(BiasReluGrad, { dy, y }, { relu: false }),
          ];
        });
        const composed = await on('cpu', () => {
          const { dy, y } = inputs();
          const dz = tf.mul(dy, tf.step(y));
          const bias = (d: tf.Tensor) => tf.sum(tf.reshape(d, [-1, c]), 0);
          return [dz, dz, bias(dz), dy, bias(dy)];
        });
        expectClose(fused, composed, 1e-6);
      }),
      runs,
    ));

  test('updates of Adam and SGD to 1e-6', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 7, 16, 1000),
        fc.boolean(),
        fc.boolean(),
        async (n, masked, decays) => {
          const [l2, decay] = decays ? [0.1, 0.01] : [0, 0];
          const given = () => ({
            theta: tensor([n], 2),
            gradient: tensor([n], 3),
            m: tensor([n], 4),
            mask: masked ? tf.round(tf.abs(tensor([n], 6))) : tf.ones([n]),
          });
          const fused = await on('onednn', () => {
            const { mask, ...vectors } = given();
            const inputs = masked ? { ...vectors, mask } : vectors;
            const v = tf.abs(tensor([n], 5));
            const adam = {
              beta1: 0.9,
              beta2: 0.99,
              bias1: 0.4,
              bias2: 0.3,
              stepSize: 0.05,
              epsilon: 1e-8,
              l2,
              decay,
            };
            const sgd = { momentum: 0.9, gradientScale: 0.7, momentumScale: 0.2, l2, decay };
            return [...kernel(AdamStep, { ...inputs, v }, adam), ...kernel(SgdStep, inputs, sgd)];
          });
          const composed = await on('cpu', () => {
            const { theta, gradient, m, mask } = given();
            const v = tf.abs(tensor([n], 5));
            const decayed = tf.mul(mask, theta);
            const g = tf.add(gradient, tf.mul(decayed, l2));
            const m1 = tf.add(tf.mul(m, 0.9), tf.mul(g, 1 - 0.9));
            const v1 = tf.add(tf.mul(v, 0.99), tf.mul(tf.square(g), 1 - 0.99));
            const direction = tf.div(tf.div(m1, 0.4), tf.add(tf.sqrt(tf.div(v1, 0.3)), 1e-8));
            const after = tf.sub(tf.sub(theta, tf.mul(direction, 0.05)), tf.mul(decayed, decay));
            const momentum = tf.add(tf.mul(m, 0.9), tf.mul(g, 0.7));
            const moved = tf.sub(tf.sub(theta, tf.mul(momentum, 0.2)), tf.mul(decayed, decay));
            return [after, m1, v1, moved, momentum];
          });
          expectClose(fused, composed, 1e-6);
        },
      ),
      runs,
    ));
});
