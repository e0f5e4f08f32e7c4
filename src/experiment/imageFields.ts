/** The settings that all data sets of images have in common. */
import { z } from 'zod';
import { validationSchema } from './validation.js';

const count = z.int().positive();
const fraction = z.number().min(0).max(1);

export const imageFields = {
  train: count.optional().describe('Use this many training images (a class-balanced subset); default all.'),
  validation: validationSchema('images'),
  subset: z
    .enum(['fixed', 'per-seed'])
    .optional()
    // Absent, not `fixed`: a cell's identity is a hash of its settings, and older cells have none.
    .overwrite((subset) => (subset === 'per-seed' ? subset : undefined))
    .describe(
      'fixed, the default: every seed trains on the same `train` images and wrong labels. per-seed: each seed has its own. Needs `train`.',
    ),
  subsetSeed: z.int().min(0).default(0).describe('Seed of the subsets and of synthetic images.'),
  labelNoise: fraction.default(0).describe('Share of training labels replaced by a random other class.'),
  augment: z
    .strictObject({
      crop: z.int().min(0).max(16).default(0).describe('Zero-pad by this many pixels, then crop at random.'),
      flip: z.boolean().default(false).describe('Mirror half of the images left-right.'),
    })
    .prefault({})
    .describe('Random changes of each training image, fresh in every epoch.'),
};
