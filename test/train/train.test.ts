/** What the training loop reports, checked against its definition. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildModel } from '../../src/models/index.js';
import { permutation, stream } from '../../src/random/stream.js';
import { identify, hasValidId } from '../../src/experiment/cell.js';
import { batchLoader } from '../../src/train/loader.js';
import { weightTensors } from '../../src/train/snapshot.js';
import { evaluate } from '../../src/train/step.js';
import { train } from '../../src/train/train.js';
import { cell, tiny } from './tiny.js';

beforeAll(() => tf.setBackend('cpu'));

describe('the metrics of an epoch', () => {
  // So small a rate changes nothing: training sees the initial weights in every step.
  const still = cell({ lr: 1e-30, wd: 0, epochs: 1 });
  const model = buildModel(still.model, tiny);
  const theta = model.initialTheta(still.seed);

  /** Mean loss and share of errors of the initial weights, in float64, from their logits. */
  function measure(split: 'train' | 'test') {
    const data = tiny[split];
    const feed = batchLoader(tiny, { crop: 0, flip: false }, data.n);
    const order = Int32Array.from({ length: data.n }, (_, i) => i);
    const batch =
      split === 'test'
        ? [...feed.test()][0]!
        : feed.train(order, {
            uniform: () => 0,
            integer: (low) => low,
            normal: () => 0,
          });
    const logits = tf.tidy(() => {
      const weights = weightTensors({ theta, slots: [], state: model.initialState() });
      const x = tf.tensor4d(batch.images, batch.shape);
      return model.apply(weights.theta, weights.state, x, { training: false }).arraySync();
    });
    const losses = logits.map(
      (row, i) => Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0)) - row[data.labels[i]!]!,
    );
    const wrong = logits.filter((row, i) => row.indexOf(Math.max(...row)) !== data.labels[i]).length;
    return { loss: losses.reduce((sum, loss) => sum + loss, 0) / data.n, error: wrong / data.n };
  }

  test('are means over images, the smaller last batch included', async () => {
    const { metrics, status } = await train(still, tiny);
    expect(status).toBe('ok');
    const [only] = metrics;
    const [trained, tested] = [measure('train'), measure('test')];
    expect(only!.trainLoss).toBeCloseTo(trained.loss, 5);
    expect(only!.trainError).toBe(trained.error);
    expect(only!.testLoss).toBeCloseTo(tested.loss, 5);
    expect(only!.testError).toBe(tested.error);
    expect(only!.thetaNorm).toBeCloseTo(Math.hypot(...theta), 4);
    expect(only!.imagesPerSecond).toBeGreaterThan(0);
  });

  test('are of images augmented anew in every batch, from the stream of epoch and batch', async () => {
    const augment = { crop: 2, flip: true };
    const changed = { name: 'synthetic-mnist', subsetSeed: 0, labelNoise: 0, augment } as const;
    const of = cell({ lr: 1e-30, wd: 0, epochs: 2, batchSize: 5, dataset: changed });
    const { metrics } = await train(of, tiny);
    const feed = batchLoader(tiny, augment, 5);
    const weights = weightTensors({
      theta: model.initialTheta(of.seed),
      slots: [],
      state: model.initialState(),
    });
    metrics.forEach(({ trainLoss }, epoch) => {
      const order = permutation(10, stream(of.seed, 'shuffle', epoch));
      const losses = [0, 1].map((b) => {
        const random = stream(of.seed, 'augment', epoch, b);
        return evaluate(model, weights, feed.train(order.subarray(5 * b, 5 * b + 5), random)).loss;
      });
      expect(trainLoss).toBeCloseTo((losses[0]! + losses[1]!) / 2, 6);
    });
    tf.dispose([weights.theta, weights.state]);
  });

  test('give the rate of the last step', async () => {
    const { metrics } = await train(cell({ lr: 0.5, wd: 0, schedule: { name: 'cosine' }, epochs: 2 }), tiny);
    // Steps 3 and 6 of 6, at progress (t-1)/6.
    expect(metrics.map(({ lr }) => lr)).toEqual([
      expect.closeTo(0.25 * (1 + Math.cos((Math.PI * 2) / 6)), 12),
      expect.closeTo(0.25 * (1 + Math.cos((Math.PI * 5) / 6)), 12),
    ]);
  });

  test('improve', async () => {
    const { metrics } = await train(cell({ lr: 0.03, epochs: 12 }), tiny);
    expect(metrics.at(-1)!.trainLoss).toBeLessThan(0.3 * metrics[0]!.trainLoss);
    expect(metrics.at(-1)!.trainError).toBe(0);
  });
});

describe('warm restarts', () => {
  test.each(['adamw', 'sgdw'] as const)(
    '%s: normalized decay goes by the epochs of its cycle',
    async (name) => {
      // So small a rate leaves the decay alone at work. b = 5 of B = 10 images; T_0 = 1, T_1 = 2, T_2 = 4, cut short.
      const restarts = cell({
        optimizer: { name, convention: 'normalized' },
        schedule: { name: 'warm-restarts', firstCycle: 1, multiply: 2 },
        batchSize: 5,
        epochs: 4,
        lr: 1e-30,
        wd: 0.3,
      });
      const { metrics } = await train(restarts, tiny);
      const initial = Math.hypot(...buildModel(restarts.model, tiny).initialTheta(restarts.seed));
      // Where in its cycle of T_i epochs (two steps each) an epoch begins.
      const epochs = [
        { T: 1, from: 0 },
        { T: 2, from: 0 },
        { T: 2, from: 1 },
        { T: 4, from: 0 },
      ];
      let expected = initial;
      epochs.forEach(({ T, from }, i) => {
        for (const step of [0, 1]) {
          const eta = 0.5 * (1 + Math.cos((Math.PI * (from + step / 2)) / T));
          expected *= 1 - eta * 0.3 * Math.sqrt(5 / (10 * T));
          if (step === 1)
            expect(metrics[i]!.lr / 1e-30, `eta at the end of epoch ${i + 1}`).toBeCloseTo(eta, 12);
        }
        expect(metrics[i]!.thetaNorm / expected, `epoch ${i + 1}`).toBeCloseTo(1, 5);
      });
    },
  );
});

describe('divergence', () => {
  const wild = { lr: 1e30, optimizer: { name: 'sgd' } } as const;

  test('in training is reported with its place, after the epochs that were whole', async () => {
    const { status, reason, metrics } = await train(cell(wild), tiny);
    expect(status).toBe('diverged');
    expect(reason).toMatch(/(NaN|Infinity).*\b1\b.*\b2$/);
    expect(metrics).toEqual([]);
  });

  test('that only the test set sees is reported too', async () => {
    const { status, reason, metrics } = await train(cell({ ...wild, batchSize: 10 }), tiny);
    expect(status).toBe('diverged');
    expect(reason).toMatch(/(NaN|Infinity).*\b1$/);
    expect(metrics).toEqual([]);
  });

  test('keeps the metrics of earlier epochs', async () => {
    const later = cell({
      optimizer: { name: 'sgd' },
      lr: 1e-3,
      epochs: 3,
      schedule: { name: 'step', at: [0.4], factor: 1e33 },
    });
    const { status, metrics } = await train(later, tiny);
    expect(status).toBe('diverged');
    expect(metrics.map(({ epoch }) => epoch)).toEqual([1]);
  });
});

describe('a wrong answer', () => {
  // Two inputs straight to the logits: theta is the identity.
  const model = buildModel({ name: 'mlp', hidden: [] }, { height: 1, width: 3, channels: 1, classes: 3 });
  const theta = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0);
  const wrong = (logits: number[], label: number) => {
    const weights = weightTensors({ theta, slots: [], state: new Float32Array() });
    const batch = {
      images: Float32Array.from(logits),
      labels: Int32Array.of(label),
      shape: [1, 1, 3, 1] as [number, number, number, number],
    };
    const { wrong } = evaluate(model, weights, batch);
    tf.dispose([weights.theta, weights.state]);
    return wrong;
  };

  test.each([
    [[1, 2, 3], 2, 0],
    [[1, 2, 3], 1, 1],
    [[2, 2, 1], 0, 0],
    [[2, 2, 1], 1, 1],
    [[0, 0, 0], 0, 0],
    [[0, 0, 0], 2, 1],
    [[NaN, 1, 2], 0, 1],
    [[NaN, 1, 2], 2, 1],
    [[NaN, NaN, NaN], 0, 1],
  ])('%j for class %i: %i', (logits, label, expected) => {
    expect(wrong(logits, label)).toBe(expected);
  });
});

test('a cell is what its settings say', () => {
  const one = cell();
  const { id, ...settings } = one;
  const reversed = Object.fromEntries(Object.entries(settings).reverse()) as typeof settings;
  expect(identify(reversed).id).toBe(id);
  expect(hasValidId(one)).toBe(true);
  expect(hasValidId({ ...one, lr: 0.02 })).toBe(false);
  expect(cell({ seed: 2 }).id).not.toBe(id);
});
