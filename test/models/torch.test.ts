/**
 * The networks against PyTorch: logits, loss and gradient of a step, and weights, running statistics and evaluation
 * after three steps of SGD with momentum, taken by the training loop's own `step`. fixtures/models/make.py holds the
 * other half; both make their inputs by formula.
 */
// For the gradients of this file's own operations.
import '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ModelSpec } from '../../src/experiment/specs.js';
import { buildModel } from '../../src/models/index.js';
import { shakeShakeBlock, type Per } from '../../src/models/shakeShake.js';
import { wideBlock } from '../../src/models/wideResnet.js';
import type { Layer } from '../../src/nn/layer.js';
import { makeOptimizer } from '../../src/optim/index.js';
import { weightArrays, weightTensors } from '../../src/train/snapshot.js';
import { step } from '../../src/train/step.js';
import {
  apart,
  fingerprint,
  fingerprints,
  goldenStream,
  images,
  labels,
  sines,
  sizeOf,
  thetaOf,
  type Fingerprint,
} from './formula.js';

interface Fixture {
  lr: number;
  momentum: number;
  steps: number;
  models: {
    model: ModelSpec;
    shape: [number, number, number, number];
    classes: number;
    first: { logits: number[]; loss: number; gradient: Fingerprint[] };
    after: { loss: number; theta: Fingerprint[]; state: Fingerprint; logits: number[] };
  }[];
  blocks: {
    block: 'shake-shake' | 'wide-resnet';
    shape: [number, number, number, number];
    filters: number;
    stride: number;
    per: Per | null;
    y: Fingerprint;
    dx: Fingerprint;
    gradient: Fingerprint[];
  }[];
}

const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/models/torch.json', import.meta.url), 'utf8'),
) as Fixture;

beforeAll(() => tf.setBackend('cpu'));

/** Float32 against float64, through batch norms over a handful of pixels: PyTorch in float32 is as far off. */
const tolerance = 1e-4;

function expectClose(ours: ArrayLike<number>, theirs: readonly number[], what: string): void {
  expect(ours.length, what).toBe(theirs.length);
  const difference = theirs.map((value, i) => ours[i]! - value);
  expect(fingerprint(difference)[0] / fingerprint(theirs)[0], what).toBeLessThan(tolerance);
}

describe.each(fixture.models)('$model.name $model.depth on $shape', (expected) => {
  const [batch, height, width, channels] = expected.shape;
  const { classes, first, after } = expected;
  const model = buildModel(expected.model, { height, width, channels, classes });
  const input = { images: images(expected.shape), labels: labels(batch, classes), shape: expected.shape };
  const rule = {
    name: 'sgd',
    beta1: fixture.momentum,
    beta2: 0,
    eps: 1e-8,
    epsForm: 'paper',
    momentumForm: 'torch',
    convention: 'paper',
  } as const;
  const at = { t: 1, eta: 1, cycleSteps: 1 };
  const start = () => {
    const theta = thetaOf(model.params);
    return weightTensors({ theta, slots: [new Float32Array(theta.length)], state: model.initialState() });
  };
  const expectParameters = (vector: Float32Array, theirs: readonly Fingerprint[], what: string): void => {
    const ours = fingerprints(vector, model.params);
    const floor = 1e-2 * Math.hypot(...theirs.map(([norm]) => norm));
    expect(Object.keys(ours).length).toBe(theirs.length);
    Object.entries(ours).forEach(([name, print], i) =>
      expect(apart(print, theirs[i]!, floor), `${what} of ${name}`).toBeLessThan(tolerance),
    );
  };

  test('the first step: logits, loss, gradient of every parameter', () => {
    const weights = start();
    const pass = {
      training: true,
      random: goldenStream(),
      observe: (seen: object) => void tf.dispose(seen as tf.TensorContainer),
    } as const;
    const logits = tf.tidy(() => {
      const x = tf.tensor4d(input.images, input.shape);
      return model.apply(weights.theta, weights.state, x, pass).dataSync();
    });
    expectClose(logits, first.logits, 'logits');
    tf.dispose([weights.theta, weights.state, ...weights.slots]);
    const optimizer = makeOptimizer(rule, { lr: fixture.lr, wd: 0 });
    let gradient = new Float32Array();
    const taken = step(model, optimizer, start(), input, at, goldenStream(), (_weights, g) => {
      gradient = Float32Array.from(g.dataSync());
    });
    expect(taken.score.loss / first.loss).toBeCloseTo(1, 5);
    expectParameters(gradient, first.gradient, 'gradient');
    tf.dispose([taken.weights.theta, taken.weights.state, ...taken.weights.slots]);
  });

  test('after three steps: weights, running statistics, and evaluation by them', async () => {
    const optimizer = makeOptimizer(rule, { lr: fixture.lr, wd: 0 });
    const random = goldenStream();
    let weights = start();
    let loss = NaN;
    for (let i = 0; i < fixture.steps; i++) {
      const taken = step(model, optimizer, weights, input, at, random);
      weights = taken.weights;
      loss = taken.score.loss;
    }
    const { theta, state } = await weightArrays(weights);
    const logits = tf.tidy(() => {
      const x = tf.tensor4d(input.images, input.shape);
      return model.apply(weights.theta, weights.state, x, { training: false }).dataSync();
    });
    tf.dispose([weights.theta, weights.state, ...weights.slots]);
    expect(loss / after.loss).toBeCloseTo(1, 4);
    expectParameters(theta, after.theta, 'value');
    if (model.stateCount > 0) expect(apart(fingerprint(state), after.state)).toBeLessThan(tolerance);
    expectClose(logits, after.logits, 'logits');
  });
});

describe.each(fixture.blocks)('$block block, $shape to $filters, stride $stride, per $per', (expected) => {
  const of =
    expected.block === 'wide-resnet'
      ? wideBlock(expected.filters, expected.stride)
      : shakeShakeBlock(expected.filters, expected.stride, expected.per!);

  test('value, gradient of the input and of every parameter', () => {
    const block: Layer = of(expected.shape.slice(1));
    const before = tf.memory().numTensors;
    const theta = thetaOf(block.params);
    let at = 0;
    const params = block.params.map(({ shape }) =>
      tf.tensor(theta.subarray(at, (at += sizeOf(shape))), [...shape]),
    );
    const x = tf.tensor4d(images(expected.shape), expected.shape);
    const pass = {
      training: true,
      random: goldenStream(),
      observe: (seen: object) => void tf.dispose(seen as tf.TensorContainer),
    } as const;
    let y: ArrayLike<number> = [];
    const { value, grads } = tf.valueAndGrads((...inputs: tf.Tensor[]) => {
      const out = block.apply(inputs.slice(1), [], inputs[0]!, pass);
      y = out.dataSync();
      return tf.sum(tf.mul(out, tf.tensor(sines(out.size, 1.3), out.shape)));
    })([x, ...params]);
    expect(apart(fingerprint(y), expected.y), 'y').toBeLessThan(tolerance);
    expect(apart(fingerprint(grads[0]!.dataSync()), expected.dx), 'dx').toBeLessThan(tolerance);
    const floor = 1e-2 * Math.hypot(...expected.gradient.map(([norm]) => norm));
    expect(expected.gradient.length).toBe(params.length);
    expected.gradient.forEach((theirs, i) =>
      expect(
        apart(fingerprint(grads[i + 1]!.dataSync()), theirs, floor),
        `gradient of ${block.params[i]!.name}`,
      ).toBeLessThan(tolerance),
    );
    tf.dispose([x, params, value, grads]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
