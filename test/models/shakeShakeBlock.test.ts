/** One Shake-Shake block: what alpha, beta, evaluation and the moved half of the shortcut do, by definition. */
// For the gradients of this file's own operations.
import '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { shakeShakeBlock, twoPaths, type Per } from '../../src/models/shakeShake.js';
import type { Layer, Pass } from '../../src/nn/layer.js';
import type { Stream } from '../../src/random/stream.js';
import { expectGradient, wave } from '../nn/difference.js';
import { thetaOf } from './formula.js';

beforeAll(() => tf.setBackend('cpu'));

/** A training pass that draws these numbers, and says how many are left. */
function dictated(...numbers: number[]): { pass: Pass; left: number[] } {
  const left = [...numbers];
  const random = { uniform: () => left.shift() ?? NaN } as Stream;
  const observe = (seen: object) => void tf.dispose(seen as tf.TensorContainer);
  return { pass: { training: true, random, observe }, left };
}

const numbers = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];

describe('a block whose branches give the constants 3 and -1', () => {
  const shape = [3, 2, 2, 2];
  const pixels = 8;
  const block = shakeShakeBlock(2, 1, 'image')(shape.slice(1));
  const batchBlock = shakeShakeBlock(2, 1, 'batch')(shape.slice(1));
  // Small integers, and shares of which float32 keeps every bit: all sums below are exact.
  const x = Array.from({ length: 24 }, (_, i) => (i % 7) - 3);
  const dy = Array.from({ length: 24 }, (_, i) => (i % 5) - 1);
  const alphas = [0.25, 0.5, 0.875];
  const betas = [0.75, 0.125, 0];

  /** Parameters under which the last norm of a branch is its offset alone. */
  const params = (layer: Layer) =>
    layer.params.map(({ name, shape }) => {
      if (name.endsWith('norm2.scale')) return tf.zeros([...shape]);
      if (name.endsWith('norm2.offset')) return tf.fill([...shape], name.startsWith('branch1') ? 3 : -1);
      return wave([...shape], 3.1);
    });

  function run(layer: Layer, pass: Pass) {
    return tf.tidy(() => {
      const { value, grads } = tf.valueAndGrads((x: tf.Tensor, ...rest: tf.Tensor[]) =>
        layer.apply(rest, [], x, pass),
      )([tf.tensor(x, shape), ...params(layer)], tf.tensor(dy, shape));
      const gradients = Object.fromEntries(layer.params.map(({ name }, i) => [name, numbers(grads[i + 1]!)]));
      return { y: numbers(value), gradients, dx: numbers(grads[0]!) };
    });
  }

  /** Sum over the pixels of a channel of share(image) dy. */
  const dealt = (share: (image: number) => number) =>
    [0, 1].map((channel) =>
      dy.reduce((sum, d, i) => sum + (i % 2 === channel ? share(Math.floor(i / pixels)) * d : 0), 0),
    );

  test.each<[Per, Layer, number[], number[]]>([
    ['image', block, alphas, betas],
    ['batch', batchBlock, [0.25, 0.25, 0.25], [0.75, 0.75, 0.75]],
  ])('per %s: values by alpha, gradients by beta', (per, layer, alpha, beta) => {
    const drawn = per === 'image' ? [...alpha, ...beta] : [alpha[0]!, beta[0]!];
    const { pass, left } = dictated(...drawn, 99);
    const { y, gradients, dx } = run(layer, pass);
    expect(left, 'numbers not drawn').toEqual([99]);
    expect(y).toEqual(x.map((value, i) => value + 4 * alpha[Math.floor(i / pixels)]! - 1));
    expect(gradients['branch1.norm2.offset']).toEqual(dealt((image) => beta[image]!));
    expect(gradients['branch2.norm2.offset']).toEqual(dealt((image) => 1 - beta[image]!));
    // Nothing comes back through the branches, whose last scale is 0; the skip has it all.
    expect(dx).toEqual(dy);
  });

  test.each<[Per, Layer]>([
    ['image', block],
    ['batch', batchBlock],
  ])('per %s: evaluation takes exactly half of each', (_per, layer) => {
    const y = tf.tidy(() => {
      const state = layer.state.map(({ size, initial }): tf.Tensor1D => tf.fill([size], initial));
      return numbers(layer.apply(params(layer), state, tf.tensor(x, shape), { training: false }));
    });
    expect(y).toEqual(x.map((value) => value + 1));
  });
});

describe.each<Per>(['image', 'batch'])('the gradient of a whole block, per %s', (per) => {
  const shape = [3, 6, 5, 4];
  const block = shakeShakeBlock(6, 2, per)(shape.slice(1));
  const [alphas, betas] =
    per === 'image'
      ? [
          [0.25, 0.5, 0.875],
          [0.7, 0.1, 0.4],
        ]
      : [[0.25], [0.7]];
  const f =
    (forward: number[], backward: number[]) =>
    (x: tf.Tensor, ...params: tf.Tensor[]) =>
      block.apply(params, [], x, dictated(...forward, ...backward).pass);
  function inputs() {
    const theta = thetaOf(block.params);
    let at = 0;
    const params = block.params.map(({ shape }) => {
      const size = shape.reduce((product, n) => product * n, 1);
      return tf.tensor(theta.subarray(at, (at += size)), [...shape]);
    });
    return [wave(shape, 2.7), ...params];
  }
  const gradients = (forward: number[], backward: number[]) =>
    tf.tidy(() =>
      tf
        .grads(f(forward, backward))(inputs(), wave([3, 3, 3, 6], 1.3))
        .flatMap(numbers),
    );
  const distance = (a: number[], b: number[]) =>
    Math.hypot(...a.map((value, i) => value - b[i]!)) / Math.hypot(...b);

  // A block is linear in its share, so what flows back under (alpha, beta) is the true gradient of the block that
  // mixes by beta. (Of a stack of blocks that is not so: the upper ones saw other activations.)
  test('is that of the block mixed by beta, and not that of the block mixed by alpha', () => {
    const dealt = gradients(alphas, betas);
    expect(distance(dealt, gradients(betas, betas))).toBeLessThan(1e-6);
    expect(distance(dealt, gradients(alphas, alphas))).toBeGreaterThan(0.1);
  });

  test('which is the slope of its values', () => {
    const xs = inputs();
    // Differences of float32, across some ReLU's kink: a rough check. PyTorch's gradients are the sharp one.
    expectGradient(f(betas, betas), xs, { h: 1e-3, tolerance: 2e-2 });
    tf.dispose(xs);
  });
});

describe.each([1, 2])('the two paths of a shortcut, stride %i', (stride) => {
  test.each([[[2, 6, 6, 3]], [[2, 5, 7, 3]], [[1, 1, 1, 3]]])('on %j', (shape) => {
    const [b, h, w, c] = shape as [number, number, number, number];
    const filters = 4;
    const paths = twoPaths(filters, stride)([h, w, c]);
    const [x, weight] = [wave(shape, 2.7), wave([1, 1, c, filters], 3.1)];
    const f = (x: tf.Tensor, weight: tf.Tensor) => paths.apply([weight], [], x, { training: false });
    const y = f(x, weight);
    const [high, wide] = [Math.ceil(h / stride), Math.ceil(w / stride)];
    expect(y.shape).toEqual([b, high, wide, filters]);
    const [pixels, weights] = [numbers(x), numbers(weight)];
    const pixel = (image: number, row: number, column: number, channel: number) =>
      row < 0 || column < 0 ? 0 : pixels[((image * h + row) * w + column) * c + channel]!;
    numbers(y).forEach((value, i) => {
      const filter = i % filters;
      const column = Math.floor(i / filters) % wide;
      const row = Math.floor(i / filters / wide) % high;
      const image = Math.floor(i / filters / wide / high);
      // The second half of the filters looks one pixel up and to the left: at the image moved down and right.
      const moved = filter < filters / 2 ? 0 : 1;
      let expected = 0;
      for (let k = 0; k < c; k++)
        expected +=
          weights[k * filters + filter]! * pixel(image, row * stride - moved, column * stride - moved, k);
      expect(value, `image ${image}, row ${row}, column ${column}, filter ${filter}`).toBeCloseTo(
        expected,
        5,
      );
    });
    expectGradient(f as (...xs: tf.Tensor[]) => tf.Tensor, [x, weight], { h: 0.1 });
    tf.dispose([x, weight, y]);
  });
});
