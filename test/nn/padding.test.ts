/**
 * tfjs-node's convolution kernels refuse paddings given in pixels. Here the cpu backend's kernels stand under its
 * name, with the refusal of theirs in front: the networks must compute the same under both names.
 */
// For the gradients of this file's own operations.
import '@tensorflow/tfjs';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { twoPaths } from '../../src/models/shakeShake.js';
import { conv } from '../../src/nn/conv.js';
import type { LayerOf } from '../../src/nn/layer.js';
import { padded } from '../../src/nn/padding.js';
import { wave } from './difference.js';

const convolutions = ['Conv2D', 'FusedConv2D', 'Conv2DBackpropInput', 'Conv2DBackpropFilter'];

beforeAll(async () => {
  tf.registerBackend('tensorflow', () => new MathBackendCPU());
  for (const config of tf.getKernelsForBackend('cpu')) {
    const strict: tf.KernelFunc = (call) => {
      const { pad } = call.attrs as { pad?: unknown };
      if (pad !== 'same' && pad !== 'valid')
        throw new Error("TF Backend supports only 'valid' and 'same' padding");
      return config.kernelFunc(call);
    };
    const kernelFunc = convolutions.includes(config.kernelName) ? strict : config.kernelFunc;
    tf.registerKernel({ ...config, backendName: 'tensorflow', kernelFunc });
  }
  await tf.setBackend('cpu');
});

afterAll(() => tf.setBackend('cpu'));

async function valuesOn(backend: string, of: LayerOf, shape: number[]): Promise<number[][]> {
  await tf.setBackend(backend);
  const layer = of(shape.slice(1));
  const inputs = [wave(shape, 2.7), ...layer.params.map(({ shape }, i) => wave([...shape], 3.1 + i))];
  const outs = tf.tidy(() => {
    const f = (x: tf.Tensor, ...params: tf.Tensor[]) => layer.apply(params, [], x, { training: false });
    const y = f(...(inputs as [tf.Tensor]));
    expect(y.shape.slice(1)).toEqual(layer.output);
    return [y, ...tf.grads(f)(inputs, wave(y.shape, 1.3))].map((tensor) => [...tensor.dataSync()]);
  });
  tf.dispose(inputs);
  return outs;
}

describe.each<[string, LayerOf]>([
  ['conv 3x3', conv(3, 3)],
  ['conv 3x3, stride 2', conv(3, 3, { stride: 2 })],
  ['conv 1x1, stride 2', conv(3, 1, { stride: 2 })],
  ['conv 5x5 with bias and ReLU', conv(3, 5, { bias: true, relu: true })],
  ['conv 3x3 with bias, stride 2', conv(3, 3, { bias: true, stride: 2 })],
  ['two paths, stride 1', twoPaths(4, 1)],
  ['two paths, stride 2', twoPaths(4, 2)],
])('%s', (_name, of) => {
  test.each([[[2, 6, 6, 2]], [[2, 5, 7, 2]], [[2, 6, 5, 2]], [[1, 1, 1, 2]]])('on %j', async (shape) => {
    const [given, strict] = [await valuesOn('cpu', of, shape), await valuesOn('tensorflow', of, shape)];
    given.forEach((values, k) => values.forEach((value, i) => expect(strict[k]![i]).toBeCloseTo(value, 5)));
  });
});

test("padding is 'same' where that means the same, and given where it does not", async () => {
  await tf.setBackend('cpu');
  const pads = (height: number, size: number, stride: number) => {
    const x = tf.zeros([1, height, height, 1]);
    const { pad } = padded(x, size, stride, (size - 1) / 2, (size - 1) / 2);
    x.dispose();
    return pad;
  };
  expect(pads(8, 1, 2)).toBe('valid');
  expect(pads(8, 3, 1)).toBe('same');
  expect(pads(7, 3, 2)).toBe('same');
  expect(pads(8, 3, 2)).toEqual([
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]);
});
