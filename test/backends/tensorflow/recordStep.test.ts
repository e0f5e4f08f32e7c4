/** `recordStep`, for programs of others: variables, forms of results, and what it refuses. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadBackend } from '../../../src/backends/index.js';
import { recordStep } from '../../../src/backends/tensorflow/recordStep.js';
import { AdamW, extendWithDecoupledWeightDecay, SGDL2, SGDW } from '../../../src/tf-optimizers/index.js';
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

  test('a tensor from outside is not taken for the input with the same values, nor for a variable', () => {
    const x = tf.tensor1d([10]);
    const sinceFirst = recordStep((y: tf.Tensor) => tf.sub(y, x));
    const seen = [x, x, x, tf.tensor1d([12])].map((y) => sinceFirst(y).dataSync()[0]);
    expect(seen).toEqual([0, 0, 0, 2]);
    expect(sinceFirst.isRecorded).toBe(true);
    const online = tf.variable(tf.tensor1d([1]));
    const anchor = online.clone();
    const distance = recordStep((y: tf.Tensor) => tf.mul(y, tf.sub(online, anchor)));
    for (let i = 0; i < 3; i++) expect(distance(x).dataSync()[0]).toBe(0);
    online.assign(tf.tensor1d([3]));
    expect(distance(x).dataSync()[0]).toBe(20);
    expect(distance.isRecorded).toBe(true);
  });

  test('a variable that is an input and is assigned in the step', () => {
    const v = tf.variable(tf.tensor1d([1]));
    const step = recordStep((before: tf.Tensor) => {
      v.assign(tf.add(v, 1));
      return tf.sub(v, before);
    });
    for (let i = 2; i <= 6; i++) {
      expect(step(v).dataSync()[0]).toBe(1);
      expect(v.dataSync()[0]).toBe(i);
    }
    expect(step.isRecorded).toBe(true);
  });

  test('what it returns is a new tensor in every call, also where it returns an input or a variable', () => {
    const [x, v] = [tf.tensor1d([1]), tf.variable(tf.tensor1d([2]))];
    const step = recordStep((y: tf.Tensor) => {
      const kept = tf.keep(tf.neg(y));
      return [y, v, y, kept, kept];
    });
    for (let i = 0; i < 4; i++) {
      const before = tf.memory().numTensors;
      const results = step(x);
      expect(results.map((one) => one.dataSync()[0])).toEqual([1, 2, 1, -1, -1]);
      expect(tf.memory().numTensors).toBe(before + 5);
      tf.dispose(results);
    }
    expect([x.isDisposed, v.isDisposed]).toEqual([false, false]);
  });

  test('an input that the step disposes of stays the caller’s', () => {
    const x = tf.tensor1d([1]);
    const step = recordStep((y: tf.Tensor) => {
      const z = tf.mul(y, 2);
      y.dispose();
      return z;
    });
    for (let i = 0; i < 4; i++) expect(step(x).dataSync()[0]).toBe(2);
    expect(x.dataSync()[0]).toBe(1);
  });

  test('within a gradient it runs as it is', () => {
    const square = recordStep((y: tf.Tensor) => tf.square(y));
    const x = tf.tensor1d([3]);
    for (let i = 0; i < 4; i++) square(x);
    expect(square.isRecorded).toBe(true);
    const gradient = tf.grad((y: tf.Tensor) => tf.add(square(y), tf.mul(y, 10)));
    expect(gradient(x).dataSync()[0]).toBe(16);
    expect(square.isRecorded).toBe(false);
  });

  test('a step within a step, each recorded by itself too, and errors that the step throws', () => {
    const double = recordStep((y: tf.Tensor) => tf.mul(y, 2));
    const outer = recordStep((y: tf.Tensor) => tf.add(double(y), double(tf.neg(y))));
    const x = tf.tensor1d([3]);
    for (let i = 0; i < 5; i++) {
      expect(outer(x).dataSync()[0]).toBe(0);
      expect(double(x).dataSync()[0]).toBe(6);
    }
    expect([outer.isRecorded, double.isRecorded]).toEqual([true, true]);
    let fails = true;
    const failing = recordStep((y: tf.Tensor) => {
      const z = tf.neg(y);
      if (fails) throw new TypeError('mine');
      return z;
    });
    const before = tf.memory().numTensors;
    for (let i = 0; i < 3; i++) expect(() => failing(x)).toThrow('mine');
    expect(tf.memory().numTensors).toBe(before);
    fails = false;
    expect([1, 2, 3].map(() => failing(x).dataSync()[0])).toEqual([-3, -3, -3]);
    expect(failing.isRecorded).toBe(true);
  });

  test('an optimizer counts the steps that are recorded, and takes up its work again', async () => {
    const losses = async (reloadAfter: number) => {
      const w = tf.variable(tf.tensor1d([1]));
      let adam = tf.train.adam(0.1);
      const stepOf = (optimizer: tf.Optimizer) =>
        recordStep((x: tf.Tensor) => optimizer.minimize(() => tf.sum(tf.square(tf.sub(w, x))), true)!);
      let step = stepOf(adam);
      const seen: number[] = [];
      for (let i = 0; i < 12; i++) {
        if (i === reloadAfter) {
          expect(adam.iterations).toBe(i);
          const saved = await adam.getWeights();
          adam = tf.train.adam(0.1);
          await adam.setWeights(saved);
          step = stepOf(adam);
        }
        seen.push(step(tf.tensor1d([i % 3])).dataSync()[0]!);
      }
      return seen;
    };
    const whole = await losses(-1);
    const reloaded = await losses(8);
    reloaded.forEach((loss, i) => expect(loss).toBeCloseTo(whole[i]!, 4));
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
    const late = async (y: tf.Tensor) =>
      tf
        .neg(y)
        .data()
        .then(() => tf.neg(y));
    const wrong = recordStep(late as unknown as (y: tf.Tensor) => tf.Tensor);
    expect(go(wrong)).toThrow(expect.objectContaining({ code: 'step-result' }));
    let last: tf.Tensor;
    const keeping = recordStep((y: tf.Tensor) => {
      last = tf.keep(tf.neg(y));
      return tf.add(last, 1);
    });
    expect(go(keeping)).toThrow('it keeps tensors');
  });

  test('a step that was refused is not run again', () => {
    let runs = 0;
    const step = recordStep((y: tf.Tensor) => tf.mul(y, ++runs));
    const x = tf.tensor1d([1]);
    for (let i = 0; i < 2; i++) step(x);
    const refused = expect.objectContaining({ code: 'step-not-recordable' }) as Error;
    for (let i = 0; i < 3; i++) expect(() => step(x)).toThrow(refused);
    expect(runs).toBe(3);
    step.dispose();
    expect(step(x).dataSync()[0]).toBe(4);
  });

  test('inputs that are no tensors', () => {
    const step = recordStep((y: tf.Tensor, rate: tf.Tensor) => tf.mul(y, rate));
    const x = tf.tensor1d([1]);
    const given = (rate: unknown) => () => step(x, rate as tf.Tensor);
    const [code, gone] = ['step-input', tf.scalar(1)];
    gone.dispose();
    expect(given(0.1)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(/input 2 is no tensor.*tf\.scalar/) as string })); // prettier-ignore
    expect(given(gone)).toThrow(expect.objectContaining({ code, message: expect.stringContaining('input 2 was disposed of') as string })); // prettier-ignore
  });

  test('arguments that TypeScript would refuse', () => {
    const record = recordStep as (step: unknown, options?: unknown) => unknown;
    const refused = expect.objectContaining({ code: 'option-invalid' }) as Error;
    const step = (y: tf.Tensor) => y;
    expect(() => record(3)).toThrow(refused);
    expect(() => record(step, { XLA: true })).toThrow(refused);
    expect(() => record(step, { xla: 'yes' })).toThrow(refused);
  });

  test('SGDW and an extended class are recorded, AdamW is refused', () => {
    const x = fixed([3, 4]) as tf.Tensor2D;
    const decay = { learningRate: 0.1, weightDecay: 0.01 };
    const Extended = extendWithDecoupledWeightDecay(tf.AdamOptimizer);
    const go = (optimizer: tf.Optimizer, record: boolean) => {
      const w = tf.variable(fixed([4, 2]) as tf.Tensor2D);
      const plain = (y: tf.Tensor2D) => optimizer.minimize(() => tf.mean(tf.square(tf.matMul(y, w))), true)!;
      const step = record ? recordStep(plain) : plain;
      const bits = bitsOf([...Array.from({ length: 6 }, () => step(x)), w]);
      w.dispose();
      return { bits, steps: optimizer.iterations };
    };
    for (const make of [
      () => new SGDW(decay),
      () => new SGDL2({ ...decay, momentumForm: 'torch' }),
      () => new Extended({ weightDecay: 0.01 }, 0.1, 0.9, 0.999),
    ])
      expect(go(make(), true)).toEqual(go(make(), false));
    expect(() => go(new AdamW(decay), true)).toThrow(/takes another value in every run/);
  });

  test('on another backend it says which one', async () => {
    await loadBackend('cpu');
    const step = recordStep((x: tf.Tensor) => tf.neg(x));
    expect(() => step(tf.scalar(1))).toThrow(/the current backend is cpu/);
    await tf.setBackend('tensorflow');
  });
});
