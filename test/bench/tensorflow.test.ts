import { expect, test } from 'vitest';
import { casesOf } from '../../bench/tensorflow/cases.js';
import type { Engine } from '../../bench/tensorflow/contenders.js';
import type { TurnRow } from '../../bench/tensorflow/measure.js';
import { summariseTurns } from '../../bench/tensorflow/table.js';
import { models } from '../../bench/speed/models.js';

const row = (engine: Engine, round: number, msPerStep: number, batchSize = 128): TurnRow => ({
  model: 'mlp',
  batchSize,
  engine,
  round,
  msPerStep,
  peakMemory: 1e8,
  version: '2.21.0',
});

test('whole batches, single images, and the tiny networks', () => {
  const cases = casesOf(models).map(({ model, batchSize }) => `${model.name} ${batchSize}`);
  expect(cases).toHaveLength(10);
  expect(cases).toContain('resnet-20 1');
  expect(cases.slice(-2)).toEqual(['tiny-mlp 1', 'tiny-cnn 1']);
});

test('ratios are by round, against the quicker tf.function and against tfjs', () => {
  const [tfjs, recorded, plain] = summariseTurns([
    row('tfjs', 1, 40),
    row('recorded', 1, 4),
    row('tf.function', 1, 8),
    row('tf.function, jit', 1, 6),
    row('tfjs', 2, 80),
    row('recorded', 2, 8),
    row('tf.function', 2, 8),
    row('tf.function, jit', 2, 4),
  ]);
  expect(recorded).toMatchObject({ imagesPerSecond: 128_000 / 6, overTfjs: { min: 10, max: 10 } });
  expect(recorded!.overFunction).toEqual({ median: 1, min: 0.5, max: 1.5 });
  expect(tfjs!.overTfjs).toBeUndefined();
  expect(plain!.overFunction).toBeUndefined();
});

test('cases are kept apart, and an engine that took no part has no line', () => {
  const lines = summariseTurns([row('eager', 1, 40), row('eager', 1, 10, 1), row('recorded', 1, 1, 1)]);
  expect(lines.map(({ batchSize, engine }) => `${batchSize} ${engine}`)).toEqual([
    '128 eager',
    '1 eager',
    '1 recorded',
  ]);
  expect(lines[0]!.overFunction).toBeUndefined();
});
