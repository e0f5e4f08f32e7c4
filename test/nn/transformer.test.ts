/** The parts of a transformer: their values, and their gradients against differences. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { attend } from '../../src/nn/attention.js';
import { embed } from '../../src/nn/embedding.js';
import { geluOf } from '../../src/nn/gelu.js';
import { layerNormOf } from '../../src/nn/layerNorm.js';
import { expectGradient, wave } from './difference.js';

beforeAll(() => tf.setBackend('cpu'));

const values = (tensor: tf.Tensor) => [...tensor.dataSync<'float32'>()];
const near = (expected: readonly number[]) => expected.map((x) => expect.closeTo(x, 5) as number);

describe('layer norm', () => {
  it('gives every row mean 0 and variance 1, then scales and moves it', () => {
    const x = tf.tensor([1, 2, 3, 10, 30, 50], [2, 3]);
    // The variances are 2/3 and 800/3; the first is small enough to show the 1e-5.
    const [small, large] = [1 / Math.sqrt(2 / 3 + 1e-5), 20 / Math.sqrt(800 / 3 + 1e-5)];
    expect(values(layerNormOf(x, tf.tensor([1, 2, 1]), tf.tensor([0, 5, 0])))).toEqual(
      near([-small, 5, small, -large, 5, large]),
    );
  });
  it('has the gradients of its definition', () => {
    expectGradient(layerNormOf, [wave([2, 3, 5], 1.1), wave([5], 0.7), wave([5], 0.4)]);
  });
});

describe('GELU', () => {
  it('has the values of its formula', () => {
    const formula = (x: number) =>
      0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    const xs = [-9, -3, -1, -0.1, 0, 0.1, 1, 3, 9];
    expect(values(geluOf(tf.tensor(xs)))).toEqual(near(xs.map(formula)));
    // torch.nn.functional.gelu(torch.tensor(1., dtype=torch.float64), approximate='tanh')
    expect(formula(1)).toBeCloseTo(0.8411919906, 9);
  });
  it('has the gradient of its definition', () => expectGradient(geluOf, [wave([4, 5], 1.7)]));
});

describe('attention', () => {
  const parts = { b: 2, t: 5, d: 6 };
  const qkv = (pace: number) => wave([parts.b, parts.t, 3 * parts.d], pace) as tf.Tensor3D;

  /** The definition, for one image and one head. */
  function one(x: number[][][], image: number, head: number, heads: number, causal: boolean): number[][] {
    const size = parts.d / heads;
    const vector = (t: number, which: number) =>
      x[image]![t]!.slice(which * parts.d + head * size, which * parts.d + (head + 1) * size);
    return Array.from({ length: parts.t }, (_, t) => {
      const seen = causal ? t + 1 : parts.t;
      const scores = Array.from({ length: seen }, (_, u) =>
        Math.exp(vector(t, 0).reduce((sum, q, i) => sum + q * vector(u, 1)[i]!, 0) / Math.sqrt(size)),
      );
      const total = scores.reduce((a, b) => a + b);
      return Array.from({ length: size }, (_, i) =>
        scores.reduce((sum, weight, u) => sum + (weight / total) * vector(u, 2)[i]!, 0),
      );
    });
  }

  describe.each([
    [1, false],
    [3, false],
    [2, true],
  ])('of %i heads, causal %s', (heads, causal) => {
    it('is its definition', () => {
      const x = tf.mul(qkv(0.9), 3);
      const y = (attend(x as tf.Tensor3D, { heads, causal }) as tf.Tensor3D).arraySync();
      const nested = (x as tf.Tensor3D).arraySync();
      const size = parts.d / heads;
      y.forEach((rows, image) =>
        rows.forEach((row, t) => {
          const expected = Array.from(
            { length: heads },
            (_, head) => one(nested, image, head, heads, causal)[t]!,
          );
          expect(row, `image ${image}, position ${t}`).toEqual(near(expected.flat()));
          expect(row.length).toBe(heads * size);
        }),
      );
    });
    it('has the gradient of its definition', () =>
      expectGradient((x) => attend(x as tf.Tensor3D, { heads, causal }), [qkv(1.2)]));
  });
});

describe('embedding', () => {
  const tokens = tf.tensor([0, 2, 2, 1, 3, 0], [2, 3]);
  it('takes the rows of the table', () => {
    const table = wave([4, 3], 0.8) as tf.Tensor2D;
    const rows = table.arraySync();
    expect((embed(tokens, table) as tf.Tensor3D).arraySync()).toEqual([
      [rows[0], rows[2], rows[2]],
      [rows[1], rows[3], rows[0]],
    ]);
  });
  it('adds up the gradients of equal tokens', () =>
    expectGradient((table) => embed(tokens, table as tf.Tensor2D), [wave([4, 3], 0.8)]));
});
