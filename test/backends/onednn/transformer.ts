/** A transformer's parts against the compositions that specify them, which the cpu backend runs, with every gradient. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { attend } from '../../../src/nn/attention.js';
import { embed } from '../../../src/nn/embedding.js';
import { geluOf } from '../../../src/nn/gelu.js';
import { layerNormOf } from '../../../src/nn/layerNorm.js';
import { channels, expectSame, on, tensor } from './both.js';
import { runs } from './windows.js';

/** Values, and the gradients of their product with some numbers. */
const withGradients =
  (f: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: () => tf.Tensor[]) => (): tf.Tensor[] => {
    const y = f(...inputs());
    const weights = tensor(y.shape, 9);
    return [y, ...tf.grads((...given: tf.Tensor[]) => tf.sum(tf.mul(f(...given), weights)))(inputs())];
  };

export function transformerParts(): void {
  const rows = fc.constantFrom<number[]>([1], [2], [3, 5], [70, 2]);

  test('layer norm', () =>
    fc.assert(
      fc.asyncProperty(rows, channels, async (outer, c) => {
        await expectSame(
          withGradients(layerNormOf, () => [tensor([...outer, c], 2), tensor([c], 3), tensor([c], 4)]),
        );
      }),
      runs,
    ));

  test('GELU, also of large values', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 70 }), fc.constantFrom(1, 10, 1000), async (n, size) => {
        await expectSame(
          withGradients(geluOf, () => [tf.mul(tensor([n], 2), size)]),
          1e-5,
        );
      }),
      runs,
    ));

  test('GELU keeps NaN and takes infinity', async () => {
    const [y] = await on('onednn', () => geluOf(tf.tensor([NaN, Infinity, 50, -50, 0])));
    expect([...y!]).toEqual([NaN, Infinity, 50, expect.closeTo(0, 30), 0]);
  });

  test('attention, plain and causal, also of large scores', () =>
    fc.assert(
      fc.asyncProperty(
        fc.record({
          b: fc.integer({ min: 1, max: 3 }),
          t: fc.integer({ min: 1, max: 20 }),
          heads: fc.integer({ min: 1, max: 3 }),
          size: fc.integer({ min: 1, max: 17 }),
          causal: fc.boolean(),
          large: fc.constantFrom(1, 30),
        }),
        async ({ b, t, heads, size, causal, large }) => {
          await expectSame(
            withGradients(
              (x) => attend(x as tf.Tensor3D, { heads, causal }),
              () => [tf.mul(tensor([b, t, 3 * heads * size], 2), large)],
            ),
          );
        },
      ),
      runs,
    ));

  test('embedding', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 9 }), channels, rows, async (n, d, shape) => {
        const size = shape.reduce((a, b) => a * b, 1);
        const tokens = () =>
          tf.tensor(
            Array.from({ length: size }, (_, i) => (i * i + 3 * i) % n),
            shape,
          );
        await expectSame(
          withGradients(
            (table) => embed(tokens(), table as tf.Tensor2D),
            () => [tensor([n, d], 2)],
          ),
        );
      }),
      runs,
    ));

  test('a token outside of the vocabulary is refused', async () => {
    for (const token of [3, -1, NaN, 1e9])
      await expect(
        on('onednn', () => embed(tf.tensor([0, token]), tensor([3, 2]) as tf.Tensor2D)),
      ).rejects.toThrow(/is not one of the 3 of the vocabulary/);
  });
}
