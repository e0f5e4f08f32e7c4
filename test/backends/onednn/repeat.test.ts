/** Recorded computations: they give what tfjs gives, bit for bit, and notice what they cannot hold. */
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadBackend } from '../../../src/backends/index.js';
import type { OnednnBackend } from '../../../src/backends/onednn/backend.js';
import { blockSize, BufferPool, ReservedPool } from '../../../src/backends/onednn/pool.js';
import { forget, repeat } from '../../../src/backends/repeat.js';
import type { ModelSpec } from '../../../src/experiment/specs.js';
import { buildModel, type Model } from '../../../src/models/index.js';
import { makeOptimizer } from '../../../src/optim/index.js';
import { stream } from '../../../src/random/stream.js';
import { weightTensors } from '../../../src/train/snapshot.js';
import { evaluate, step } from '../../../src/train/step.js';
import { RULE } from '../../optim/drive.js';
import { bits, built, tensor, values } from './both.js';

describe('a reserved pool', () => {
  test('is handed out to its user alone, and goes back when it is closed', () => {
    const pool = new BufferPool(() => 0);
    pool.giveBack(pool.take(1000).block!);
    const reserved = new ReservedPool(pool);
    const [first, held] = [reserved.take(1000), reserved.take(1000)];
    expect(pool.idleBytes).toBe(0);
    first.block!.pool.giveBack(first.block!);
    expect(pool.take(1000).values.buffer).not.toBe(first.values.buffer);
    expect(reserved.take(1000).values.buffer).toBe(first.values.buffer);
    first.block!.pool.giveBack(first.block!);
    reserved.close();
    expect(pool.take(1000).values.buffer).toBe(first.values.buffer);
    held.block!.pool.giveBack(held.block!);
    expect(pool.idleBytes).toBe(blockSize(4000));
    expect(pool.take(1000).values.buffer).toBe(held.values.buffer);
  });
});

const shape = { height: 12, width: 12, channels: 3, classes: 5 };
/** A batch of its own for every step; the last of an epoch of three is smaller. */
function batchOf(t: number) {
  const n = t % 3 === 2 ? 5 : 8;
  const size = n * shape.height * shape.width * shape.channels;
  // One buffer for all batches, as a feed may use.
  images.set(values(size, t + 1));
  const labels = Int32Array.from({ length: n }, (_, i) => (i * 7 + t) % shape.classes);
  return {
    images: images.subarray(0, size),
    labels,
    shape: [n, shape.height, shape.width, shape.channels] as [number, number, number, number],
  };
}
const images = new Float32Array(8 * shape.height * shape.width * shape.channels);

/** Seven steps with an evaluation after each; `modelAt` may give another copy of the model every time. */
function train(model: Model, modelAt: () => Model): string {
  const optimizer = makeOptimizer(RULE, { lr: 0.01, wd: 0.01 });
  const theta = model.initialTheta(1);
  const slots = optimizer.slots.map(() => new Float32Array(theta.length));
  let weights = weightTensors({ theta, slots, state: model.initialState() });
  const scores: number[] = [];
  const gradients: Float32Array[] = [];
  for (let t = 0; t < 7; t++) {
    const at = { t: t + 1, eta: 1, cycleSteps: 7 };
    const done = step(
      modelAt(),
      optimizer,
      weights,
      batchOf(t),
      at,
      stream(1, 'forward', t),
      (_, gradient) => void gradients.push(gradient.dataSync() as Float32Array),
    );
    weights = done.weights;
    const tested = evaluate(modelAt(), weights, batchOf(t + 100));
    scores.push(done.score.loss, done.score.wrong, tested.loss, tested.wrong);
  }
  const all = [weights.theta, weights.state, ...weights.slots];
  const arrays = all.map((tensor) => Float32Array.from(tensor.dataSync()));
  tf.dispose(all);
  return bits([Float64Array.from(scores) as never, ...arrays, ...gradients]);
}

const networks: readonly [ModelSpec, repeatable: boolean][] = [
  [{ name: 'mlp', hidden: [40, 20] }, true],
  [{ name: 'mlp', hidden: [40, 20], batchNorm: true }, true],
  [{ name: 'cnn', filters: [3, 16], hidden: [6] }, true],
  [{ name: 'resnet', depth: 8, width: 4 }, true],
  [{ name: 'resnet', depth: 8, width: 16 }, true],
  [{ name: 'wide-resnet', depth: 10, widen: 1 }, true],
  [{ name: 'shake-shake', depth: 8, width: 4, per: 'image' }, false],
];

describe.skipIf(!built)('repeated computations', () => {
  beforeAll(() => loadBackend('onednn', { threads: 1 }));
  afterAll(() => loadBackend('onednn', { threads: 1 }));
  const pool = () => (tf.backend() as OnednnBackend).pool;

  for (const threads of [1, 2])
    test.each(networks)(
      `${threads} threads: %j trains to the same bits as without`,
      async (spec, repeatable) => {
        await loadBackend('onednn', { threads });
        let applied = 0;
        const made = buildModel(spec, shape);
        const model: Model = { ...made, apply: (...args) => (applied++, made.apply(...args)) };
        const tensors = tf.memory().numTensors;
        const recorded = train(model, () => model);
        // Two sizes of batches, a gradient and an evaluation of each.
        expect(applied).toBe(repeatable ? 4 : 14);
        forget(model);
        applied = 0;
        // Who comes for the first time is run as tfjs runs it.
        expect(train(model, () => ({ ...model })) === recorded).toBe(true);
        expect(applied).toBe(14);
        expect(tf.memory().numTensors).toBe(tensors);
      },
    );

  test('another model of the same shapes has recordings of its own', () => {
    const models = [1, 2].map(() => buildModel({ name: 'mlp', hidden: [40] }, shape));
    const wanted = train(models[0]!, () => ({ ...models[0]! }));
    expect(train(models[0]!, () => models[0]!) === wanted).toBe(true);
    expect(train(models[1]!, () => models[1]!) === wanted).toBe(true);
    expect(train(models[0]!, () => models[0]!) === wanted).toBe(true);
    models.forEach(forget);
  });

  test('the memory of a model is used again after it was forgotten', () => {
    const one = () => {
      const model = buildModel({ name: 'resnet', depth: 8, width: 16 }, shape);
      train(model, () => model);
      forget(model);
      return pool().idleBytes;
    };
    const first = one();
    // Less where the pool has let go of what the first model did not use again.
    for (let i = 0; i < 2; i++) expect(one()).toBeLessThanOrEqual(first);
  });

  test('memory that nobody wants any more is let go of, also while recordings play', () => {
    const owner = {};
    tf.mul(tensor([123_456]), 2).dispose();
    const { idleBytes } = pool();
    for (let i = 0; i < 2500; i++)
      once(owner, tensor([1000], i), () => [tf.mul(tf.mul(tensor([1000]), 2), 2)]);
    expect(pool().idleBytes).toBeLessThanOrEqual(idleBytes - blockSize(4 * 123_456));
  });

  const once = (owner: object, x: tf.Tensor, run: (unrepeatable: () => void) => tf.Tensor[]) => {
    const [out] = repeat({ owner, name: 'test', inputs: [x], run });
    const seen = out!.dataSync().slice();
    out!.dispose();
    return Array.from(seen.subarray(0, 3));
  };

  test.each([
    ['a JavaScript kernel', (x: tf.Tensor) => tf.tidy(() => [tf.tanh(tf.mul(x, 2))])],
    ['a value that was read', (x: tf.Tensor) => [tf.mul(x, x.dataSync()[0]!)]],
    ['an input as a result', (x: tf.Tensor) => [tf.reshape(x, [-1])]],
    ['part of an input as a result', (x: tf.Tensor) => tf.split(x, [300, 700])],
  ])('%s is not recorded, and comes out right', (_, run) => {
    const owner = {};
    let runs = 0;
    for (const seed of [1, 2, 3]) {
      const x = tensor([1000], seed);
      const wanted = run(x).map((t) => Array.from(t.dataSync().subarray(0, 3)));
      expect(once(owner, x, () => (runs++, run(x)))).toEqual(wanted[0]);
    }
    expect(runs).toBe(3);
  });

  const twice = (x: tf.Tensor) => tf.mul(x, 2);
  const thrice = (x: tf.Tensor) => tf.mul(x, 3);
  test.each<[string, (x: tf.Tensor) => tf.Tensor[]]>([
    ['pieces of their own', (x) => [tf.concat([twice(x), thrice(x)])]],
    ['a concatenation inside of another', (x) => [tf.concat([tf.concat([twice(x), thrice(x)]), twice(x)])]],
    [
      'a piece of which a part is a result',
      (x) => {
        const a = twice(x);
        return [tf.concat([a, thrice(x)]), tf.split(a, 2)[1]!];
      },
    ],
    [
      'a vector of which a part is a result',
      (x) => {
        const whole = tf.concat([twice(x), thrice(x)]);
        return [tf.split(whole, 2)[1]!];
      },
    ],
    ['one piece twice', (x) => ((a) => [tf.concat([a, a, thrice(x)])])(twice(x))],
    ['a piece that is a result itself', (x) => ((a) => [tf.concat([a, thrice(x)]), a])(twice(x))],
    [
      'a piece that is read afterwards',
      (x) => {
        const a = twice(x);
        return [tf.concat([a, thrice(x)]), tf.add(a, 1)];
      },
    ],
    [
      'a piece of which a part is read before',
      (x) => {
        const a = twice(x);
        return [tf.concat([a, tf.add(tf.split(a, 2)[1]!, 1)])];
      },
    ],
    [
      'a piece of which a part is read afterwards',
      (x) => {
        const a = twice(x);
        return [tf.concat([a, thrice(x)]), tf.add(tf.split(a, 2)[1]!, 1)];
      },
    ],
    [
      'a piece of a piece',
      (x) => {
        const [a, b] = tf.split(twice(x), [300, 700]);
        return [tf.concat([b!, a!, thrice(x)])];
      },
    ],
    [
      'a reshaped piece',
      (x) => {
        const a = tf.reshape(twice(x), [10, 100]);
        return [tf.concat([tf.reshape(tf.mul(a, a), [-1]), thrice(x)])];
      },
    ],
    ['pieces that nobody computes', (x) => [tf.concat([tf.ones([5]), twice(x), tf.zeros([3])])]],
    ['an input as a piece', (x) => [tf.concat([x, twice(x)])]],
    ['a vector that is not a result', (x) => [twice(tf.concat([twice(x), thrice(x)]))]],
    [
      'a vector that is read as a whole and in parts',
      (x) => {
        const whole = tf.concat([twice(x), thrice(x)]);
        return [whole, tf.add(tf.split(whole, 2)[1]!, 1)];
      },
    ],
    [
      'a concatenation of concatenations',
      (x) => {
        const inner = tf.concat([twice(x), thrice(x)]);
        return [tf.concat([inner, twice(inner)]), inner];
      },
    ],
    [
      'rows of matrices',
      (x) => {
        const rows = [twice(x), thrice(x)].map((t) => tf.reshape(t, [10, 100]));
        return [tf.concat(rows, 1)];
      },
    ],
    [
      'memory that had another content before',
      (x) => {
        tf.tidy(() => void [twice(x), thrice(x), tf.concat([twice(x), x])]);
        return [tf.concat([tf.add(twice(x), 1), tf.tidy(() => tf.mul(thrice(x), 2))])];
      },
    ],
  ])('concatenated: %s', (_, run) => {
    const owner = {};
    for (const seed of [1, 2, 3, 4]) {
      const x = tensor([1000], seed);
      const read = (out: tf.Tensor[]) => {
        const seen = out.map((t) => t.dataSync().slice());
        tf.dispose(out);
        return seen;
      };
      const wanted = read(tf.tidy(() => run(x)));
      const found = read(repeat({ owner, name: 'test', inputs: [x], run: () => tf.tidy(() => run(x)) }));
      expect(bits(found) === bits(wanted)).toBe(true);
    }
  });

  test('a tensor that is no input, and whose memory another gets, is not recorded', () => {
    const owner = {};
    for (const seed of [1, 2, 3]) {
      const x = tensor([1000], 1);
      const other = tf.mul(tensor([1000], seed), 1);
      const wanted = Array.from(tf.add(x, other).dataSync().subarray(0, 3));
      expect(once(owner, x, () => [tf.add(x, other)])).toEqual(wanted);
      other.dispose();
      tf.mul(tensor([1000], 9), 5);
    }
  });

  test('inputs that share memory are told apart', () => {
    const owner = {};
    const run = (a: tf.Tensor, b: tf.Tensor) => {
      const wanted = tf.sub(a, b).dataSync().slice();
      const [out] = repeat({ owner, name: 'test', inputs: [a, b], run: () => [tf.sub(a, b)] });
      expect(out!.dataSync()).toEqual(wanted);
      out!.dispose();
    };
    const [a, b] = [tensor([1000], 1), tensor([1000], 2)];
    run(a, a);
    run(a, b);
    const vector = tf.add(tensor([2000], 3), 0);
    const [c, d] = tf.split(vector, 2) as [tf.Tensor, tf.Tensor];
    run(vector.clone(), vector);
    run(c, d);
    run(d, c);
  });

  test('what was made of a result stays as it was', () => {
    const owner = {};
    const results = [1, 2, 3].map((seed) => {
      const x = tensor([1000], seed);
      const [out] = repeat({ owner, name: 'test', inputs: [x], run: () => [tf.mul(x, 2)] });
      const made = [
        tf.split(out!, 2)[1]!.dataSync(),
        tf.reshape(out!, [10, 100]).dataSync(),
        // A JavaScript kernel, which gives a part of what it was given.
        tf.slice(out!, [500], [500]),
      ] as const;
      out!.dispose();
      return made;
    });
    results.forEach(([half, whole, slice], k) => {
      const wanted = tf.mul(tensor([1000], k + 1), 2).dataSync();
      expect(half).toEqual(wanted.slice(500));
      expect(whole).toEqual(wanted);
      expect(slice.dataSync()).toEqual(wanted.slice(500));
    });
  });

  test('what says that it cannot be repeated is run every time', () => {
    const owner = {};
    let runs = 0;
    for (const factor of [1, 2, 3]) {
      const x = tensor([1000]);
      const seen = once(owner, x, (unrepeatable) => {
        unrepeatable();
        runs++;
        return [tf.mul(x, factor)];
      });
      expect(seen).toEqual(Array.from(values(3), (v) => Math.fround(v * factor)));
    }
    expect(runs).toBe(3);
  });

  test('a failure is not recorded', () => {
    const owner = {};
    const x = tensor([1000]);
    const failing = () => {
      tf.mul(x, 2);
      throw new Error('in the middle');
    };
    expect(() => once(owner, x, failing)).toThrow('in the middle');
    expect(once(owner, x, () => [tf.mul(x, 3)])).toEqual(Array.from(values(3), (v) => Math.fround(v * 3)));
    const y = tensor([1000], 2);
    expect(once(owner, y, failing)).toEqual(Array.from(values(3, 2), (v) => Math.fround(v * 3)));
  });

  test('a computation inside of another is recorded with it', () => {
    const [outer, inner] = [{}, {}];
    let runs = 0;
    const both = (x: tf.Tensor) =>
      once(outer, x, () => {
        const [half] = repeat({
          owner: inner,
          name: 'half',
          inputs: [x],
          run: () => (runs++, [tf.mul(x, 0.5)]),
        });
        return [tf.add(half!, x)];
      });
    for (const seed of [1, 2, 3]) {
      const wanted = Array.from(values(3, seed), (v) => Math.fround(Math.fround(v * 0.5) + v));
      expect(both(tensor([1000], seed))).toEqual(wanted);
    }
    expect(runs).toBe(1);
  });

  test('what was read of a result stays as it was', () => {
    const owner = {};
    const reads = [1, 2, 3].map((seed) => {
      const [out] = repeat({
        owner,
        name: 'test',
        inputs: [tensor([1000], seed)],
        run: () => [tf.mul(tensor([1000], seed), 1)],
      });
      const seen = out!.dataSync();
      out!.dispose();
      return seen;
    });
    const own = tensor([1000], 1).dataSync();
    // The first tensor is no input of this computation, so that all three are of it.
    for (const seen of reads) expect(seen).toEqual(own);
    expect(reads[0]!.buffer).not.toBe(reads[1]!.buffer);
  });
});
