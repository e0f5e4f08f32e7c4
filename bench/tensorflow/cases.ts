/** What the TensorFlow benchmark trains: whole batches, and steps that dispatch alone bounds. */
import { models, type BenchModel } from '../speed/models.js';

export interface Case {
  readonly model: BenchModel;
  readonly batchSize: number;
}

const tinyShape = { height: 8, width: 8, channels: 1, classes: 4 };

/** Networks with hardly any arithmetic: what is left is what a step costs. */
export const tiny: readonly BenchModel[] = [
  {
    name: 'tiny-mlp',
    title: 'tiny MLP 64-8-8-4',
    spec: { name: 'mlp', hidden: [8, 8] },
    shape: tinyShape,
  },
  {
    name: 'tiny-cnn',
    title: 'tiny CNN, 5x5x2 twice',
    spec: { name: 'cnn', filters: [2, 2], hidden: [] },
    shape: tinyShape,
  },
];

/**
 * The networks at batch 128; the same and the tiny ones at batch 1, which stand for a fast GPU. The transformer is left
 * out: the peer does not have it.
 */
export function casesOf(asked: readonly BenchModel[]): Case[] {
  const chosen = asked.filter(({ spec }) => spec.name !== 'transformer');
  return [
    ...chosen.map((model) => ({ model, batchSize: 128 })),
    ...chosen.map((model) => ({ model, batchSize: 1 })),
    ...(asked.length === models.length ? tiny : []).map((model) => ({ model, batchSize: 1 })),
  ];
}
