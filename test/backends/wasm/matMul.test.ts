/** The wasm backend's products in all transpositions, batched and broadcast, against the cpu backend's. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadCpu } from '../../../src/backends/cpu.js';
import { loadWasm } from '../../../src/backends/wasm/index.js';
import { relativeDifference } from '../../../src/backends/check.js';

const numbers = (n: number, seed: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin((i + 1) * 12.9898 + seed * 78.233));

const tensor = (shape: readonly number[], seed: number): tf.Tensor =>
  tf.tensor(numbers(tf.util.sizeFromShape([...shape]), seed), [...shape]);

async function onBoth(run: () => tf.Tensor): Promise<[wasm: Float32Array, cpu: Float32Array]> {
  const values = (): Float32Array => tf.tidy(() => run().dataSync() as Float32Array);
  await tf.setBackend('cpu');
  const cpu = values();
  await tf.setBackend('wasm');
  return [values(), cpu];
}

const dim = fc.integer({ min: 1, max: 17 });

beforeAll(async () => {
  await loadCpu();
  await loadWasm();
});

describe('matrix products on wasm', () => {
  it('equal the cpu backend in every transposition and batch', async () => {
    const batches = fc.constantFrom<[number[], number[]][]>(
      [[], []],
      [[1], [1]],
      [[3], [3]],
      [[3], [1]],
      [[1], [2]],
      [
        [2, 3],
        [2, 3],
      ],
      [[2, 3], [3]],
    );
    await fc.assert(
      fc.asyncProperty(
        batches,
        dim,
        dim,
        dim,
        fc.boolean(),
        fc.boolean(),
        async ([outerA, outerB], m, k, n, ta, tb) => {
          const [wasm, cpu] = await onBoth(() =>
            tf.matMul(
              tensor([...outerA, ...(ta ? [k, m] : [m, k])], 1),
              tensor([...outerB, ...(tb ? [n, k] : [k, n])], 2),
              ta,
              tb,
            ),
          );
          expect(relativeDifference(wasm, cpu)).toBeLessThan(1e-4);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('equal the cpu backend when bias and ReLU are fused in', async () => {
    await fc.assert(
      fc.asyncProperty(dim, dim, dim, fc.boolean(), fc.boolean(), async (m, k, n, transposeA, transposeB) => {
        const [wasm, cpu] = await onBoth(() =>
          tf.fused.matMul({
            a: tensor(transposeA ? [k, m] : [m, k], 1),
            b: tensor(transposeB ? [n, k] : [k, n], 2),
            bias: tensor([n], 3),
            activation: 'relu',
            transposeA,
            transposeB,
          }),
        );
        expect(relativeDifference(wasm, cpu)).toBeLessThan(1e-4);
      }),
      { numRuns: 40 },
    );
  });

  it('broadcast both batches at once', async () => {
    await tf.setBackend('wasm');
    const [a, b] = [tensor([2, 1, 3, 4], 1), tensor([1, 3, 4, 5], 2)];
    const product = tf.matMul(a, b);
    expect(product.shape).toEqual([2, 3, 3, 5]);
    for (const [i, j] of [
      [0, 0],
      [0, 2],
      [1, 0],
      [1, 1],
    ] as const) {
      const part = (x: tf.Tensor, p: number, q: number): tf.Tensor =>
        tf.reshape(tf.slice(x, [p, q, 0, 0], [1, 1, -1, -1]), x.shape.slice(2));
      const single = tf.matMul(part(a, i, 0), part(b, 0, j));
      expect(await part(product, i, j).array()).toEqual(await single.array());
    }
  });

  it('of nothing are zero, or empty', async () => {
    await tf.setBackend('wasm');
    expect(tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])).arraySync()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
    expect(tf.matMul(tf.zeros([0, 2]), tf.zeros([2, 3])).shape).toEqual([0, 3]);
  });

  it('refuse integers', async () => {
    await tf.setBackend('wasm');
    const a = tf.ones([2, 2], 'int32');
    expect(() => tf.matMul(a, a)).toThrow(/int32/);
  });
});
