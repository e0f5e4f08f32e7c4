/** The composed batch norm (the specification of the fused kernels) against the paper's formula in float64. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { batchNorm, batchNormTrain } from '../../src/nn/batchNorm.js';
import type { Observed } from '../../src/nn/layer.js';
import { stream } from '../../src/random/stream.js';
import { expectGradient, wave } from './difference.js';

beforeAll(() => tf.setBackend('cpu'));

const shape = [4, 3, 2, 3];
const channels = 3;
const cases = [
  { relu: false, residual: false },
  { relu: true, residual: false },
  { relu: false, residual: true },
  { relu: true, residual: true },
];

/** relu(scale (x - mean)/sqrt(variance + 1e-5) + offset + residual), channel by channel, in float64. */
function formula(inputs: readonly tf.Tensor[], relu: boolean) {
  const [x, scale, offset, residual] = inputs.map((tensor) => [...tensor.dataSync()]);
  const n = x!.length / channels;
  const mean = Array.from({ length: channels }, (_, c) => of(x!, c).reduce((sum, v) => sum + v, 0) / n);
  const variance = mean.map((mu, c) => of(x!, c).reduce((sum, v) => sum + (v - mu) ** 2, 0) / n);
  const y = x!.map((value, i) => {
    const c = i % channels;
    const z =
      (scale![c]! * (value - mean[c]!)) / Math.sqrt(variance[c]! + 1e-5) + offset![c]! + (residual?.[i] ?? 0);
    return relu ? Math.max(z, 0) : z;
  });
  return { y, mean, variance };
}
const of = (x: readonly number[], c: number) => x.filter((_, i) => i % channels === c);

describe.each(cases)('in training, ReLU $relu, residual $residual', ({ relu, residual }) => {
  const make = () => [
    wave(shape, 2.7),
    wave([channels], 0.9),
    wave([channels], 1.9),
    ...(residual ? [wave(shape, 5.3)] : []),
  ];

  test('value and batch statistics are those of the formula', () => {
    const inputs = make();
    const [x, scale, offset, rest] = inputs;
    const out = batchNormTrain(x!, scale!, offset!, { relu, residual: rest });
    const expected = formula(inputs, relu);
    for (const key of ['y', 'mean', 'variance'] as const)
      [...out[key].dataSync()].forEach((value, i) => expect(value, key).toBeCloseTo(expected[key][i]!, 5));
    tf.dispose([inputs, Object.values(out) as tf.Tensor[]]);
  });

  test('gradient of x, scale, offset and residual', () => {
    const inputs = make();
    expectGradient(
      (x, scale, offset, rest) => {
        const out = batchNormTrain(x!, scale!, offset!, { relu, residual: rest });
        tf.dispose([out.mean, out.variance]);
        return out.y;
      },
      inputs,
      // With a ReLU a large step crosses kinks.
      relu ? { h: 1e-3, tolerance: 1e-2 } : {},
    );
    tf.dispose(inputs);
  });
});

describe('the layer', () => {
  const layer = batchNorm({ relu: true })([3, 2, channels]);

  test('observes the mean and the unbiased variance of a training batch', () => {
    const x = wave(shape, 2.7);
    const seen: Observed[] = [];
    const pass = {
      training: true,
      random: stream(0),
      observe: (one: Observed) => void seen.push(one),
    } as const;
    const [scale, offset] = [tf.ones([channels]), tf.zeros([channels])];
    const y = tf.tidy(() => layer.apply([scale!, offset!], [], x, pass));
    const expected = formula([x, scale!, offset!], true);
    const n = 4 * 3 * 2;
    expect(seen.length).toBe(1);
    seen[0]!.mean.dataSync().forEach((value, c) => expect(value).toBeCloseTo(expected.mean[c]!, 6));
    seen[0]!.variance
      .dataSync()
      .forEach((value, c) => expect(value).toBeCloseTo((expected.variance[c]! * n) / (n - 1), 6));
    tf.dispose([x, y, scale!, offset!, seen[0]!.mean, seen[0]!.variance]);
  });

  test('in evaluation uses the running statistics, each image by itself', () => {
    const x = wave(shape, 2.7);
    const [scale, offset] = [tf.tensor1d([1, 2, 3]), tf.tensor1d([0.1, 0.2, 0.3])];
    const state = [tf.tensor1d([0.5, -0.5, 0]), tf.tensor1d([4, 0.25, 1])];
    const residual = wave(shape, 5.3);
    const run = (x: tf.Tensor, residual: tf.Tensor) =>
      layer.apply([scale, offset], state, x, { training: false }, residual);
    const y = run(x, residual);
    const values = [...y.dataSync()];
    const [mean, variance] = [
      [0.5, -0.5, 0],
      [4, 0.25, 1],
    ];
    const rest = residual.dataSync();
    [...x.dataSync()].forEach((value, i) => {
      const c = i % channels;
      const z = ((c + 1) * (value - mean![c]!)) / Math.sqrt(variance![c]! + 1e-5) + (c + 1) / 10 + rest[i]!;
      expect(values[i]).toBeCloseTo(Math.max(z, 0), 5);
    });
    const alone = tf.tidy(() => run(tf.slice(x, [0], [1]), tf.slice(residual, [0], [1])));
    expect([...alone.dataSync()]).toEqual(values.slice(0, alone.size));
    tf.dispose([x, scale, offset, ...state, residual, y, alone]);
  });

  test('a batch of one value has variance 0, and no NaN', () => {
    const one = batchNorm()([1, 1, channels]);
    const x = wave([1, 1, 1, channels], 2.7);
    const seen: Observed[] = [];
    const pass = {
      training: true,
      random: stream(0),
      observe: (of: Observed) => void seen.push(of),
    } as const;
    const params = [tf.ones([channels]), tf.fill([channels], 0.25)];
    const y = one.apply(params, [], x, pass);
    expect([...y.dataSync()]).toEqual([0.25, 0.25, 0.25]);
    expect([...seen[0]!.variance.dataSync()]).toEqual([0, 0, 0]);
    tf.dispose([x, y, params, seen[0]!.mean, seen[0]!.variance]);
  });
});
