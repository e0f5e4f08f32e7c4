/** Sizes, names and initial values of the networks, and what they refuse. Nothing here allocates a tensor. */
import { describe, expect, test } from 'vitest';
import type { ModelSpec } from '../../src/experiment/specs.js';
import { buildModel, decayMask } from '../../src/models/index.js';
import { sizeOf } from './formula.js';

const cifar = { height: 32, width: 32, channels: 3, classes: 10 };
const mnist = { height: 28, width: 28, channels: 1, classes: 10 };

const count = (spec: ModelSpec, shape = cifar) => buildModel(spec, shape).parameterCount;

describe('parameters', () => {
  test.each<[string, ModelSpec, typeof cifar, number]>([
    ['LeNet-sized mlp', { name: 'mlp', hidden: [256, 128] }, mnist, 784 * 256 + 256 + 256 * 128 + 128 + 1290],
    [
      'mlp with batch norm, without biases',
      { name: 'mlp', hidden: [256, 128], batchNorm: true },
      mnist,
      784 * 256 + 512 + 256 * 128 + 256 + 1290,
    ],
    ['softmax regression', { name: 'mlp', hidden: [] }, mnist, 7850],
    ['cnn', { name: 'cnn', filters: [16, 32], hidden: [] }, mnist, 416 + 12_832 + 7 * 7 * 32 * 10 + 10],
    ['ResNet-20', { name: 'resnet', depth: 20, width: 16 }, cifar, 272_474],
    ['26 2x32d', { name: 'shake-shake', depth: 26, width: 32, per: 'image' }, cifar, 2_923_162],
    ['26 2x64d', { name: 'shake-shake', depth: 26, width: 64, per: 'image' }, cifar, 11_653_978],
    ['26 2x96d', { name: 'shake-shake', depth: 26, width: 96, per: 'batch' }, cifar, 26_192_922],
    ['WRN-16-4', { name: 'wide-resnet', depth: 16, widen: 4 }, cifar, 2_748_890],
    ['WRN-28-10', { name: 'wide-resnet', depth: 28, widen: 10 }, cifar, 36_479_194],
    ['WRN-40-4', { name: 'wide-resnet', depth: 40, widen: 4 }, cifar, 8_949_210],
  ])('%s', (_name, spec, shape, expected) => expect(count(spec, shape)).toBe(expected));

  // Written down from the architecture's description, not from the code: weights of convolutions, 2 per norm channel.
  test('of shake-shake, block by block', () => {
    const block = (from: number, to: number) => {
      const branch = 9 * from * to + 9 * to * to + 4 * to;
      return 2 * branch + (from === to ? 0 : from * to + 2 * to);
    };
    for (const [depth, width] of [
      [8, 4],
      [26, 64],
      [20, 16],
    ] as const) {
      const n = (depth - 2) / 6;
      const stage = (from: number, to: number) => block(from, to) + (n - 1) * block(to, to);
      const total =
        3 * 9 * 16 +
        2 * 16 +
        stage(16, width) +
        stage(width, 2 * width) +
        stage(2 * width, 4 * width) +
        4 * width * 10 +
        10;
      expect(count({ name: 'shake-shake', depth, width, per: 'image' })).toBe(total);
    }
  });

  test('are named, each once, in the order of theta', () => {
    const { params, parameterCount } = buildModel({ name: 'resnet', depth: 8, width: 4 }, cifar);
    const names = params.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('stage2.block1.shortcut.conv.weight');
    expect(params.reduce((sum, { shape }) => sum + sizeOf(shape), 0)).toBe(parameterCount);
  });
});

describe('initial values', () => {
  const model = buildModel({ name: 'shake-shake', depth: 8, width: 16, per: 'image' }, cifar);
  const pieces = (theta: Float32Array) => {
    let at = 0;
    return model.params.map((param) => ({
      ...param,
      values: theta.subarray(at, (at += sizeOf(param.shape))),
    }));
  };
  const theta = model.initialTheta(7);

  test('are He-normal by fan-out in convolutions, 1 and 0 in norms, 0 in biases', () => {
    for (const { name, shape, values } of pieces(theta)) {
      if (name.endsWith('scale')) expect(values.every((value) => value === 1)).toBe(true);
      else if (/offset|bias/.test(name)) expect(values.every((value) => value === 0)).toBe(true);
      else {
        const variance = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
        const [h, w, , columns] = shape;
        // The two paths of a projection share a tensor; the fan-out is that of one.
        const out = name.includes('skip') ? columns! / 2 : columns!;
        const expected = shape.length === 4 ? 2 / (h! * w! * out) : 1 / (3 * shape[0]!);
        // A sample variance has a relative deviation of sqrt(2/n): five of them.
        expect(Math.abs(variance / expected - 1), name).toBeLessThan(5 * Math.sqrt(2 / values.length));
      }
    }
  });

  test('are decided by the seed', () => {
    const bytes = (values: Float32Array) => Buffer.from(values.buffer);
    expect(bytes(model.initialTheta(7)).equals(bytes(theta))).toBe(true);
    expect(bytes(model.initialTheta(8)).equals(bytes(theta))).toBe(false);
  });

  test('differ between the two branches', () => {
    const of = (branch: string) =>
      pieces(theta).find(({ name }) => name === `stage1.block1.${branch}.conv1.weight`)!.values;
    expect(of('branch1')).not.toEqual(of('branch2'));
  });

  test('of running statistics are mean 0, variance 1', () => {
    const state = model.initialState();
    expect(state.length).toBe(model.stateCount);
    expect(state.subarray(0, 16)).toEqual(new Float32Array(16));
    expect(state.subarray(16, 32)).toEqual(new Float32Array(16).fill(1));
  });
});

test('the mask of weights leaves out biases and norm parameters', () => {
  const model = buildModel({ name: 'resnet', depth: 8, width: 4 }, cifar);
  const weights = model.params.filter(({ name }) => name.endsWith('weight'));
  const mask = decayMask(model, 'rank1')!;
  expect(mask.length).toBe(model.parameterCount);
  expect(mask.reduce((sum, one) => sum + one, 0)).toBe(
    weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
  );
  expect([...new Set(mask)].sort()).toEqual([0, 1]);
});

describe('a model that does not fit its images is refused', () => {
  /** A refusal with these facts in it. */
  const refused = (...facts: string[]) =>
    expect.objectContaining({
      code: 'model-unfit-for-images',
      message: expect.stringMatching(facts.join('.*')) as string,
    }) as Error;
  const cnn = (stages: number): ModelSpec => ({
    name: 'cnn',
    filters: Array.from({ length: stages }, () => 4),
    hidden: [],
  });

  test('a cnn with more pooling stages than the images have halvings', () => {
    expect(() => buildModel(cnn(5), mnist)).toThrow(refused('28 x 28', '4'));
    expect(count(cnn(4), mnist)).toBeGreaterThan(0);
    expect(count(cnn(5), cifar)).toBeGreaterThan(0);
    expect(() => buildModel(cnn(6), cifar)).toThrow(refused('32 x 32', '5'));
    expect(() => buildModel(cnn(3), { ...mnist, width: 7 })).toThrow(refused('28 x 7'));
  });

  test('a shake-shake network of odd width', () => {
    expect(() => buildModel({ name: 'shake-shake', depth: 8, width: 5, per: 'image' }, cifar)).toThrow(
      refused('model.width'),
    );
  });
});
