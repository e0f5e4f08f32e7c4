/** The fused kernels against the compositions that specify them, which the cpu backend runs, with every gradient. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoDevice } from './softwareDevice.js';
import { useBackend } from '../../../src/backends/index.js';
import * as kernels from '../../../src/backends/kernels.js';
import { hasKernel, runKernel } from '../../../src/backends/kernels.js';
import { flat } from '../../../src/backends/webgpu/dispatch.js';
import { TILES } from '../../../src/backends/webgpu/tiles.js';
import { attend } from '../../../src/nn/attention.js';
import { batchNormTrain } from '../../../src/nn/batchNorm.js';
import { conv } from '../../../src/nn/conv.js';
import { crossEntropy } from '../../../src/nn/crossEntropy.js';
import { dense } from '../../../src/nn/dense.js';
import { embed, embedding } from '../../../src/nn/embedding.js';
import { gelu, geluOf } from '../../../src/nn/gelu.js';
import { serial, type LayerOf, type Pass } from '../../../src/nn/layer.js';
import { layerNorm, layerNormOf } from '../../../src/nn/layerNorm.js';
import { rectify } from '../../../src/nn/relu.js';
import {
  bits,
  buffersOf,
  expectSame,
  newKernels,
  on,
  tensor,
  webgpu,
  withLimits,
  type Compute,
} from './both.js';

/** A value, and its gradients by all inputs. */
const withGradients =
  (f: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: () => tf.Tensor[]): Compute =>
  () => {
    const y = f(...inputs());
    return [y, ...tf.grads(f)(inputs(), tensor(y.shape, 9))];
  };

/**
 * Matrices of every kind: one row, one channel, channels that fill no power of two or more than a workgroup, rows that one
 * workgroup sums up and rows for several of them.
 */
const matrices = [
  [1, 1],
  [2, 3, 5, 10],
  [5000, 1],
  [7, 70],
  [1300, 40],
];

const normalize =
  (relu: boolean) =>
  (...[x, scale, offset, residual]: tf.Tensor[]) =>
    batchNormTrain(x!, scale!, offset!, { relu, residual });
/** The output alone; the caller of batchNormTrain disposes of the statistics. */
const outputOf =
  (relu: boolean) =>
  (...inputs: tf.Tensor[]) => {
    const { y, mean, variance } = normalize(relu)(...inputs);
    tf.dispose([mean, variance]);
    return y;
  };

describe.skipIf(whyNoDevice)(`fused kernels ${whyNoDevice ?? ''}`, () => {
  beforeAll(async () => void (await useBackend('webgpu')));

  test.each(
    [
      kernels.RunProgram,
      kernels.SoftmaxCrossEntropy,
      kernels.BatchNormTrain,
      kernels.BatchNormTrainGrad,
      kernels.BiasReluGrad,
      kernels.ReluGrad,
      kernels.LayerNorm,
      kernels.LayerNormGrad,
      kernels.Gelu,
      kernels.GeluGrad,
      kernels.Embedding,
      kernels.EmbeddingGrad,
      kernels.Attention,
      kernels.AttentionGrad,
    ].map((name) => ({ name })),
  )('$name is there', async ({ name }) => {
    await tf.setBackend('webgpu');
    expect(hasKernel(name)).toBe(true);
  });

  describe('batch norm', () => {
    const inputs = (shape: number[], withResidual: boolean) => () => {
      const c = shape.at(-1)!;
      const given = [tensor(shape, 2), tensor([c], 3), tensor([c], 4)];
      return withResidual ? [...given, tensor(shape, 5)] : given;
    };
    test.each(matrices.map((shape) => ({ shape })))('of $shape', async ({ shape }) => {
      for (const [relu, withResidual] of [
        [false, false],
        [true, true],
      ] as const) {
        const given = inputs(shape, withResidual);
        await expectSame(() => {
          const { y, mean, variance } = normalize(relu)(...given());
          return [y, mean, variance];
        });
        await expectSame(withGradients(outputOf(relu), given), 1e-4);
      }
    });

    test('needs no more buffers than every device has', async () => {
      const compute = withGradients(outputOf(true), inputs([9000, 2], true));
      const kernels = await newKernels(() => on('webgpu', compute));
      expect(kernels.length).toBeGreaterThan(4);
      expect(Math.max(...kernels.map(buffersOf))).toBe(8);
    });

    test('with ReLU or residual alone', async () => {
      const shape = [600, 6];
      for (const [relu, withResidual] of [
        [true, false],
        [false, true],
      ] as const)
        await expectSame(withGradients(outputOf(relu), inputs(shape, withResidual)), 1e-4);
    });

    test('the variance of values far from 0 is exact', async () => {
      const rows = 3000;
      const values = Float32Array.from({ length: rows * 2 }, (_, i) =>
        i % 2 === 0 ? 10_000 + Math.sin(i) : 0.001 * Math.sin(i),
      );
      const [, , variance] = await on('webgpu', () => {
        const { y, mean, variance } = normalize(false)(
          tf.tensor2d(values, [rows, 2]),
          tf.ones([2]),
          tf.zeros([2]),
        );
        return [y, mean, variance];
      });
      for (const channel of [0, 1]) {
        const own = values.filter((_, i) => i % 2 === channel);
        const mean = own.reduce((sum, x) => sum + x, 0) / rows;
        const exact = own.reduce((sum, x) => sum + (x - mean) ** 2, 0) / rows;
        expect(variance![channel]! / exact).toBeCloseTo(1, 5);
      }
    });

    test('gives the same bits every time', async () => {
      const compute = withGradients(outputOf(true), inputs([1300, 40], true));
      expect(bits(await on('webgpu', compute))).toBe(bits(await on('webgpu', compute)));
    });

    test('lets NaN and infinity through, in their channel only', async () => {
      for (const wrong of [NaN, Infinity, -Infinity]) {
        const [y, mean, variance] = await on('webgpu', () => {
          const x = tf.tensor2d([1, 2, 3, wrong, 5, 6, 7, 9], [4, 2]);
          const out = normalize(true)(x, tf.ones([2]), tf.zeros([2]), tf.zeros([4, 2]));
          return [out.y, out.mean, out.variance];
        });
        expect([mean![0], variance![0]]).toEqual([4, 5]);
        expect(Number.isFinite(mean![1]!) || Number.isFinite(variance![1]!)).toBe(false);
        expect([...y!].map((value) => Number.isNaN(value))).toEqual(
          Array.from({ length: 8 }, (_, i) => i % 2 === 1),
        );
      }
    });
  });

  describe('cross-entropy', () => {
    const lossAndGradient =
      (logits: () => tf.Tensor, labels: number[]): Compute =>
      () => {
        const loss = (x: tf.Tensor) => crossEntropy(x as tf.Tensor2D, tf.tensor1d(labels, 'int32'));
        return [loss(logits()), tf.grad(loss)(logits())];
      };

    test.each([
      { b: 1, k: 2 },
      { b: 9, k: 10 },
      { b: 70, k: 37 },
      { b: 3, k: 1100 },
      { b: 700, k: 3 },
    ])('of [$b, $k]', async ({ b, k }) => {
      const labels = Array.from({ length: b }, (_, i) => (i * 7) % k);
      for (const scale of [1, 200])
        await expectSame(
          lossAndGradient(() => tf.mul(tensor([b, k]), scale), labels),
          1e-6,
        );
    });

    test('NaN or infinity in one logit makes the loss NaN, and the gradient of its row', async () => {
      for (const wrong of [NaN, Infinity])
        for (const label of [0, 2]) {
          const logits = () => tf.tensor2d([1, 2, 3, wrong, 5, 6], [2, 3]);
          const [loss, gradient] = await on('webgpu', lossAndGradient(logits, [1, label]));
          expect(loss![0]).toBeNaN();
          expect([...gradient!].map(Number.isFinite)).toEqual([true, true, true, false, false, false]);
        }
    });

    test('is NaN for a label that is no class', async () => {
      for (const label of [3, -1]) {
        const [loss] = await on('webgpu', () =>
          crossEntropy(tensor([2, 3]) as tf.Tensor2D, tf.tensor1d([0, label], 'int32')),
        );
        expect(loss![0]).toBeNaN();
      }
    });
  });

  test('gradients of ReLU, and of bias and ReLU', async () => {
    for (const shape of [
      [1, 1],
      [2, 3, 5, 10],
      [5000, 1],
    ]) {
      const given = () => ({ dy: tensor(shape, 2), y: tf.relu(tensor(shape, 3)) });
      const sums = (x: tf.Tensor) => tf.sum(tf.reshape(x, [-1, shape.at(-1)!]), 0);
      await expectSame(() => {
        const { dy, y } = given();
        if (hasKernel(kernels.ReluGrad))
          return [
            ...runKernel(kernels.ReluGrad, { dy, y }),
            ...runKernel(kernels.BiasReluGrad, { dy, y }, { relu: true }),
            ...runKernel(kernels.BiasReluGrad, { dy, y }, { relu: false }),
          ];
        const dz = tf.mul(dy, tf.step(y));
        return [dz, dz, sums(dz), dy, sums(dy)];
      });
    }
  });

  test.each(matrices.map((shape) => ({ shape })))('layer norm of $shape', async ({ shape }) => {
    const c = shape.at(-1)!;
    const inputs = () => [tf.add(tensor(shape, 2), 3), tensor([c], 3), tensor([c], 4)];
    await expectSame(withGradients(layerNormOf, inputs), 1e-4);
  });

  test('layer norm keeps NaN, in its row', async () => {
    const [y] = await on('webgpu', () =>
      layerNormOf(tf.tensor2d([1, 2, 3, NaN, 5, 6], [2, 3]), tf.ones([3]), tf.zeros([3])),
    );
    expect([...y!].map(Number.isNaN)).toEqual([false, false, false, true, true, true]);
  });

  test('GELU, also of large values', async () => {
    for (const size of [1, 10, 1000])
      await expectSame(withGradients(geluOf, () => [tf.mul(tensor([70], 2), size)]));
    const [y] = await on('webgpu', () => geluOf(tf.tensor1d([NaN, Infinity, 50, -50, 0])));
    expect([...y!]).toEqual([NaN, Infinity, 50, expect.closeTo(0, 30), 0]);
  });

  describe('attention', () => {
    test.each([
      { b: 1, t: 1, heads: 1, size: 1, causal: false, large: 1 },
      { b: 3, t: 5, heads: 2, size: 3, causal: true, large: 30 },
      { b: 2, t: 37, heads: 3, size: 17, causal: false, large: 30 },
      { b: 2, t: 37, heads: 2, size: 20, causal: true, large: 1 },
    ])('$b x $t, $heads heads of $size, causal $causal', async ({ b, t, heads, size, causal, large }) => {
      await expectSame(
        withGradients(
          (x) => attend(x as tf.Tensor3D, { heads, causal }),
          () => [tf.mul(tensor([b, t, 3 * heads * size], 2), large)],
        ),
        // Large scores magnify what float32 rounds.
        1e-4,
      );
    });

    test('keeps NaN, and hides what lies ahead', async () => {
      const [y] = await on('webgpu', () => {
        const values = Float32Array.from({ length: 4 * 3 }, (_, i) => (i === 2 * 3 + 1 ? NaN : 0.1 * i));
        return attend(tf.tensor3d(values, [1, 4, 3]), { heads: 1, causal: true });
      });
      expect([...y!].map(Number.isNaN)).toEqual([false, false, true, true]);
    });
  });

  describe('embedding', () => {
    const tokens = (n: number, shape: number[]) =>
      tf.tensor(
        Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => (i * i + 3 * i) % n),
        shape,
      );

    test.each([
      { n: 2, d: 1, shape: [1] },
      { n: 9, d: 10, shape: [3, 5] },
      { n: 97, d: 70, shape: [40, 3] },
      // Several workgroups look for one row of the table.
      { n: 3, d: 5, shape: [2, 2 * TILES.embedding.tokens + 5] },
    ])('of $shape tokens, a table [$n, $d]', async ({ n, d, shape }) => {
      await expectSame(
        withGradients(
          (table) => embed(tokens(n, shape), table as tf.Tensor2D),
          () => [tensor([n, d], 2)],
        ),
      );
    });

    test('of tokens that were integers', async () => {
      await expectSame(
        withGradients(
          (table) => embed(tf.cast(tf.tensor1d([2, 0, 1], 'int32'), 'float32'), table as tf.Tensor2D),
          () => [tensor([3, 4], 2)],
        ),
      );
    });

    test('is NaN for a token outside of the vocabulary', async () => {
      const [y] = await on('webgpu', () =>
        embed(tf.tensor1d([0, 3, -1, 1e9]), tf.ones([3, 2]) as tf.Tensor2D),
      );
      expect([...y!]).toEqual([1, 1, NaN, NaN, NaN, NaN, NaN, NaN]);
    });
  });

  describe('numbers of workgroups beyond what a device has along one axis', () => {
    test('on a device that has few', async () => {
      const limits = { maxComputeWorkgroupsPerDimension: 3 };
      expect(await withLimits(limits, async () => flat(webgpu(), 1000))).toEqual([3, 6, 1]);
      const compute = [
        withGradients(rectify, () => [tensor([1000])]),
        withGradients(layerNormOf, () => [tensor([300, 7], 2), tensor([7], 3), tensor([7], 4)]),
        withGradients(outputOf(true), () => [tensor([3, 500], 2), tensor([500], 3), tensor([500], 4)]),
        withGradients(
          (table) => embed(tokensOf(7), table as tf.Tensor2D),
          () => [tensor([7, 5], 2)],
        ),
        withGradients(
          (x) => attend(x as tf.Tensor3D, { heads: 2, causal: true }),
          () => [tensor([2, 40, 12], 2)],
        ),
      ];
      for (const one of compute) {
        const few = await withLimits(limits, () => on('webgpu', one));
        expect(bits(few)).toBe(bits(await on('webgpu', one)));
      }
    });
    const tokensOf = (n: number) => tf.tensor1d(Array.from({ length: 20 }, (_, i) => (i * i) % n));

    test('of a vector of four million', async () => {
      const n = 65_535 * 64 + 77;
      const values = new Float32Array(n).fill(2);
      const [dx] = await on('webgpu', () =>
        runKernel(kernels.ReluGrad, { dy: tf.tensor1d(values), y: tf.tensor1d(values) }),
      );
      expect(dx!.every((value) => value === 2)).toBe(true);
    });
  });

  describe('in layers', () => {
    const layers: Record<string, { input: number[]; layer: LayerOf }> = {
      'dense, ReLU': { input: [5], layer: serial({ a: dense(7, { relu: true }), b: dense(3) }) },
      'convolution, bias, ReLU': { input: [5, 4, 3], layer: conv(4, 3, { bias: true, relu: true }) },
      'layer norm, GELU': { input: [6, 10], layer: serial({ a: layerNorm, b: gelu }) },
    };
    test.each(Object.entries(layers))('%s', async (_, { input, layer: of }) => {
      const layer = of(input);
      const apply = (x: tf.Tensor, ...params: tf.Tensor[]) =>
        layer.apply(params, [], x, { training: true } as unknown as Pass);
      const inputs = () => [
        tensor([4, ...input], 1),
        ...layer.params.map(({ shape }, i) => tensor([...shape], i + 2)),
      ];
      await expectSame(withGradients(apply, inputs));
    });

    test('embedding', async () => {
      const layer = embedding(5, 3)([4, 1, 1]);
      const x = () => tf.tensor4d([0, 1, 2, 3, 4, 0, 0, 2], [2, 4, 1, 1]);
      await expectSame(
        withGradients(
          (table) => layer.apply([table], [], x(), { training: true } as unknown as Pass),
          () => [tensor([5, 3], 2)],
        ),
      );
    });
  });
});
