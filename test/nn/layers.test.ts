/** Each layer's value against its definition in plain loops, and its gradient against differences. */
// For the gradients of this file's own operations.
import '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { conv } from '../../src/nn/conv.js';
import { convPool } from '../../src/nn/convPool.js';
import { crossEntropy } from '../../src/nn/crossEntropy.js';
import { dense, flatten } from '../../src/nn/dense.js';
import { named, serial, type LayerOf } from '../../src/nn/layer.js';
import { globalAverage, maxPooling } from '../../src/nn/pool.js';
import { relu } from '../../src/nn/relu.js';
import { expectGradient, wave } from './difference.js';

beforeAll(() => tf.setBackend('cpu'));

const evaluation = { training: false } as const;
/** Makes a layer a function of its input and its parameters. */
const applied =
  (of: LayerOf) =>
  (x: tf.Tensor, ...params: tf.Tensor[]): tf.Tensor =>
    of(x.shape.slice(1)).apply(params, [], x, evaluation);
const parametersOf = (of: LayerOf, input: number[]) =>
  of(input).params.map(({ shape }, i) => wave([...shape], 3.1 + i));

describe('gradients', () => {
  test.each<[string, LayerOf, number[]]>([
    ['conv 3x3', conv(4, 3), [2, 5, 4, 3]],
    ['conv 3x3, stride 2, even size', conv(3, 3, { stride: 2 }), [2, 6, 6, 2]],
    ['conv 3x3, stride 2, odd size', conv(3, 3, { stride: 2 }), [2, 5, 7, 2]],
    ['conv 1x1, stride 2', conv(3, 1, { stride: 2 }), [2, 5, 4, 3]],
    ['conv 5x5 with bias', conv(3, 5, { bias: true }), [2, 6, 5, 2]],
    ['conv with bias and ReLU', conv(3, 3, { bias: true, relu: true }), [2, 5, 5, 2]],
    ['conv with bias, ReLU and max pooling, odd sizes', convPool(3, 3, 2), [2, 5, 6, 2]],
    ['dense', dense(4), [3, 5]],
    ['dense with ReLU', dense(4, { relu: true }), [3, 5]],
    ['ReLU', relu, [3, 4, 4, 2]],
    ['flatten', flatten, [2, 3, 4, 2]],
    ['max pooling', maxPooling(2), [2, 4, 4, 2]],
    ['max pooling, odd sizes', maxPooling(2), [2, 5, 7, 2]],
    ['global average', globalAverage, [2, 3, 4, 2]],
    ['layers in series', serial({ a: dense(4, { relu: true }), b: dense(3) }), [3, 5]],
  ])('%s', (name, of, shape) => {
    const inputs = [wave(shape, 2.7), ...parametersOf(of, shape.slice(1))];
    // A long step suits float32, a short one crosses no kink.
    const kinked = /ReLU|max|series/.test(name);
    expectGradient(applied(of), inputs, kinked ? { h: 1e-3, tolerance: 5e-3 } : { h: 0.1 });
    tf.dispose(inputs);
  });

  test('cross-entropy', () => {
    const labels = tf.tensor1d([2, 0, 1], 'int32');
    const logits = wave([3, 4], 2.7);
    expectGradient((x) => crossEntropy(x as tf.Tensor2D, labels), [logits]);
    tf.dispose([labels, logits]);
  });
});

describe('values', () => {
  test('a convolution pads by (size-1)/2 on every side, also with a stride', () => {
    const [h, w, c, filters, size, stride] = [5, 6, 2, 3, 3, 2] as const;
    const x = wave([1, h, w, c], 2.7);
    const filter = wave([size, size, c, filters], 3.1);
    const layer = conv(filters, size, { stride })([h, w, c]);
    const [oh, ow] = layer.output as [number, number, number];
    expect(layer.output).toEqual([3, 3, 3]);
    const y = layer.apply([filter], [], x, evaluation) as tf.Tensor4D;
    const image = x.arraySync() as number[][][][];
    const kernel = filter.arraySync() as number[][][][];
    const out = y.arraySync();
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++)
        for (let f = 0; f < filters; f++) {
          let sum = 0;
          for (let a = 0; a < size; a++)
            for (let b = 0; b < size; b++)
              for (let k = 0; k < c; k++)
                sum +=
                  (image[0]![stride * i + a - 1]?.[stride * j + b - 1]?.[k] ?? 0) * kernel[a]![b]![k]![f]!;
          expect(out[0]![i]![j]![f]).toBeCloseTo(sum, 5);
        }
    tf.dispose([x, filter, y]);
  });

  test('pooling drops a remainder at the edge', () => {
    const x = tf.tensor4d([1, 2, 9, 3, 4, 9, 9, 9, 9], [1, 3, 3, 1]);
    const max = maxPooling(2)([3, 3, 1]);
    expect(max.output).toEqual([1, 1, 1]);
    const out = max.apply([], [], x, evaluation);
    expect(out.arraySync()).toEqual([[[[4]]]]);
    tf.dispose([x, out]);
  });

  test('cross-entropy is the mean of -log softmax, and large logits do not overflow', () => {
    const logits = tf.tensor2d([1, 2, 3, 1000, 0, -1000], [2, 3]);
    const labels = tf.tensor1d([0, 2], 'int32');
    const loss = crossEntropy(logits, labels);
    const first = Math.log(Math.exp(1) + Math.exp(2) + Math.exp(3)) - 1;
    expect(loss.dataSync()[0]).toBeCloseTo((first + 2000) / 2, 3);
    tf.dispose([logits, labels, loss]);
  });

  test("ReLU's gradient at 0 is 0", () => {
    const x = tf.tensor1d([-1, 0, 2]);
    const g = tf.grad((x: tf.Tensor) => tf.sum(tf.relu(x)))(x);
    expect([...g.dataSync()]).toEqual([0, 0, 1]);
    tf.dispose([x, g]);
  });

  test('a layer in series is named after its key, and dealt its own parameters', () => {
    const net = serial({ one: dense(3), two: serial({ a: dense(2) }) })([4]);
    expect(net.params.map(({ name }) => name)).toEqual([
      'one.weight',
      'one.bias',
      'two.a.weight',
      'two.a.bias',
    ]);
    expect(net.output).toEqual([2]);
    expect(named('x', net).params[3]!.name).toBe('x.two.a.bias');
  });

  test('a convolution with ReLU and without bias is refused', () => {
    expect(() => conv(3, 3, { relu: true })).toThrow();
  });
});

test("a first layer's input gradient is not computed", async () => {
  const x = wave([2, 4, 4, 2], 2.7);
  const layer = conv(3, 3, { bias: true, relu: true })([4, 4, 2]);
  const [filter, bias] = parametersOf(conv(3, 3, { bias: true, relu: true }), [4, 4, 2]);
  const { kernelNames } = await tf.profile(() =>
    tf.grad((w: tf.Tensor) => tf.sum(layer.apply([w, bias!], [], x, evaluation)))(filter!),
  );
  expect(kernelNames).toContain('Conv2DBackpropFilter');
  expect(kernelNames).not.toContain('Conv2DBackpropInput');
});
