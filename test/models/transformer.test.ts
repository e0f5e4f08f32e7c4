/**
 * The transformer against PyTorch, with the same weights: logits and the gradient of every parameter, then 100 steps of
 * AdamW. fixtures/models/make_transformer.py holds the other half; both make their inputs by formula.
 */
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, test } from 'vitest';
import type { Tokens } from '../../src/data/dataset.js';
import type { ClassicSettings } from '../../src/experiment/optimizerSettings.js';
import type { ModelSpec } from '../../src/experiment/specs.js';
import { buildModel } from '../../src/models/index.js';
import { makeOptimizer } from '../../src/optim/index.js';
import { weightArrays, weightTensors } from '../../src/train/snapshot.js';
import { step } from '../../src/train/step.js';
import { ruleOf } from '../experiment/rule.js';
import {
  apart,
  fingerprint,
  fingerprints,
  goldenStream,
  images,
  thetaOf,
  type Fingerprint,
} from './formula.js';

type Transformer = Extract<ModelSpec, { name: 'transformer' }>;

const { cases, lr, wd, eps } = JSON.parse(
  readFileSync(new URL('../fixtures/models/transformer.json', import.meta.url), 'utf8'),
) as {
  lr: number;
  wd: number;
  eps: number;
  cases: {
    model: Transformer;
    tokens: Tokens | null;
    shape: [number, number, number, number];
    classes: number;
    parameters: number;
    first: { logits: number[]; gradient: Fingerprint[] };
    losses: number[];
    theta: Fingerprint[];
  }[];
};

beforeAll(() => tf.setBackend('cpu'));

/** Float32 against float64. */
const tolerance = 1e-4;

describe.each(cases)('$shape, $tokens', ({ model: spec, tokens, shape, classes, first, ...expected }) => {
  const [batch, height, width, channels] = shape;
  const model = buildModel(spec, { height, width, channels, classes, tokens: tokens ?? undefined });
  const rows = first.logits.length / classes;
  const input = {
    images: tokens
      ? Float32Array.from({ length: batch * width }, (_, i) => (7 * i * i + 3 * i) % tokens.vocabulary)
      : images(shape),
    labels: Int32Array.from({ length: rows }, (_, i) => (3 * i) % classes),
    shape,
  };
  const start = () => {
    const theta = thetaOf(model.params);
    return weightTensors({
      theta,
      slots: [new Float32Array(theta.length), new Float32Array(theta.length)],
      state: model.initialState(),
    });
  };
  const expectParameters = (vector: Float32Array, theirs: readonly Fingerprint[], within: number) => {
    const ours = Object.entries(fingerprints(vector, model.params));
    const floor = 1e-2 * Math.hypot(...theirs.map(([norm]) => norm));
    expect(ours.length).toBe(theirs.length);
    ours.forEach(([name, print], i) => expect(apart(print, theirs[i]!, floor), name).toBeLessThan(within));
  };
  const optimizer = makeOptimizer(
    { ...(ruleOf('adamw') as ClassicSettings), convention: 'lr', eps },
    { lr, wd },
  );

  it('has as many parameters', () => expect(model.parameterCount).toBe(expected.parameters));

  test('logits, and the gradient of every parameter', () => {
    const before = tf.memory().numTensors;
    const weights = start();
    const logits = tf.tidy(() =>
      model
        .apply(weights.theta, weights.state, tf.tensor4d(input.images, shape), { training: false })
        .dataSync(),
    );
    expect(apart(fingerprint(logits), fingerprint(first.logits))).toBeLessThan(tolerance);
    let gradient = new Float32Array();
    const taken = step(
      model,
      optimizer,
      weights,
      input,
      { t: 1, eta: 1, cycleSteps: 1 },
      goldenStream(),
      (_w, g) => {
        gradient = Float32Array.from(g.dataSync());
      },
    );
    expectParameters(gradient, first.gradient, tolerance);
    tf.dispose([taken.weights.theta, taken.weights.state, ...taken.weights.slots]);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('100 steps of AdamW: every loss, and the weights', async () => {
    let weights = start();
    const losses = expected.losses.map((_, i) => {
      const taken = step(
        model,
        optimizer,
        weights,
        input,
        { t: i + 1, eta: 1, cycleSteps: 1 },
        goldenStream(),
      );
      weights = taken.weights;
      return taken.score.loss;
    });
    // Of a loss near 0 the absolute difference counts.
    losses.forEach((loss, i) => {
      expect(Math.abs(loss - expected.losses[i]!), `step ${i + 1}`).toBeLessThan(
        1e-3 * (expected.losses[i]! + 0.01),
      );
    });
    expectParameters((await weightArrays(weights)).theta, expected.theta, 1e-3);
    tf.dispose([weights.theta, weights.state, ...weights.slots]);
  });
});

describe('with an answer at each position', () => {
  const length = 6;
  const vocabulary = 9;
  const spec = {
    name: 'transformer',
    layers: 2,
    width: 8,
    heads: 2,
    expand: 4,
    norm: true,
    patch: 4,
  } as const;
  const shape = { height: 1, width: length, channels: 1, classes: vocabulary };
  const model = buildModel(spec, { ...shape, tokens: { vocabulary, answers: 'each' } });
  const theta = thetaOf(model.params);
  const answers = (text: readonly number[]) =>
    tf.tidy(() =>
      model
        .apply(tf.tensor1d(theta), tf.tensor1d([]), tf.tensor4d([...text], [1, 1, length, 1]), {
          training: false,
        })
        .arraySync(),
    );

  it('changes no answer before a character that is another, and every one from there on', () => {
    const text = [3, 1, 4, 1, 5, 0];
    const before = answers(text);
    expect(before.length).toBe(length);
    for (let at = 0; at < length; at++) {
      const after = answers(text.with(at, 8));
      expect(after.slice(0, at)).toEqual(before.slice(0, at));
      for (let later = at; later < length; later++) expect(after[later]).not.toEqual(before[later]);
    }
  });

  it('needs memory for the logits of all positions', () => {
    const wide = buildModel(spec, { ...shape, classes: 200, tokens: { vocabulary: 200, answers: 'each' } });
    expect(wide.largestActivation).toBe(length * 200);
  });
});
