/** A recorded step is the step itself, to the bit; what cannot be recorded runs in full. */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { whyNoDevice } from './softwareDevice.js';
import { useBackend } from '../../../src/backends/index.js';
import { forget, repeat, type RepeatingBackend } from '../../../src/backends/repeat.js';
import * as tf from '../../../src/backends/tfjs.js';
import { RecordingPool } from '../../../src/backends/webgpu/recordingPool.js';
import type { Recordings } from '../../../src/backends/webgpu/recordings.js';
import { optimizerSchema } from '../../../src/experiment/optimizerSpec.js';
import type { ModelSpec } from '../../../src/experiment/specs.js';
import { buildModel, type InputShape } from '../../../src/models/index.js';
import { makeOptimizer } from '../../../src/optim/index.js';
import { stream } from '../../../src/random/stream.js';
import { passesOf } from '../../../src/train/passes.js';
import { weightArrays, weightTensors } from '../../../src/train/snapshot.js';

const backend = () =>
  tf.engine().backend as unknown as RepeatingBackend & { readonly recordings: Recordings };

const shape: InputShape = { height: 8, width: 8, channels: 2, classes: 3 };

/** Steps of two batch sizes in turn, evaluations in between: weights and scores. */
async function trained(spec: ModelSpec) {
  const model = buildModel(spec, shape);
  const optimizer = makeOptimizer(optimizerSchema.parse({ name: 'adamw' }), { lr: 1e-2, wd: 1e-2 });
  const passes = passesOf(model, optimizer);
  const random = stream(0, 'test');
  const batch = (n: number) => ({
    images: Float32Array.from({ length: n * 128 }, () => random.normal()),
    labels: Int32Array.from({ length: n }, () => random.integer(0, 2)),
    shape: [n, 8, 8, 2] as [number, number, number, number],
  });
  const theta = model.initialTheta(0);
  let weights = weightTensors({
    theta,
    slots: optimizer.slots.map(() => new Float32Array(theta.length)),
    state: model.initialState(),
  });
  for (let t = 1; t <= 3; t++) {
    for (const n of [6, 5])
      weights = await passes.train(weights, batch(n), { t, eta: 1 / t, cycleSteps: 9 }, random);
    passes.evaluate(weights, batch(4));
  }
  const found = { ...(await weightArrays(weights)), scores: await passes.scores() };
  const { recorded, obstacles } = backend().recordings.statesOf(model);
  tf.dispose([weights.theta, weights.state, ...weights.slots]);
  passes.dispose();
  forget(model);
  return { found, recorded, obstacles };
}

/** The same with every step in full. */
async function trainedInFull(spec: ModelSpec) {
  const own = Object.getOwnPropertyDescriptor(backend(), 'repeat');
  Object.defineProperty(backend(), 'repeat', { value: undefined, configurable: true });
  try {
    return await trained(spec);
  } finally {
    if (own) Object.defineProperty(backend(), 'repeat', own);
    else Reflect.deleteProperty(backend(), 'repeat');
  }
}

describe.skipIf(whyNoDevice)(`recordings ${whyNoDevice ?? ''}`, () => {
  beforeAll(async () => void (await useBackend('webgpu')));

  test.each<ModelSpec>([
    { name: 'mlp', hidden: [6], batchNorm: true },
    { name: 'cnn', filters: [3], hidden: [5] },
    { name: 'resnet', depth: 8, width: 2 },
    { name: 'shake-shake', depth: 8, width: 2, per: 'image' },
    { name: 'transformer', layers: 1, width: 8, heads: 2, expand: 2, norm: true, patch: 4 },
  ])('$name: every computation is recorded, with the bits of the full one', async (spec) => {
    const tensors = tf.memory().numTensors;
    const { found, recorded, obstacles } = await trained(spec);
    expect({ recorded, obstacles }).toEqual({ recorded: 3, obstacles: [] });
    expect(found).toEqual((await trainedInFull(spec)).found);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(backend().recordings.numBytes).toBe(0);
  });

  const x = () => tf.tensor1d([1, 2, 3]);
  /** The values of four runs of a computation of one owner, and what became of it. */
  async function four(
    owner: object,
    run: Parameters<typeof repeat>[0]['run'],
    inputs: () => tf.Tensor[] = () => [x()],
  ) {
    const values: number[][] = [];
    for (let i = 0; i < 4; i++) {
      const given = inputs();
      current = given[0]!;
      const [out] = repeat({ owner, name: 'test', inputs: given, run });
      values.push([...(await out!.data())]);
      tf.dispose([out!, ...given]);
    }
    const { recorded, obstacles } = backend().recordings.statesOf(owner);
    forget(owner);
    return { values, recorded, obstacles };
  }
  let current: tf.Tensor;

  test('numbers of a kernel that differ between two runs are not recorded', async () => {
    let at = 0;
    const { values, obstacles } = await four({}, () => [tf.slice(current as tf.Tensor1D, at++ % 2, 2)]);
    expect(values).toEqual([
      [1, 2],
      [2, 3],
      [1, 2],
      [2, 3],
    ]);
    expect(obstacles).toEqual(['two runs of it differ']);
  });

  test('what differs between two runs is not recorded', async () => {
    let calls = 0;
    const { values, obstacles } = await four({}, () => [tf.tidy(() => tf.mul(current, ++calls))]);
    expect(values.map(([first]) => first)).toEqual([1, 2, 3, 4]);
    expect(obstacles).toEqual(['two runs of it differ']);
  });

  test('nor is what draws, or uses a tensor that is no input', async () => {
    const draws = await four({}, (unrepeatable) => {
      unrepeatable();
      return [tf.mul(current, 2)];
    });
    expect(draws.obstacles).toEqual(['it draws random numbers in JavaScript']);
    const other = tf.mul(x(), 5);
    const { values, obstacles } = await four({}, () => [tf.add(current, other)]);
    expect(values).toEqual(Array(4).fill([6, 12, 18]));
    expect(obstacles).toEqual(['it uses a tensor that is no input']);
    other.dispose();
  });

  test('nor is what gives an input, a number or one result twice', async () => {
    const results: Record<string, () => tf.Tensor[]> = {
      'an input': () => [tf.reshape(current, [3])],
      'a number': () => [tf.tensor1d([1, 2, 3])],
      twice: () => tf.tidy(() => [tf.mul(current, 1)].flatMap((y) => [y, tf.reshape(y, [3])])),
    };
    const inputs = () => [tf.tidy(() => tf.mul(x(), 1))];
    for (const [name, run] of Object.entries(results)) {
      const tensors = tf.memory().numTensors;
      for (let i = 0; i < 4; i++) {
        const given = inputs();
        current = given[0]!;
        const out = repeat({ owner: results, name, inputs: given, run });
        for (const one of out) expect([...(await one.data())], name).toEqual([1, 2, 3]);
        tf.dispose([...out, ...given]);
      }
      expect(tf.memory().numTensors).toBe(tensors);
    }
    const { recorded, obstacles } = backend().recordings.statesOf(results);
    forget(results);
    expect({ recorded, obstacles }).toEqual({
      recorded: 0,
      obstacles: Array(3).fill('a result is an input, a number or another result'),
    });
  });

  test('a run that throws as it is recorded leaves nothing, and the next one is recorded', async () => {
    const owner = {};
    let calls = 0;
    const run = () =>
      tf.tidy(() => {
        const y = tf.square(current);
        if (++calls === 2) throw new Error('thrown in the second run');
        return [y];
      });
    const destroyed = vi.spyOn(RecordingPool.prototype, 'destroy');
    const tensors = tf.memory().numTensors;
    for (let i = 0; i < 4; i++) {
      current = x();
      const compute = () => repeat({ owner, name: 'test', inputs: [current], run });
      if (i === 1) {
        expect(compute).toThrow('thrown in the second run');
        expect(destroyed).toHaveBeenCalledOnce();
      } else {
        const [y] = compute();
        expect([...(await y!.data())]).toEqual([1, 4, 9]);
        y!.dispose();
      }
      current.dispose();
    }
    destroyed.mockRestore();
    expect(backend().recordings.statesOf(owner).recorded).toBe(1);
    forget(owner);
    expect(backend().recordings.numBytes).toBe(0);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test('a tensor of the caller that a run brings to the device outlives the recording', async () => {
    const others = [1, 2, 3, 4].map((factor) => tf.scalar(factor));
    let calls = 0;
    const { values, recorded } = await four({}, () => [tf.mul(current, others[calls++]!)]);
    expect(values).toEqual([1, 2, 3, 4].map((factor) => [factor, 2 * factor, 3 * factor]));
    expect(recorded).toBe(0);
    for (const [i, other] of others.entries()) {
      const product = tf.mul(other, 2);
      expect([...(await product.data())]).toEqual([2 * (i + 1)]);
      tf.dispose([product, other]);
    }
  });

  test('integers that are called floats stay apart from floats', async () => {
    const owner = {};
    const run = () => tf.tidy(() => [tf.square(current), tf.cast(tf.cast(current, 'int32'), 'float32')]);
    const integers = () => tf.tidy(() => tf.cast(tf.tensor1d([1, 2, 3], 'int32'), 'float32'));
    for (const input of [integers, integers, integers, x, x, x, integers]) {
      current = input();
      const out = repeat({ owner, name: 'test', inputs: [current], run });
      expect(out.map(({ dtype }) => dtype)).toEqual(['float32', 'float32']);
      expect([...(await out[0]!.data())]).toEqual([1, 4, 9]);
      expect([...(await out[1]!.data())]).toEqual([1, 2, 3]);
      tf.dispose([...out, current]);
    }
    forget(owner);
  });

  test('inputs are taken from the processor and from the device, and are left as they were', async () => {
    let runs = 0;
    const inputs = () => (runs++ % 2 ? [tf.tidy(() => tf.add(x(), runs))] : [x()]);
    const { values, recorded } = await four({}, () => [tf.square(current)], inputs);
    expect(values).toEqual([
      [1, 4, 9],
      [9, 16, 25],
      [1, 4, 9],
      [25, 36, 49],
    ]);
    expect(recorded).toBe(1);
  });
});
