/** `recordStep`, for programs of others: variables, forms of results, and what it refuses. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadBackend } from '../../../src/backends/index.js';
import { recordStep } from '../../../src/backends/tensorflow/recordStep.js';
import { fixed } from './recordedOps.js';
import { cannotRecord } from './setUp.js';
import { bitsOf } from './wholeStep.js';

const optimizers = {
  sgd: () => tf.train.sgd(0.1),
  momentum: () => tf.train.momentum(0.1, 0.9),
  adagrad: () => tf.train.adagrad(0.1),
  adadelta: () => tf.train.adadelta(),
  rmsprop: () => tf.train.rmsprop(0.01),
  adam: () => tf.train.adam(0.1),
};

/** Losses of ten steps of linear regression, and the weights after them, as bits. */
function regression(optimizer: tf.Optimizer, recorded: boolean): { bits: string; recordedCalls: number } {
  const w = tf.variable(fixed([4, 2]) as tf.Tensor2D);
  const b = tf.variable(tf.zeros([2]));
  const loss = (x: tf.Tensor2D, y: tf.Tensor) => tf.mean(tf.squaredDifference(tf.add(tf.matMul(x, w), b), y));
  const plain = (x: tf.Tensor2D, y: tf.Tensor) => optimizer.minimize(() => loss(x, y) as tf.Scalar, true)!;
  const step = recordStep(plain);
  const losses: tf.Tensor[] = [];
  let recordedCalls = 0;
  for (let i = 0; i < 10; i++) {
    const [x, y] = [fixed([3, 4], i) as tf.Tensor2D, fixed([3, 2], 100 + i)];
    losses.push(recorded ? step(x, y) : plain(x, y));
    if (step.isRecorded) recordedCalls++;
  }
  const bits = bitsOf([...losses, w, b]);
  step.dispose();
  w.dispose();
  b.dispose();
  return { bits, recordedCalls };
}

describe.skipIf(cannotRecord)('recordStep', () => {
  beforeAll(async () => {
    await loadBackend('tensorflow', { threads: 1 });
  });

  test.each(Object.entries(optimizers))(
    'tf.train.%s: the same bits as without, from the fourth call on in one call',
    (_, make) => {
      const { bits, recordedCalls } = regression(make(), true);
      expect(bits).toBe(regression(make(), false).bits);
      expect(recordedCalls).toBeGreaterThanOrEqual(7);
    },
  );

  test('variables that shared a tensor, are assigned from outside, or are gone', () => {
    const start = tf.tensor1d([1]);
    const [a, b] = [tf.variable(start), tf.variable(start)];
    const step = recordStep((x: tf.Tensor1D) => {
      a.assign(tf.add(a, x));
      b.assign(tf.sub(b, x));
      return tf.sub(a, b);
    });
    const x = tf.tensor1d([1]);
    expect([1, 2, 3, 4].map(() => step(x).dataSync()[0])).toEqual([2, 4, 6, 8]);
    expect(step.isRecorded).toBe(true);
    a.assign(tf.tensor1d([100]));
    expect(step(x).dataSync()[0]).toBe(101 + 4);
    a.dispose();
    expect(() => step(x)).toThrow();
  });

  test('results as an array, as an object and none', () => {
    const x = tf.tensor1d([3]);
    const array = recordStep((y: tf.Tensor) => [tf.neg(y), y.clone()]);
    const object = recordStep((y: tf.Tensor) => ({ negative: tf.neg(y), same: y.clone() }));
    const v = tf.variable(tf.tensor1d([0]));
    const nothing = recordStep((y: tf.Tensor) => {
      v.assign(tf.add(v, y as tf.Tensor1D));
    });
    for (let i = 1; i <= 4; i++) {
      expect(array(x).map((one) => one.dataSync()[0])).toEqual([-3, 3]);
      const { negative, same } = object(x);
      expect([negative.dataSync()[0], same.dataSync()[0]]).toEqual([-3, 3]);
      expect(nothing(x)).toBeUndefined();
      expect(v.dataSync()[0]).toBe(3 * i);
    }
    expect([array, object, nothing].map(({ isRecorded }) => isRecorded)).toEqual([true, true, true]);
  });

  test('memory stays flat, and dispose makes it record anew', () => {
    const v = tf.variable(tf.zeros([100]));
    const step = recordStep((x: tf.Tensor1D) => {
      v.assign(tf.add(tf.mul(v, 0.5), x));
      return tf.sum(v);
    });
    const x = tf.ones<tf.Rank.R1>([100]);
    const go = (times: number) => Array.from({ length: times }, () => step(x)).forEach((y) => y.dispose());
    go(5);
    const before = tf.memory().numTensors;
    go(3000);
    expect(tf.memory().numTensors).toBe(before);
    step.dispose();
    step(x).dispose();
    expect(step.isRecorded).toBe(false);
  });

  test('what it refuses, and what it says', () => {
    const x = tf.tensor1d([1, 2]);
    let t = 0;
    const changing = recordStep((y: tf.Tensor) => tf.add(tf.mul(y, 2), tf.mul(y, ++t)));
    const go = (step: (y: tf.Tensor) => unknown) => () => [1, 2, 3].forEach(() => step(x));
    expect(go(changing)).toThrow(
      /Mul \(operation \d of the step\) takes another value in every run: .* shape \[\]/,
    );
    const reading = recordStep((y: tf.Tensor) => tf.mul(y, tf.sum(y).dataSync()[0]!));
    expect(go(reading)).toThrow(/reads the result of Sum \(operation 1 of the step\)/);
    const making = recordStep((y: tf.Tensor) => tf.add(tf.variable(y), 1));
    expect(go(making)).toThrow('makes new variables');
    const wrong = recordStep((async (y: tf.Tensor) => y) as unknown as (y: tf.Tensor) => tf.Tensor);
    expect(go(wrong)).toThrow(expect.objectContaining({ code: 'step-result' }));
  });

  test('on another backend it says which one', async () => {
    await loadBackend('cpu');
    const step = recordStep((x: tf.Tensor) => tf.neg(x));
    expect(() => step(tf.scalar(1))).toThrow(/the current backend is cpu/);
    await tf.setBackend('tensorflow');
  });
});
