/** The specifications that an experiment is made of, each as a schema: its type, its defaults, its messages. */
import { z } from 'zod';
import { axisSchema } from './axis.js';
import { imageFields } from './imageFields.js';
import { modularSchema } from './modular.js';
import { ownImagesSchema } from './ownImages.js';
import { textSchema } from './text.js';

export const positive = z.number().positive();
const fraction = z.number().min(0).max(1);
export const count = z.int().positive();

/** More layers than any network that was ever trained: building one makes a value a layer. */
const MAX_LAYERS = 10_000;

export const lrAxis = axisSchema(positive, 'Initial learning rates (alpha of the paper).');
export const wdAxis = axisSchema(z.number().min(0), 'Weight decays (lambda of the paper); 0 is no decay.');

export const gridSchema = z.strictObject({ lr: lrAxis, wd: wdAxis });

export const scheduleSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('constant') }),
  z.strictObject({
    name: z.literal('step'),
    at: z
      .array(fraction)
      .min(1)
      .refine((at) => at.every((x, i) => i === 0 || x > at[i - 1]!), {
        error: 'must ascend, each value once',
      })
      .default([0.3, 0.6, 0.8])
      .describe('Where the rate drops, as fractions of the run.'),
    factor: positive.default(0.1).describe('What the rate is multiplied by at each drop.'),
  }),
  z.strictObject({ name: z.literal('cosine') }),
  z.strictObject({
    name: z.literal('wsd'),
    decay: fraction
      .positive()
      .default(0.2)
      .describe(
        'Share of the run, at its end, in which the rate falls. Before, it is constant, and weight decay acts at its full rate: see [decay.md](decay.md#time-scale-and-total-decay).',
      ),
    shape: z
      .enum(['1-sqrt', 'linear'])
      .default('1-sqrt')
      .describe('How it falls: 1-sqrt, first quickly, then slowly (arXiv 2405.18392); or along a line.'),
  }),
  z.strictObject({
    name: z.literal('warm-restarts'),
    firstCycle: positive.describe('Length T_0 of the first cycle, in epochs.'),
    multiply: z.number().min(1).default(2).describe('T_mult: each cycle is this many times longer.'),
  }),
]);

// `train` stays the second key of a resolved configuration.
const { train: trainCount, ...otherFields } = imageFields;

/** Data sets of images that this project knows by name. */
export const imagesSchema = z.strictObject({
  name: z
    .enum([
      'synthetic-mnist',
      'synthetic-cifar',
      'mnist',
      'fashion-mnist',
      'cifar10',
      'cifar100',
      'imagenet32',
    ])
    .describe('Which data. The synthetic ones are generated and need no download.'),
  train: trainCount,
  test: count.optional().describe('Use this many test images (a class-balanced subset); default all.'),
  ...otherFields,
});

export const datasetSchema = z.discriminatedUnion('name', [
  imagesSchema,
  modularSchema,
  ownImagesSchema,
  textSchema,
]);

/** The data set of a cell: own data without their path, but with what was found there. */
export const cellDatasetSchema = z.discriminatedUnion('name', [
  imagesSchema,
  modularSchema,
  ownImagesSchema.omit({ path: true }).required({ content: true }),
  textSchema.omit({ path: true }).required({ content: true }),
]);

export const modelSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('mlp'),
    hidden: z.array(count).default([256, 128]).describe('Widths of the hidden layers.'),
    batchNorm: z
      .boolean()
      .optional()
      // Absent, not false: a cell's identity is a hash of its settings, and older cells have none.
      .overwrite((on) => on || undefined)
      .describe('Batch norm between each hidden layer and its ReLU; default false.'),
  }),
  z.strictObject({
    name: z.literal('cnn'),
    filters: z.array(count).min(1).default([16, 32]).describe('Filters of each 5x5 convolution + pool.'),
    hidden: z.array(count).default([]).describe('Widths of dense layers before the last.'),
  }),
  z.strictObject({
    name: z.literal('resnet'),
    depth: z
      .int()
      .min(8)
      .max(MAX_LAYERS)
      .refine((d) => d % 6 === 2, { error: 'must be 6n+2: 8, 14, 20, 26, 32, ...' })
      .default(20)
      .describe('Number of layers, 6n+2.'),
    width: count.default(16).describe('Filters of the first stage.'),
  }),
  z.strictObject({
    name: z.literal('shake-shake'),
    depth: z
      .int()
      .min(8)
      .max(MAX_LAYERS)
      .refine((d) => d % 6 === 2, { error: 'must be 6n+2: 8, 14, 20, 26, 32, ...' })
      .default(26)
      .describe('Number of layers, 6n+2.'),
    width: count.default(64).describe('Filters of the first stage, per branch: the d of 26 2x64d.'),
    per: z.enum(['image', 'batch']).default('image').describe('One mixing coefficient per image or batch.'),
  }),
  z.strictObject({
    name: z.literal('wide-resnet'),
    depth: z
      .int()
      .min(10)
      .max(MAX_LAYERS)
      .refine((d) => d % 6 === 4, { error: 'must be 6n+4: 10, 16, 22, 28, 40, ...' })
      .default(28)
      .describe('Number of layers, 6n+4.'),
    widen: count.default(10).describe('Widening factor k: the first stage has 16k filters.'),
  }),
  z
    .strictObject({
      name: z.literal('transformer'),
      layers: count.max(1000).default(4).describe('Blocks of attention and perceptron.'),
      width: count.default(128).describe('Length of the vector of a position.'),
      heads: count.default(4).describe('Heads of attention; they divide the width.'),
      expand: count.default(4).describe("Width of a block's hidden layer, as a multiple of `width`."),
      norm: z.boolean().default(true).describe('Layer norm before attention, perceptron and head.'),
      patch: count
        .default(4)
        .describe('Side of the patches of images, in pixels; for tokens it means nothing.'),
    })
    .refine(({ width, heads }) => width % heads === 0, {
      path: ['heads'],
      error: 'must divide the width',
    }),
]);

export const trainFields = z.strictObject({
  epochs: count.describe('Passes over the training set.'),
  batchSize: count.default(128).describe('Images, equations or windows of a text per step.'),
  schedule: scheduleSchema.prefault({ name: 'cosine' }).describe('How the learning rate changes.'),
  warmup: z.number().min(0).default(0).describe('Epochs of linear warm-up before the schedule counts.'),
  seeds: z
    .array(z.int().min(0))
    .min(1)
    .refine((seeds) => new Set(seeds).size === seeds.length, { error: 'must be distinct' })
    .default([0])
    .describe('Each lr and wd is trained once per seed (initialisation, shuffling, augmentation).'),
  recordDecay: z
    .boolean()
    .default(false)
    .describe(
      'Measure how much decay shrinks each weight in a step, for 24 groups of weights by the size of their gradients.',
    ),
});

export type Schedule = z.infer<typeof scheduleSchema>;
export type ImagesSpec = z.infer<typeof imagesSchema>;
export type DatasetSpec = z.infer<typeof datasetSchema>;
export type CellDataset = z.infer<typeof cellDatasetSchema>;
/** A data set as a configuration or a cell has it. */
export type AnyDataset = DatasetSpec | CellDataset;
export type ModelSpec = z.infer<typeof modelSchema>;
export type TrainSpec = z.infer<typeof trainFields>;
export type GridSpec = z.infer<typeof gridSchema>;

/** What a data set's examples are, in words. */
export const examplesOf = ({ name }: Pick<AnyDataset, 'name'>): 'equations' | 'windows' | 'images' =>
  name === 'modular' ? 'equations' : name === 'text' ? 'windows' : 'images';
