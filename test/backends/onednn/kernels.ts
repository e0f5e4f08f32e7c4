/** Every native kernel against the JavaScript kernel of the same name, on random shapes. */
// For the gradients of this file's own operations.
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadOnednn } from '../../../src/backends/onednn/index.js';
import { conv } from '../../../src/nn/conv.js';
import { convPool } from '../../../src/nn/convPool.js';
import { serial, type LayerOf } from '../../../src/nn/layer.js';
import { maxPooling } from '../../../src/nn/pool.js';
import { bits, built, channels, expectSame, kernel, on, tensor } from './both.js';
import { convolutions } from './convolutions.js';
import { transformerParts } from './transformer.js';
import { runs, windows } from './windows.js';

function products(): void {
  const size = fc.integer({ min: 1, max: 40 });
  test('matrix products in all transpositions', () =>
    fc.assert(
      fc.asyncProperty(
        fc.tuple(size, size, size),
        fc.tuple(fc.boolean(), fc.boolean()),
        fc.constantFrom<[number, number]>([1, 1], [3, 3], [1, 3], [3, 1]),
        async ([m, k, n], [transposeA, transposeB], [batchA, batchB]) => {
          await expectSame(() => {
            const a = tensor(transposeA ? [batchA, k, m] : [batchA, m, k], 2);
            const b = tensor(transposeB ? [batchB, n, k] : [batchB, k, n], 3);
            const attrs = { transposeA, transposeB };
            return [
              ...kernel('BatchMatMul', { a, b }, attrs),
              ...kernel('_FusedMatMul', { a, b, bias: tensor([n], 4) }, { ...attrs, activation: 'relu' }),
            ];
          });
        },
      ),
      runs,
    ));
}

function pooling(): void {
  test('max and average pooling and their gradients', () =>
    fc.assert(
      fc.asyncProperty(
        windows.filter(({ pad }) => pad !== 'explicit'),
        async ({ n, h, w, ci, kh, kw, strides, pad }) => {
          const attrs = { filterSize: [kh, kw], strides, pad, dimRoundingMode: 'floor' };
          const shape = [n, h, w, ci] as [number, number, number, number];
          const info = tf.backend_util.computePool2DInfo(shape, [kh, kw], strides, 1, pad as 'same', 'floor');
          // tfjs's own average gradient divides by the whole window; a window in the padding alone has no maximum.
          await expectSame(() => {
            const x = tensor(shape, 2);
            const dy = tensor(info.outShape, 3);
            const max = kernel('MaxPool', { x }, attrs);
            return [
              ...max,
              ...kernel('AvgPool', { x }, attrs),
              ...kernel('MaxPoolGrad', { dy, input: x, output: max[0]! }, attrs),
              ...kernel('AvgPoolGrad', { dy, input: x }, attrs),
            ];
          });
        },
      ),
      runs,
    ));

  const convPooled = fc.record({
    n: fc.integer({ min: 1, max: 3 }),
    h: fc.integer({ min: 3, max: 17 }),
    w: fc.integer({ min: 3, max: 17 }),
    ci: channels,
    co: channels,
    size: fc.constantFrom(1, 3, 5),
    window: fc.integer({ min: 1, max: 3 }),
    threads: fc.constantFrom(1, 2),
  });
  test('convolution, ReLU and pooling in one are, bit for bit, the layers one by one', () =>
    fc
      .assert(
        fc.asyncProperty(convPooled, async ({ n, h, w, ci, co, size, window, threads }) => {
          const layers = serial({
            conv: conv(co, size, { bias: true, relu: true }),
            pool: maxPooling(window),
          });
          // Rounded, so that there are equal maxima and windows without a positive value.
          const round = (shape: number[], seed: number) => tf.round(tf.mul(tensor(shape, seed), 3));
          const gradients = (of: LayerOf) => () => {
            const layer = of([h, w, ci]);
            const inputs = [round([n, h, w, ci], 2), round([size, size, ci, co], 3), round([co], 4)];
            const apply = (x: tf.Tensor, ...params: tf.Tensor[]) =>
              layer.apply(params, [], x, { training: false });
            const y = apply(...(inputs as [tf.Tensor, tf.Tensor, tf.Tensor]));
            const { grads } = tf.valueAndGrads(apply as never)(inputs, tensor(y.shape, 5));
            return [y, ...grads];
          };
          await loadOnednn({ threads });
          const one = await on('onednn', gradients(convPool(co, size, window)));
          expect(bits(one) === bits(await on('onednn', gradients(layers)))).toBe(true);
        }),
        { numRuns: 80 },
      )
      .finally(() => loadOnednn({ threads: 1 })));

  test('of equal values the first takes the gradient, and NaN never wins', () =>
    expectSame(() => {
      const attrs = { filterSize: 2, strides: 1, pad: 'valid' };
      const x = tf.tensor4d([3, 3, NaN, 3, 3, 1, 2, 3, NaN], [1, 3, 3, 1]);
      const [y] = kernel('MaxPool', { x }, attrs);
      return [y!, ...kernel('MaxPoolGrad', { dy: tensor([1, 2, 2, 1]), input: x, output: y! }, attrs)];
    }));
}

function elementwise(): void {
  const shapes = fc
    .array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 1, 2, 3)), {
      minLength: 0,
      maxLength: 6,
    })
    .map((axes) => ({
      a: axes.map(([size, kind]) => (kind === 1 ? 1 : size)),
      b: axes.map(([size, kind]) => (kind === 2 ? 1 : size)),
    }));
  test('+ - * / with every broadcast', () =>
    fc.assert(
      fc.asyncProperty(shapes, fc.integer({ min: 0, max: 6 }), async ({ a, b }, cut) => {
        await expectSame(() => {
          const [x, y] = [tensor(a, 2), tf.add(tensor(b.slice(cut), 3), 2)];
          return [tf.add(x, y), tf.sub(x, y), tf.mul(x, y), tf.div(x, y), tf.sub(y, x)];
        });
      }),
      { numRuns: 150 },
    ));

  test('ReLU of every kind of number', () =>
    expectSame(() => tf.relu(tf.tensor1d([NaN, Infinity, -Infinity, 0, -0, 1e-40, -1, 2, ...values17()]))));

  test('sums and means over any axes', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 }),
        fc.nat(15),
        fc.boolean(),
        async (shape, bits, keepDims) => {
          const axes = shape.map((_, axis) => axis).filter((axis) => (bits >> axis) & 1);
          await expectSame(() => {
            const x = tensor(shape);
            return [tf.sum(x, axes, keepDims), tf.mean(x, axes, keepDims)];
          });
        },
      ),
      runs,
    ));

  test('split and concat', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 5 }),
        async (sizes) => {
          await expectSame(() => {
            const total = sizes.reduce((sum, n) => sum + n, 0);
            const parts = tf.split(tensor([total]), sizes);
            const rows = sizes.map((n, i) => tensor([3, n % 7, 2], i));
            return [...parts, tf.concat([...parts].reverse()), tf.concat(rows, 1)];
          });
        },
      ),
      runs,
    ));
}

const values17 = () => Array.from({ length: 17 }, (_, i) => i - 8);

/** The suite, for the instruction set that the process has chosen. */
export function describeKernels(isa: string): void {
  describe.skipIf(!built)(`native kernels with ${isa}`, () => {
    convolutions();
    products();
    pooling();
    elementwise();
    transformerParts();
  });
}
