/** Errors and losses of texts: means over all characters that are answers, against sums made by hand. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { bitsPerCharacter } from '../../src/experiment/record.js';
import { textSplits } from '../../src/data/own/text.js';
import { textShape } from '../../src/data/own/textShape.js';
import type { Dataset } from '../../src/data/index.js';
import { buildModel } from '../../src/models/index.js';
import { decodeWeights, encodeWeights, evaluateWeights } from '../../src/train/weights.js';
import { train } from '../../src/train/train.js';
import { cell } from './tiny.js';

beforeAll(() => tf.setBackend('cpu'));

const length = 4;
const text = 'abacabadabacabaabacadabacabacab';
const tokens = Uint8Array.from(text, (c) => c.charCodeAt(0) - 97);
const vocabulary = 4;
const given = {
  name: 'text',
  length,
  test: 0.3,
  content: { sha256: '0'.repeat(64), characters: 31, vocabulary },
} as const;
const { train: first, test: last } = textSplits(given, tokens, 'book.txt');
const dataset: Dataset = {
  name: 'text',
  ...textShape(given, vocabulary),
  train: first,
  test: last,
  fingerprint: 'text',
  warnings: [],
};
const of = cell({
  dataset: given,
  model: { name: 'transformer', layers: 1, width: 4, heads: 2, expand: 2, norm: true, patch: 4 },
  // Too small to change a weight.
  lr: 1e-30,
  wd: 0,
  epochs: 1,
  batchSize: 2,
});

/** Weights that give every character the same shares, whatever comes before it. */
function always(shares: readonly number[]) {
  const model = buildModel(of.model, dataset);
  const theta = new Float32Array(model.parameterCount);
  theta.set(shares.map(Math.log), model.parameterCount - vocabulary);
  return { theta, slots: [], state: model.initialState() };
}

/** The answers of the test set: `text` from its 23rd character on has two windows, the answers of which are these. */
const answers = [...'acabacab'].map((c) => c.charCodeAt(0) - 97);

it('cuts the text as is said above', () => expect([...last.labels]).toEqual(answers));

it('gives log2 of the alphabet where all characters are as likely', async () => {
  const { loss } = await evaluateWeights({ cell: of, weights: always([0.25, 0.25, 0.25, 0.25]) }, dataset);
  expect(bitsPerCharacter({ testLoss: loss })).toBeCloseTo(2, 6);
});

it('gives the bits of the shares, and counts every answer', async () => {
  const { loss, error } = await evaluateWeights(
    { cell: of, weights: always([0.5, 0.25, 0.125, 0.125]) },
    dataset,
  );
  // Of the 8 answers 4 are a (1 bit), 2 are b (2 bits) and 2 are c (3 bits).
  expect(bitsPerCharacter({ testLoss: loss })).toBeCloseTo((4 * 1 + 2 * 2 + 2 * 3) / 8, 6);
  expect(error).toBe(4 / 8);
});

it('has training means over all characters, also where the last batch is smaller', async () => {
  const whole = { ...dataset, test: first };
  const { metrics, weights } = await train(of, whole);
  expect(first.n).toBe(5);
  const [only] = metrics;
  // The weights have not moved, so the means over the batches are those of the whole set.
  const after = await evaluateWeights({ cell: of, weights }, whole);
  expect(only!.trainLoss).toBeCloseTo(after.loss, 5);
  expect(only!.testLoss).toBe(after.loss);
  expect(only!.trainError).toBe(after.error);
  expect(only!.testError).toBe(after.error);
});

it('can be measured again from kept weights', async () => {
  const { metrics, weights } = await train(of, dataset);
  const kept = decodeWeights(encodeWeights(of, dataset, { metrics, weights }));
  expect(kept.weights.theta).toEqual(weights.theta);
  expect((await evaluateWeights(kept, dataset)).loss).toBe(metrics[0]!.testLoss);
});
