/** The `repeat` of the tensorflow backend: what becomes a function of TensorFlow, when, and that it changes no bit. */
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadBackend } from '../../../src/backends/index.js';
import { forget, repeat } from '../../../src/backends/repeat.js';
import type { Binding, NodeBackend } from '../../../src/backends/tensorflow/binding.js';
import { readyFunctionsAddon } from '../../../src/backends/tensorflow/functionsAddon.js';
import { cannotRecord } from './setUp.js';
import { bitsAfter, bitsOf, initial, makeModel, networks, step, type NetworkName } from './wholeStep.js';

const nodeBackend = () => tf.engine().backend as unknown as NodeBackend;

/** Calls of the binding while `work` runs: names of operations, uploads as their numbers of elements, and reads. */
function callsDuring(work: () => void): { operations: string[]; uploads: number[]; reads: number } {
  const backend = nodeBackend();
  const { binding } = backend;
  const calls = { operations: [] as string[], uploads: [] as number[], reads: 0 };
  const shadow: Partial<Binding> = {
    executeOp: (name, ...rest) => (calls.operations.push(name), binding.executeOp(name, ...rest)),
    createTensor: (shape, ...rest) => {
      calls.uploads.push(shape.reduce((product, n) => product * n, 1));
      return binding.createTensor(shape, ...rest);
    },
    tensorDataSync: (id) => (calls.reads++, binding.tensorDataSync(id)),
  };
  const properties = Object.entries(shadow).map(([name, value]) => [name, { value }] as const);
  backend.binding = Object.create(binding, Object.fromEntries(properties)) as Binding;
  try {
    work();
  } finally {
    backend.binding = binding;
  }
  return calls;
}

/** Runs a computation of one vector and tells its result, and whether one function was all that was called. */
function runOnce(owner: object, run: (x: tf.Tensor) => tf.Tensor, values = [1, 2, 3]) {
  const x = tf.tensor1d(values);
  let result: tf.Tensor[] = [];
  const { operations } = callsDuring(() => {
    result = repeat({ owner, name: 'f', inputs: [x], run: () => [tf.tidy(() => run(x))] });
  });
  const numbers = [...result[0]!.dataSync()];
  tf.dispose([x, ...result]);
  return { numbers, recorded: operations.length === 1 && operations[0]!.startsWith('AdamwBenchStep') };
}

describe.skipIf(cannotRecord)('repeat on TensorFlow', () => {
  beforeAll(async () => {
    await loadBackend('tensorflow', { threads: 1 });
  });
  let owner: object;
  beforeEach(() => {
    owner = {};
  });

  test('a computation runs twice as it is, and then as one call', () => {
    const seen = [1, 2, 3, 4].map(() => runOnce(owner, (x) => tf.add(tf.mul(x, 2), 1)));
    expect(seen.map(({ recorded }) => recorded)).toEqual([false, false, true, true]);
    expect(seen.map(({ numbers }) => numbers)).toEqual(seen.map(() => [3, 5, 7]));
  });

  test('there is a function for each shape and each name', () => {
    const twice = (x: tf.Tensor) => tf.mul(x, 2);
    for (const values of [
      [1, 2, 3],
      [4, 5],
    ]) {
      expect([1, 2, 3].map(() => runOnce(owner, twice, values).recorded)).toEqual([false, false, true]);
    }
    expect(runOnce(owner, twice, [4, 5, 6])).toEqual({ numbers: [8, 10, 12], recorded: true });
    expect(runOnce({}, twice).recorded).toBe(false);
  });

  test('the same tensor given twice is another case than two tensors', () => {
    const sum = (a: tf.Tensor, b: tf.Tensor) => {
      const [result] = repeat({ owner, name: 'f', inputs: [a, b], run: () => [tf.sub(tf.mul(a, 3), b)] });
      return result!.dataSync()[0];
    };
    const [one, two] = [tf.tensor1d([1]), tf.tensor1d([2])];
    for (let i = 0; i < 4; i++) {
      expect(sum(one, one)).toBe(2);
      expect(sum(one, two)).toBe(1);
    }
  });

  test('what changes from run to run is never frozen', () => {
    let t = 0;
    const seen = Array.from({ length: 6 }, () => runOnce(owner, (x) => tf.mul(x, ++t), [1]));
    expect(seen.map(({ numbers }) => numbers[0])).toEqual([1, 2, 3, 4, 5, 6]);
    const kept = [1, 2, 3, 4, 5, 6].map((value) => tf.tensor1d([value]));
    t = 0;
    const outside = Array.from({ length: 6 }, () => runOnce({}, (x) => tf.mul(x, kept[t++]!), [1]));
    expect(outside.map(({ numbers }) => numbers[0])).toEqual([1, 2, 3, 4, 5, 6]);
    expect([...seen, ...outside].some(({ recorded }) => recorded)).toBe(false);
  });

  test('what says that it cannot be repeated runs anew every time, within another computation too', () => {
    let runs = 0;
    const inner = (x: tf.Tensor, unrepeatable: () => void) => {
      unrepeatable();
      return [tf.mul(x, ++runs)];
    };
    const x = tf.tensor1d([1]);
    for (let i = 1; i <= 5; i++) {
      const run = (unrepeatable: () => void) => inner(x, unrepeatable);
      expect(repeat({ owner, name: 'f', inputs: [x], run })[0]!.dataSync()[0]).toBe(i);
    }
    for (let i = 6; i <= 10; i++) {
      const run = () => repeat({ owner: {}, name: 'inner', inputs: [x], run: (mark) => inner(x, mark) });
      expect(repeat({ owner, name: 'outer', inputs: [x], run })[0]!.dataSync()[0]).toBe(i);
    }
  });

  test('a kept tensor of the computation may be uploaded in its first run, and outlives its owner', () => {
    const kept = tf.tensor1d([1, 2, 3]);
    const f = (x: tf.Tensor) => tf.add(x, kept);
    expect([1, 2, 3].map(() => runOnce(owner, f).recorded)).toEqual([false, false, true]);
    kept.dispose();
    expect(runOnce(owner, f)).toEqual({ numbers: [2, 4, 6], recorded: true });
  });

  test('a result may be an input, a constant, or one tensor twice; each is a tensor of its own', () => {
    const x = tf.tensor1d([1, 2]);
    for (let i = 0; i < 4; i++) {
      const run = () => {
        const y = tf.mul(x, 2);
        return [x.clone(), tf.tensor1d([7]), y, y.clone()];
      };
      const results = repeat({ owner, name: 'f', inputs: [x], run });
      results[2]!.dispose();
      const rest = [results[0]!, results[1]!, results[3]!];
      expect(rest.map((tensor) => [...tensor.dataSync()])).toEqual([[1, 2], [7], [2, 4]]);
      tf.dispose(rest);
      expect([...x.dataSync()]).toEqual([1, 2]);
    }
  });

  test('results live until they are disposed of, and no tensor is left behind', () => {
    const x = tf.tensor1d([1]);
    const go = () =>
      repeat({ owner, name: 'f', inputs: [x], run: () => [tf.tidy(() => tf.mul(tf.add(x, 1), 3))] })[0]!;
    const all = [go(), go(), go(), go()];
    forget(owner);
    expect(all.map((tensor) => tensor.dataSync()[0])).toEqual([6, 6, 6, 6]);
    tf.dispose(all);
    const before = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) go().dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('forget takes the functions from TensorFlow; the computation is recorded anew', () => {
    const f = (x: tf.Tensor) => tf.mul(x, 2);
    let name = '';
    for (let i = 0; i < 3; i++) {
      const x = tf.tensor1d([1]);
      const { operations } = callsDuring(() => repeat({ owner, name: 'f', inputs: [x], run: () => [f(x)] }));
      name = operations[0]!;
    }
    expect(name).toMatch(/^AdamwBenchStep/);
    forget(owner);
    const id = nodeBackend().getInputTensorIds([tf.tensor1d([1])]);
    expect(() => nodeBackend().binding.executeOp(name, [], id, 1)).toThrow(name);
    expect([1, 2, 3].map(() => runOnce(owner, f, [1]).recorded)).toEqual([false, false, true]);
    expect(() => readyFunctionsAddon()!.remove(name)).toThrow();
  });

  test('random programs give equal bits', () => {
    fc.assert(
      fc.property(
        programs,
        fc.array(fc.float({ noNaN: true, min: -4, max: 4 }), { minLength: 6, maxLength: 6 }),
        (program, values) => {
          const own = {};
          const x = tf.tensor2d(values, [2, 3]);
          const run = () => [tf.tidy(() => interpret(program, x))];
          const all = Array.from(
            { length: 3 },
            () => repeat({ owner: own, name: 'p', inputs: [x], run })[0]!,
          );
          const [expected, , recorded] = all.map((tensor) => bitsOf([tensor]));
          tf.dispose([x, ...all]);
          forget(own);
          expect(recorded).toBe(expected);
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each(Object.keys(networks) as NetworkName[])(
    '%s: recorded steps and steps as they are give equal bits',
    (name) => {
      const model = makeModel(name);
      // The last batch of an epoch is smaller.
      const sizes = [4, 4, 3, 4, 4, 3, 4, 4, 3];
      const expected = bitsAfter(model, sizes, true);
      expect(bitsAfter(model, sizes, false)).toBe(expected);
      // The recordings are there: a run that is continued is one whose first step is recorded later.
      expect(bitsAfter(model, sizes, false)).toBe(expected);
    },
  );

  test('the step of ResNet-20 is one call and copies the batch alone', () => {
    const model = makeModel('resnet-20');
    let state = initial(model);
    const go = (t: number) => {
      const next = step(model, state, 4, t);
      next.loss.dispose();
      state = next.state;
    };
    [1, 2, 3].forEach(go);
    const calls = callsDuring(() => go(4));
    expect(calls).toEqual({
      operations: [expect.stringMatching(/^AdamwBenchStep/) as string],
      // Images, labels and the optimizer's three numbers.
      uploads: [4 * 8 * 8 * 3, 4, 3],
      reads: 0,
    });
  });

  test('memory stays flat over 5000 calls, and over functions that come and go', () => {
    const model = makeModel('mlp');
    let state = initial(model);
    const go = (steps: number) => {
      for (let t = 1; t <= steps; t++) {
        const next = step(model, state, 4, t);
        next.loss.dispose();
        state = next.state;
      }
    };
    const renew = (times: number) => {
      for (let i = 0; i < times; i++) {
        forget(model);
        go(3);
      }
    };
    go(1000);
    renew(100);
    const [tensors, resident] = [tf.memory().numTensors, process.memoryUsage.rss()];
    go(5000);
    renew(100);
    expect(tf.memory().numTensors).toBe(tensors);
    // A leak of 10 KB a call would be 50 MB, one of a function's graph more; JavaScript's own heap breathes by some.
    expect(process.memoryUsage.rss() - resident).toBeLessThan(40 * 2 ** 20);
  });
});

/** A program over a value [2, 3]: operations in a row, each of which takes the last value and an earlier one. */
const operations = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  maximum: tf.maximum,
  'divide by a constant': (a: tf.Tensor) => tf.div(a, 3),
  tanh: tf.tanh,
  'exp of the negative square': (a: tf.Tensor) => tf.exp(tf.neg(tf.square(a))),
  relu: tf.relu,
  'subtract the mean': (a: tf.Tensor) => tf.sub(a, tf.mean(a, 0, true)),
  softmax: (a: tf.Tensor) => tf.softmax(a),
  reverse: (a: tf.Tensor) => tf.reverse(a, 1),
  'product with a transpose': (a: tf.Tensor, b: tf.Tensor) => tf.matMul(tf.matMul(a, b, false, true), a),
  'split and concat': (a: tf.Tensor) => tf.concat(tf.split(a, 3, 1).reverse(), 1),
} as const satisfies Record<string, (a: tf.Tensor, b: tf.Tensor) => tf.Tensor>;

const programs = fc.array(
  fc.tuple(fc.constantFrom(...(Object.keys(operations) as (keyof typeof operations)[])), fc.nat(9)),
  { minLength: 1, maxLength: 10 },
);

function interpret(
  program: readonly (readonly [keyof typeof operations, number])[],
  x: tf.Tensor,
): tf.Tensor {
  const values = [x];
  for (const [name, which] of program) {
    const operation = operations[name] as (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;
    values.push(operation(values.at(-1)!, values[which % values.length]!));
  }
  return values.at(-1)!;
}
