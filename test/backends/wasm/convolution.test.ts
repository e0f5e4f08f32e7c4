/** The wasm backend's convolution gradients against the cpu backend's, over shapes, strides and paddings. */
// For the gradients of this file's own operations.
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import '../../../src/nn/gradients.js';
import { loadCpu } from '../../../src/backends/cpu.js';
import { loadWasm } from '../../../src/backends/wasm/index.js';
import { relativeDifference } from '../../../src/backends/check.js';

interface Convolution {
  readonly batch: number;
  readonly size: readonly [number, number];
  readonly channels: readonly [number, number];
  readonly filter: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly pad: 'same' | 'valid' | number;
  readonly seed: number;
}

const numbers = (n: number, seed: number): Float32Array =>
  Float32Array.from({ length: n }, (_, i) => Math.sin((i + 1) * 12.9898 + seed * 78.233));

/** Gradients with respect to image and filter, one after the other, on the current backend. */
function gradients({ batch, size, channels, filter, strides, pad, seed }: Convolution): Float32Array {
  const xShape: [number, number, number, number] = [batch, ...size, channels[0]];
  const wShape: [number, number, number, number] = [...filter, ...channels];
  return tf.tidy(() => {
    const x = tf.tensor4d(numbers(tf.util.sizeFromShape(xShape), seed), xShape);
    const w = tf.tensor4d(numbers(tf.util.sizeFromShape(wShape), seed + 1), wShape);
    const run = (a: tf.Tensor, b: tf.Tensor): tf.Tensor =>
      tf.conv2d(
        a as tf.Tensor4D,
        b as tf.Tensor4D,
        [...strides],
        pad,
        'NHWC',
        1,
        typeof pad === 'number' ? 'floor' : undefined,
      );
    const y = run(x, w);
    const dy = tf.tensor(numbers(y.size, seed + 2), y.shape);
    const [dx, dw] = tf.grads(run)([x, w], dy) as [tf.Tensor, tf.Tensor];
    return tf.concat([tf.reshape(dx, [-1]), tf.reshape(dw, [-1])]).dataSync() as Float32Array;
  });
}

async function onBoth(convolution: Convolution): Promise<[wasm: Float32Array, cpu: Float32Array]> {
  await tf.setBackend('cpu');
  const cpu = gradients(convolution);
  await tf.setBackend('wasm');
  return [gradients(convolution), cpu];
}

const small = fc.integer({ min: 1, max: 5 });
const convolutions: fc.Arbitrary<Convolution> = fc
  .record({
    batch: fc.constantFrom(1, 2, 3),
    size: fc.tuple(fc.integer({ min: 1, max: 13 }), fc.integer({ min: 1, max: 13 })),
    channels: fc.tuple(small, small),
    filter: fc.tuple(small, small),
    strides: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 1, max: 3 }).map((s) => [s, s] as const) },
      { weight: 1, arbitrary: fc.constantFrom([1, 2] as const, [3, 1] as const) },
    ),
    pad: fc.constantFrom<('same' | 'valid' | number)[]>('same', 'valid', 0, 1, 2, 4),
    seed: fc.nat(1000),
  })
  .filter(({ size, filter, strides, pad }) => {
    // tfjs-core computes shapes under a numeric padding from the first axis alone: wrong where the axes differ.
    if (typeof pad === 'number' && (strides[0] !== strides[1] || filter[0] !== filter[1])) return false;
    const padding = typeof pad === 'number' ? 2 * pad : pad === 'same' ? Infinity : 0;
    return size.every((length, i) => length + padding >= filter[i]!);
  });

beforeAll(async () => {
  await loadCpu();
  await loadWasm();
});

describe('convolution gradients on wasm', () => {
  it('equal the cpu backend over shapes, strides and paddings', async () => {
    await fc.assert(
      fc.asyncProperty(convolutions, async (convolution) => {
        const [wasm, cpu] = await onBoth(convolution);
        expect(relativeDifference(wasm, cpu)).toBeLessThan(1e-4);
      }),
      { numRuns: 120 },
    );
  });

  it.each([
    ['the first layer of a ResNet', 'same', [2, 15, 15], [3, 16], 3, 1],
    ['its strided layers', 'same', [2, 14, 14], [8, 16], 3, 2],
    ['its strided shortcuts', 'same', [2, 16, 16], [16, 32], 1, 2],
    ['a batch that is taken in two parts', 'valid', [70, 18, 18], [1, 2], 3, 1],
  ] as const)('are right for %s', async (_, pad, [batch, ...size], channels, k, s) => {
    const [wasm, cpu] = await onBoth({
      batch,
      size,
      channels,
      filter: [k, k],
      strides: [s, s],
      pad,
      seed: 7,
    });
    expect(relativeDifference(wasm, cpu)).toBeLessThan(1e-4);
  });

  it('are the same bits on every call', async () => {
    await tf.setBackend('wasm');
    const twoParts: Convolution = {
      batch: 20,
      size: [30, 30],
      channels: [3, 7],
      filter: [3, 3],
      strides: [1, 1],
      pad: 'same',
      seed: 3,
    };
    const bits = (): Buffer => Buffer.from(gradients(twoParts).slice().buffer);
    const first = bits();
    for (let i = 0; i < 3; i++) expect(bits().equals(first)).toBe(true);
  });

  it('refuse NCHW', async () => {
    await tf.setBackend('wasm');
    const x = tf.zeros<tf.Rank.R4>([1, 2, 4, 4]);
    const run = (): tf.Tensor =>
      tf.engine().runKernel(tf.Conv2DBackpropFilter, { x, dy: tf.zeros([1, 3, 4, 4]) }, {
        strides: 1,
        pad: 'same',
        dataFormat: 'NCHW',
        dimRoundingMode: undefined,
        filterShape: [1, 1, 2, 3],
      } as unknown as tf.NamedAttrMap);
    expect(run).toThrow(/NCHW/);
  });
});
