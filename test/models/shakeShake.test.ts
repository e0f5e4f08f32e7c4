/**
 * One small Shake-Shake network against PyTorch, layer by layer: outputs, gradients and running statistics, number by
 * number. fixtures/models/make_shake_shake.py holds the other half, and dictates the mixing shares of every image.
 */
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { modelOf } from '../../src/models/model.js';
import { shakeShakeLayers } from '../../src/models/shakeShake.js';
import { serial, type LayerOf } from '../../src/nn/layer.js';
import { makeOptimizer } from '../../src/optim/index.js';
import type { Stream } from '../../src/random/stream.js';
import { weightTensors } from '../../src/train/snapshot.js';
import { evaluate, step } from '../../src/train/step.js';
import { images, labels, sizeOf, thetaOf } from './formula.js';

/** Tensors by name, each the base64 of little-endian float32. */
type Stored = Record<string, string>;

interface Fixture {
  depth: number;
  width: number;
  classes: number;
  shape: [number, number, number, number];
  /** Block after block, a share for each image. */
  shares: { alpha: number[]; beta: number[] }[];
  loss: number;
  outputs: Stored;
  gradient: Stored;
  statistics: Stored;
  evaluated: Stored;
}

const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/models/shake-shake.json', import.meta.url), 'utf8'),
) as Fixture;

/** Gives out the fixture's shares in the order in which a pass should draw them; one number more is an error. */
function dictated(): Stream {
  const shares = fixture.shares.flatMap(({ alpha, beta }) => [...alpha, ...beta]);
  const unused = () => {
    throw new Error('The network draws uniform numbers only.');
  };
  return {
    uniform: () => {
      expect(shares.length, 'shares left to draw').toBeGreaterThan(0);
      return shares.shift()!;
    },
    integer: unused,
    normal: unused,
  };
}

/** A layer that also copies what it gives to `outputs`. */
const tapped =
  (name: string, of: LayerOf, outputs: Map<string, Float32Array>): LayerOf =>
  (input) => {
    const layer = of(input);
    return {
      ...layer,
      apply: (...args) => {
        const y = layer.apply(...args);
        outputs.set(name, Float32Array.from(y.dataSync()));
        return y;
      },
    };
  };

/** One training step of a learning rate of 0 and an evaluation after it: all that the fixture has, by name. */
function run() {
  const { depth, width, classes, shape } = fixture;
  const [batch, height, wide, channels] = shape;
  const outputs = new Map<string, Float32Array>();
  const layers = Object.entries(shakeShakeLayers(depth, width, 'image', classes));
  const network = serial(Object.fromEntries(layers.map(([name, of]) => [name, tapped(name, of, outputs)])));
  const model = modelOf(network, { height, width: wide, channels, classes });
  const input = { images: images(shape), labels: labels(batch, classes), shape };
  const rule = {
    name: 'sgd',
    beta1: 0,
    beta2: 0,
    eps: 1e-8,
    epsForm: 'paper',
    momentumForm: 'torch',
    convention: 'paper',
  } as const;
  const optimizer = makeOptimizer(rule, { lr: 0, wd: 0 });
  const theta = thetaOf(model.params);
  const start = weightTensors({
    theta,
    slots: [new Float32Array(theta.length)],
    state: model.initialState(),
  });
  let flat = new Float32Array();
  const at = { t: 1, eta: 1, cycleSteps: 1 };
  const { weights, score } = step(model, optimizer, start, input, at, dictated(), (_weights, gradient) => {
    flat = Float32Array.from(gradient.dataSync());
  });
  const trained = new Map(outputs);
  const state = weights.state.dataSync<'float32'>();
  evaluate(model, weights, input);
  tf.dispose([weights.theta, weights.state, ...weights.slots]);
  return {
    loss: score.loss,
    outputs: trained,
    gradient: pieces(
      flat,
      model.params.map(({ name, shape }) => [name, sizeOf(shape)]),
    ),
    statistics: pieces(
      state,
      model.statistics.map(({ name, size }) => [name, size]),
    ),
    evaluated: outputs,
  };
}

function pieces(vector: Float32Array, sizes: [name: string, size: number][]): Map<string, Float32Array> {
  let at = 0;
  return new Map(sizes.map(([name, size]) => [name, vector.subarray(at, (at += size))]));
}

function numbers(stored: string): Float32Array {
  const bytes = Buffer.from(stored, 'base64');
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}

const largest = (values: Float32Array): number => values.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** Expects |ours - theirs| < 1e-4 of the tensor's largest entry (of `floor` where that is more), at every entry. */
function expectClose(ours: Float32Array | undefined, stored: string, floor = 0): void {
  const theirs = numbers(stored);
  expect(ours?.length).toBe(theirs.length);
  const scale = Math.max(largest(theirs), floor);
  expect(scale).toBeGreaterThan(0);
  expect(largest(theirs.map((value, i) => ours![i]! - value)) / scale).toBeLessThan(1e-4);
}

describe('Shake-Shake, as PyTorch computes it', () => {
  let ours: ReturnType<typeof run>;
  let tensors = 0;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    tensors = tf.memory().numTensors;
    ours = run();
  });
  afterAll(() => expect(tf.memory().numTensors).toBe(tensors));

  test('the loss', () => expect(ours.loss / fixture.loss).toBeCloseTo(1, 5));

  test.each(Object.entries(fixture.outputs))('output of %s', (name, theirs) => {
    expectClose(ours.outputs.get(name), theirs);
  });

  test.each(Object.entries(fixture.gradient))('gradient of %s', (name, theirs) => {
    expectClose(ours.gradient.get(name), theirs);
  });

  test.each(Object.entries(fixture.statistics))('running %s', (name, theirs) => {
    // The stem's means are sums of waves that cancel, so a mean is measured by the deviation that it is divided by:
    // by a tenth of it, as a first step moves the running mean by a tenth.
    const variance = fixture.statistics[name.replace(/mean$/, 'variance')]!;
    const floor = name.endsWith('.mean') ? 0.1 * Math.sqrt(largest(numbers(variance))) : 0;
    expectClose(ours.statistics.get(name), theirs, floor);
  });

  test.each(Object.entries(fixture.evaluated))('evaluation: output of %s', (name, theirs) => {
    expectClose(ours.evaluated.get(name), theirs);
  });

  test('neither side has a parameter or a statistic that the other lacks', () => {
    expect([...ours.gradient.keys()]).toEqual(Object.keys(fixture.gradient));
    expect([...ours.statistics.keys()]).toEqual(Object.keys(fixture.statistics));
  });
});
