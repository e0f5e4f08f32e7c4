/** Long sums have the same bits each time, and the right value. */
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoDevice } from './softwareDevice.js';
import { useBackend } from '../../../src/backends/index.js';
import * as tf from '../../../src/backends/tfjs.js';

/** Numbers whose sum depends on the order in which they are added. */
const uneven = (n: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(i) * 10 ** (i % 5));

describe.skipIf(whyNoDevice)(`long sums ${whyNoDevice ?? ''}`, () => {
  beforeAll(async () => void (await useBackend('webgpu')));

  // tfjs splits the sums of such products: few rows and columns, 2,000 numbers or more in each sum. Those with ELU are
  // tfjs's own; the others are ours (kernels/matMul.ts).
  test.each([
    [12, 4096, 12, 'linear'],
    [12, 4096, 12, 'elu'],
    [17, 2001, 9, 'elu'],
  ] as const)('[%i, %i] x [.., %i], %s', async (rows, inner, columns, activation) => {
    const attrs = { transposeA: false, transposeB: false, activation };
    const product = () => tf.tidy(() => tf.engine().runKernel('_FusedMatMul', { a, b }, attrs) as tf.Tensor);
    const expected = (sum: number) => (activation === 'elu' && sum < 0 ? Math.expm1(sum) : sum);
    const a = tf.tensor2d(uneven(rows * inner), [rows, inner]);
    const b = tf.tensor2d(uneven(inner * columns).reverse(), [inner, columns]);
    const first = await product().data();
    for (let run = 0; run < 5; run++) expect(await product().data()).toEqual(first);

    const [x, y] = [await a.data(), await b.data()];
    for (const [row, column] of [
      [0, 0],
      [rows - 1, columns - 1],
    ] as const) {
      let [sum, size] = [0, 0];
      for (let i = 0; i < inner; i++) {
        const term = x[row * inner + i]! * y[i * columns + column]!;
        sum += term;
        size += Math.abs(term);
      }
      expect(Math.abs(first[row * columns + column]! - expected(sum)) / size).toBeLessThan(1e-6);
    }
    tf.dispose([a, b]);
  });
});
