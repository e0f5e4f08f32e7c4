/** Our gradients of tfjs's operations are tfjs's own, to the bit. */
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { loadBackend } from '../../src/backends/index.js';
import '../../src/nn/gradients.js';
import { rectify } from '../../src/nn/relu.js';

const names = ['Add', 'Multiply', 'BatchMatMul', 'Conv2D', 'MaxPool', 'Mean', 'PadV2', 'Reshape', 'SplitV'];
const ours = new Map(names.map((name) => [name, tf.getGradient(name)]));
await loadBackend('cpu');
// The union package registers all of tfjs's gradients over what is there.
await import('@tensorflow/tfjs');
const theirs = new Map(names.map((name) => [name, tf.getGradient(name)]));

let drawn = 1;
/** Numbers in (-1, 1), others at each call. */
const some = (...shape: number[]) =>
  tf.tensor(
    Array.from(
      { length: shape.reduce((a, b) => a * b, 1) },
      () => (drawn = (drawn * 48271) % 2147483647) / 2 ** 30 - 1,
    ),
    shape,
  );

type Operation = (...inputs: tf.Tensor[]) => tf.Tensor;
const product =
  (transposeA: boolean, transposeB: boolean): Operation =>
  (a, b) =>
    tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, transposeA, transposeB);
const convolution =
  (stride: number, pad: 'same' | 'valid' | number): Operation =>
  (x, filter) =>
    tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, stride, pad);

const cases: [string, string, Operation, tf.Tensor[]][] = [
  ['Add', 'of one shape', tf.add, [some(3, 4), some(3, 4)]],
  ['Add', 'with a repeated row', tf.add, [some(3, 4), some(4)]],
  ['Add', 'with a repeated column on the left', tf.add, [some(3, 1), some(2, 3, 4)]],
  ['Multiply', 'of one shape', tf.mul, [some(3, 4), some(3, 4)]],
  ['Multiply', 'with a scalar', tf.mul, [some(3, 4), some()]],
  ['Multiply', 'with shares of images', tf.mul, [some(2, 3, 3, 2), some(2, 1, 1, 1)]],
  ['BatchMatMul', 'plain', product(false, false), [some(3, 4), some(4, 5)]],
  ['BatchMatMul', 'left transposed', product(true, false), [some(4, 3), some(4, 5)]],
  ['BatchMatMul', 'right transposed', product(false, true), [some(3, 4), some(5, 4)]],
  ['BatchMatMul', 'both transposed', product(true, true), [some(4, 3), some(5, 4)]],
  ['Conv2D', 'same', convolution(1, 'same'), [some(2, 6, 6, 3), some(3, 3, 3, 4)]],
  ['Conv2D', 'stride 2', convolution(2, 'valid'), [some(2, 6, 6, 3), some(1, 1, 3, 4)]],
  ['Conv2D', 'padded by a number', convolution(1, 1), [some(2, 5, 5, 2), some(3, 3, 2, 2)]],
  ['MaxPool', '2 x 2', (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'), [some(2, 5, 4, 3)]],
  ['Mean', 'over height and width', (x) => tf.mean(x, [1, 2]), [some(2, 3, 5, 3)]],
  ['Mean', 'of all', (x) => tf.mean(x), [some(2, 3)]],
  ['Mean', 'over the last axis', (x) => tf.mean(x, -1), [some(2, 3)]],
  ['PadV2', 'uneven', (x) => tf.pad(x, [[0, 0], [1, 2], [2, 0], [0, 0]]), [some(2, 3, 3, 2)]], // prettier-ignore
  ['Reshape', 'flat', (x) => tf.reshape(x, [-1]), [some(2, 3)]],
  ['SplitV', 'uneven', (x) => tf.concat(tf.split(x, [2, 3, 1]).map((piece) => tf.reshape(piece, [-1])).slice(0, 3)), [some(6)]], // prettier-ignore
];

it.each(cases)("%s %s: its gradients are tfjs's", async (name, _of, operation, inputs) => {
  const gradients = async (config: tf.GradConfig) => {
    for (const [other, own] of theirs) tf.registerGradient(other === name ? config : own!);
    const weights = new Map<string, tf.Tensor>();
    const found = tf.grads((...xs: tf.Tensor[]) => {
      const y = operation(...xs);
      const weight = weights.get('y') ?? tf.keep(tf.add(some(...y.shape), 2));
      weights.set('y', weight);
      return tf.mul(y, weight);
    })(inputs);
    weights.get('y')!.dispose();
    return Promise.all(found.map(async (gradient) => [gradient.shape, ...(await gradient.data())]));
  };
  expect(ours.get(name)).not.toBe(theirs.get(name));
  const start = drawn;
  const own = await gradients(ours.get(name)!);
  drawn = start;
  expect(own).toEqual(await gradients(theirs.get(name)!));
});

it('ReLU keeps its own gradient where the union package is loaded later', () => {
  const [kept] = tf.grads((x: tf.Tensor) => rectify(x))([tf.tensor1d([-1, 0, 2])]);
  expect([...kept!.dataSync()]).toEqual([0, 0, 1]);
  expect(tf.getGradient('Relu').outputsToSave).toEqual([true]);
});
