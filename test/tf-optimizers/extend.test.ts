/** extendWithDecoupledWeightDecay over tfjs's own optimizers. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AdamW, extendWithDecoupledWeightDecay, SGDW } from '../../src/index.js';
import { relativeDistance } from '../optim/problem.js';
import { finish, gradient, makeProgram, START, train } from './program.js';

beforeAll(() => tf.setBackend('cpu'));

// What a failed test leaves behind would fail the next ones, too.
afterEach(() => tf.disposeVariables());

const SGD = extendWithDecoupledWeightDecay(tf.SGDOptimizer);
const Momentum = extendWithDecoupledWeightDecay(tf.MomentumOptimizer);
const Adam = extendWithDecoupledWeightDecay(tf.AdamOptimizer);
const RMSProp = extendWithDecoupledWeightDecay(tf.RMSPropOptimizer);
const Adagrad = extendWithDecoupledWeightDecay(tf.AdagradOptimizer);

describe.each([
  ['sgd', (wd: number) => new SGD({ weightDecay: wd }, 0.05), () => tf.train.sgd(0.05)],
  [
    'momentum',
    (wd: number) => new Momentum({ weightDecay: wd }, 0.05, 0.9),
    () => tf.train.momentum(0.05, 0.9),
  ],
  [
    'adam',
    (wd: number) => new Adam({ weightDecay: wd }, 0.05, 0.9, 0.999, 1e-8),
    () => tf.train.adam(0.05, 0.9, 0.999, 1e-8),
  ],
  [
    'rmsprop',
    (wd: number) => new RMSProp({ weightDecay: wd }, 0.05, 0.9, 0, 1e-8, true),
    () => tf.train.rmsprop(0.05, 0.9, 0, 1e-8, true),
  ],
  ['adagrad', (wd: number) => new Adagrad({ weightDecay: wd }, 0.05, 0.1), () => tf.train.adagrad(0.05, 0.1)],
])('%s', (_name, extended, plain) => {
  test('without decay is the optimizer itself', () => {
    expect(finish(extended(0))).toEqual(finish(plain()));
  });

  test('with decay loses wd of each variable before a step of the optimizer itself', () => {
    const program = makeProgram();
    const optimizer = plain();
    const ours = extended(0.1);
    expect(ours).toBeInstanceOf(tf.Optimizer);
    for (let i = 0; i < 10; i++) {
      const { grads, value } = optimizer.computeGradients(program.loss, [program.kernel, program.bias]);
      tf.tidy(() => [program.kernel, program.bias].forEach((x) => x.assign(tf.sub(x, tf.mul(x, 0.1)))));
      optimizer.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
      tf.dispose([value, grads]);
    }
    const expected = program.values();
    program.dispose();
    optimizer.dispose();
    expect(finish(ours, 10)).toEqual(expected);
  });

  test('comes back from its config, by its registered name', () => {
    const program = makeProgram();
    const first = extended(0.1);
    const config = JSON.parse(JSON.stringify(first.getConfig())) as tf.serialization.ConfigDict;
    const [cls, fromConfig] = tf.serialization.SerializationMap.getMap().classNameMap[first.getClassName()]!;
    const second = fromConfig(cls, config) as tf.Optimizer;
    expect(second.getClassName()).toBe(first.getClassName());
    expect(second.getConfig()).toEqual(config);
    program.dispose();
    expect(finish(second)).toEqual(finish(first));
  });
});

test('the first SGD step is (1 - wd) theta - lr g, by hand', () => {
  const expected = START.map((x, i) => (1 - 0.1) * x - 0.05 * gradient(START)[i]!);
  expect(relativeDistance(finish(new SGD({ weightDecay: 0.1 }, 0.05), 1), expected)).toBeLessThan(1e-6);
});

test('over Adam and momentum it is AdamW and SGDW of convention constant', () => {
  const rates = { learningRate: 0.05, weightDecay: 0.1, convention: 'constant' } as const;
  const adam = finish(new Adam({ weightDecay: 0.1 }, 0.05, 0.9, 0.999, 1e-8));
  // tfjs keeps beta2^t in float32, which costs its 1 - beta2^t five digits at first.
  expect(relativeDistance(finish(new AdamW(rates)), adam)).toBeLessThan(1e-5);
  const momentum = finish(new Momentum({ weightDecay: 0.1 }, 0.05, 0.9));
  expect(relativeDistance(finish(new SGDW(rates)), momentum)).toBeLessThan(2e-6);
});

test('decays what include says, by name or by function', () => {
  const make = (include?: string[] | ((v: tf.Variable) => boolean)) =>
    finish(new SGD({ weightDecay: 0.1, ...(include ? { include } : {}) }, 0.05));
  const plain = finish(tf.train.sgd(0.05));
  const expected = [...make().slice(0, 6), ...plain.slice(6)];
  expect(make(['kernel'])).toEqual(expected);
  expect(make((variable) => variable.rank > 1)).toEqual(expected);
  expect(make([])).toEqual(plain);
});

test('decays only the variables that are being trained', () => {
  const program = makeProgram();
  const optimizer = new SGD({ weightDecay: 0.1 }, 0.05);
  optimizer.minimize(program.loss, false, [program.kernel]);
  expect(program.values().slice(6)).toEqual(Array.from(Float32Array.from(START.slice(6))));
  expect(program.values().slice(0, 6)).not.toEqual(START.slice(0, 6));
  program.dispose();
  optimizer.dispose();
});

test('leaks nothing from step to step', () => {
  const program = makeProgram();
  const optimizer = new Adam({ weightDecay: 0.1 }, 0.05, 0.9, 0.999, 1e-8);
  train(program, optimizer, 1);
  const before = tf.memory().numTensors;
  train(program, optimizer, 5);
  expect(tf.memory().numTensors).toBe(before);
  program.dispose();
  optimizer.dispose();
});

test('the decay can be scheduled from outside', () => {
  const optimizer = new SGD({ weightDecay: 0.1 }, 0.05);
  optimizer.weightDecay = 0;
  expect(finish(optimizer)).toEqual(finish(tf.train.sgd(0.05)));
});

test('refuses a misspelt variable', () => {
  const program = makeProgram();
  const optimizer = new SGD({ weightDecay: 0.1, include: ['kernal'] }, 0.05);
  expect(() => train(program, optimizer, 1)).toThrow(expect.objectContaining({ code: 'include-unmatched' }));
  program.dispose();
  optimizer.dispose();
});
