/** What decay leaves alone: by kind, by name, and in a run. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it, test } from 'vitest';
import { experimentSchema } from '../../src/config/index.js';
import type { Exclusion } from '../../src/experiment/excluded.js';
import { plan } from '../../src/experiment/plan.js';
import { buildModel, decayMask, requireExclusions } from '../../src/models/index.js';
import { train } from '../../src/train/train.js';
import { cell, tiny } from '../train/tiny.js';
import { sizeOf } from './formula.js';

beforeAll(() => tf.setBackend('cpu'));

const transformer = buildModel(
  { name: 'transformer', layers: 1, width: 4, heads: 1, expand: 1, norm: true, patch: 4 },
  { height: 1, width: 3, channels: 1, classes: 5, tokens: { vocabulary: 5, answers: 'last' } },
);
const resnet = buildModel({ name: 'resnet', depth: 8, width: 2 }, tiny);

/** The parameters whose part of a mask is 0; fails where a parameter is masked in part. */
function maskedNames(exclude: Exclusion, model = resnet): string[] {
  const mask = decayMask(model, exclude) ?? new Float32Array(model.parameterCount).fill(1);
  let at = 0;
  return model.params.flatMap(({ name, shape }) => {
    const values = new Set(mask.subarray(at, (at += sizeOf(shape))));
    expect(values.size, name).toBe(1);
    return values.has(0) ? [name] : [];
  });
}
const names = resnet.params.map(({ name }) => name);

test.each<[Exclusion, (name: string) => boolean]>([
  ['none', () => false],
  ['*', () => true],
  ['head.*', (name) => name.startsWith('head.')],
  ['*.weight', (name) => name.endsWith('.weight')],
  [['*.weight', 'head.*'], (name) => name.endsWith('.weight') || name.startsWith('head.')],
  // A dot is a dot, and a pattern is the whole name.
  ['head', () => false],
  ['head-bias', () => false],
  ['head.bia', () => false],
])('%j', (exclude, expected) => {
  expect(maskedNames(exclude)).toEqual(names.filter(expected));
});

test('embeddings are those of tokens and of positions', () => {
  expect(maskedNames('embeddings', transformer)).toEqual(['tokens.embedding', 'positions.embedding']);
});

const experimentOf = (exclude: unknown) =>
  experimentSchema.parse({
    name: 'x',
    dataset: { name: 'synthetic-mnist', train: 20 },
    model: { name: 'mlp', hidden: [4] },
    train: { epochs: 1, batchSize: 10 },
    optimizers: [{ name: 'adamw', exclude }],
    grid: { lr: [0.1], wd: [0.1] },
  });
const idOf = (exclude: unknown) => [...plan(experimentOf(exclude), 'cpu').jobs()][0]!.cell.id;

it('is one cell in all its spellings', () => {
  expect(idOf([])).toBe(idOf('none'));
  expect(idOf(['rank1'])).toBe(idOf('rank1'));
  expect(idOf(['head.*', 'rank1', 'rank1'])).toBe(idOf(['rank1', 'head.*']));
  const others = ['none', 'rank1', 'head.*', ['rank1', 'head.*']].map(idOf);
  expect(new Set(others).size).toBe(others.length);
});

it('refuses a pattern that fits nothing, and names what there is', () => {
  const refuse = (exclude: unknown) => () => {
    const experiment = experimentOf(exclude);
    requireExclusions(buildModel(experiment.model, { ...tiny }), experiment);
  };
  expect(refuse(['rank1', 'dense1.*'])).not.toThrow();
  expect(refuse(['rank1', 'dense9.*'])).toThrow(
    expect.objectContaining({
      code: 'exclude-nothing',
      message:
        'optimizers.0.exclude: no parameter of the network mlp fits dense9.*. Its parameters are dense1.weight, dense1.bias, head.weight, head.bias.',
    }) as Error,
  );
  expect(refuse('embeddings')).toThrow(/fits embeddings/);
});

it.each([['none', 'rank1'], 'no space', 7, [['rank1']]])('refuses %j', (exclude) => {
  expect(() => experimentOf(exclude)).toThrow(/exclude/);
});

it('leaves in a run what it names as without decay, and decays the rest', async () => {
  const theta = async (wd: number, exclude: Exclusion) => {
    const of = cell({ optimizer: { name: 'sgdw', exclude }, epochs: 1, batchSize: 10, wd });
    return (await train(of, tiny)).weights.theta;
  };
  // One step: the gradient is the same with and without decay.
  const [without, decayed] = [await theta(0, 'none'), await theta(0.5, 'head.*')];
  const { params } = buildModel({ name: 'mlp', hidden: [6] }, tiny);
  let at = 0;
  for (const { name, shape } of params) {
    const part = (of: Float32Array) => [...of.subarray(at, at + sizeOf(shape))];
    if (name.startsWith('head.')) expect(part(decayed)).toEqual(part(without));
    if (name === 'dense1.weight') expect(part(decayed)).not.toEqual(part(without));
    at += sizeOf(shape);
  }
});
