/**
 * Every layer, the loss and the optimizers on TensorFlow's kernels against the cpu backend's: outputs and gradients.
 * The cpu backend has no fused kernels: it computes the compositions that specify them.
 */
// For the gradients of this file's own operations.
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { relativeDifference } from '../../../src/backends/check.js';
import { loadBackend } from '../../../src/backends/index.js';
import { BiasReluGrad, ReluGrad, runKernel } from '../../../src/backends/kernels.js';
import { batchNormTrain } from '../../../src/nn/batchNorm.js';
import { conv } from '../../../src/nn/conv.js';
import { convPool } from '../../../src/nn/convPool.js';
import { crossEntropy } from '../../../src/nn/crossEntropy.js';
import { dense } from '../../../src/nn/dense.js';
import type { LayerOf, Pass } from '../../../src/nn/layer.js';
import { globalAverage, maxPooling } from '../../../src/nn/pool.js';
import { relu } from '../../../src/nn/relu.js';
import { makeOptimizer } from '../../../src/optim/index.js';
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
/** Axes before the channels. */
const outer = fc.constantFrom([2], [1, 3], [2, 5, 5], [3, 8, 8], [1, 1, 7]);
const channels = fc.integer({ min: 1, max: 9 });

const flat = (tensors: readonly tf.Tensor[]) => tf.concat(tensors.map((one) => tf.reshape(one, [-1])));

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

  test('batch norm of any rank, with residual and ReLU: statistics, output, gradients', () =>
    fc.assert(
      fc.asyncProperty(outer, channels, fc.boolean(), fc.boolean(), async (rows, c, relu, withResidual) => {
        const shape = [...rows, c];
        const inputs = () => [
          tensor(shape, 1),
          tensor([c], 2),
          tensor([c], 3),
          ...(withResidual ? [tensor(shape, 4)] : []),
        ];
        const normalize = ([x, scale, offset, residual]: tf.Tensor[]) =>
          batchNormTrain(x!, scale!, offset!, { relu, residual });
        await expectSame(() => {
          const { mean, variance } = normalize(inputs());
          return tf.concat([mean, variance]);
        });
        await expectSame(() => withGradients((...given) => normalize(given).y, inputs()));
      }),
      runs,
    ));

  test('the gradients of ReLU, and of bias and ReLU', () =>
    fc.assert(
      fc.asyncProperty(outer, channels, fc.boolean(), async (rows, c, relu) => {
        const shape = [...rows, c];
        const given = () => ({ dy: tensor(shape, 2), y: tf.relu(tensor(shape, 3)) });
        const fused = await on('tensorflow', () =>
          flat([...runKernel(BiasReluGrad, given(), { relu }), ...runKernel(ReluGrad, given())]),
        );
        const composed = await on('cpu', () => {
          const { dy, y } = given();
          const rectified = tf.mul(dy, tf.step(y));
          const dz = relu ? rectified : dy;
          return flat([dz, tf.sum(tf.reshape(dz, [-1, c]), 0), rectified]);
        });
        expect(relativeDifference(fused, composed)).toBeLessThan(1e-5);
      }),
      runs,
    ));

  test('the gradient of ReLU runs one operation and makes no constant', async () => {
    await tf.setBackend('tensorflow');
    const backend = tf.engine().backend as unknown as { binding: Record<string, unknown> };
    const real = backend.binding;
    const calls: string[] = [];
    tf.tidy(() => {
      const given = { dy: tensor([2, 3], 1), y: tensor([2, 3], 2) };
      // Inputs are uploaded when they are first used.
      tf.add(given.dy, given.y);
      const noting = (name: string) => ({
        value: (...args: unknown[]) => {
          calls.push(name);
          return (real[name] as (...args: unknown[]) => unknown).apply(real, args);
        },
      });
      backend.binding = Object.create(real, {
        executeOp: noting('executeOp'),
        createTensor: noting('createTensor'),
      }) as Record<string, unknown>;
      runKernel(ReluGrad, given);
      backend.binding = real;
    });
    expect(calls).toEqual(['executeOp']);
  });

  test('updates of every optimizer, by numbers that come as a tensor', () =>
    fc.assert(
      fc.asyncProperty(
        fc.record({
          name: fc.constantFrom('adam' as const, 'adamw' as const, 'sgd' as const, 'sgdw' as const),
          epsForm: fc.constantFrom('paper' as const, 'torch7' as const),
          momentumForm: fc.constantFrom('paper' as const, 'torch' as const),
          convention: fc.constantFrom('paper' as const, 'normalized' as const),
        }),
        fc.constantFrom(1, 7, 1000),
        fc.boolean(),
        async (form, n, masked) => {
          const rule = { ...form, beta1: 0.9, beta2: 0.99, eps: 1e-8 };
          const at = { t: 3, eta: 0.7, cycleSteps: 50 };
          const update = (by: 'number' | 'tensor') => () => {
            const mask = masked ? (tf.round(tf.abs(tensor([n], 6))) as tf.Tensor1D) : undefined;
            const optimizer = makeOptimizer(rule, { lr: 0.05, wd: 0.1, mask });
            const [theta, gradient, m] = [1, 2, 3].map((seed) => tensor([n], seed) as tf.Tensor1D);
            const slots = [m!, tf.abs(tensor([n], 4)) as tf.Tensor1D].slice(0, optimizer.slots.length);
            const next =
              by === 'number'
                ? optimizer.update(theta!, gradient!, slots, at)
                : optimizer.updateBy(tf.tensor1d(optimizer.numbers(at)), theta!, gradient!, slots);
            return flat([next.theta, ...next.slots]);
          };
          const expected = await on('cpu', update('number'));
          const found = await on('tensorflow', update('tensor'));
          expect(relativeDifference(found, expected)).toBeLessThan(1e-6);
          // On one backend the two are equal.
          expect(await on('tensorflow', update('number'))).toEqual(found);
        },
      ),
      { numRuns: 40 },
    ));

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
