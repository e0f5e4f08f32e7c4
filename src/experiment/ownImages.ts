/** A user's own images: a folder of one folder a class, or an .npz file. */
import { z } from 'zod';
import { imageFields } from './imageFields.js';
import { MAX_SIDE } from './maxSide.js';
import { contentSchema, pathSchema } from './ownData.js';

const count = z.int().positive();

const side = z.int().min(1).max(MAX_SIDE);

export const ownImagesSchema = z.strictObject({
  name: z.literal('images').describe('Your own images; see [data.md](data.md#your-own-images).'),
  path: pathSchema(
    'A folder with one folder of PNG and JPEG images a class, or with train/ and test/ of such; or an .npz file',
  ),
  size: z
    .union([side, z.tuple([side, side])], {
      error: `expected a side from 1 to ${MAX_SIDE}, such as 32, or height x width, such as 32x48`,
    })
    // One form for one meaning: a cell's identity is a hash of its settings.
    .overwrite((size) => (Array.isArray(size) && size[0] === size[1] ? size[0] : size))
    .optional()
    .describe('Resize each image to this side, or [height, width]; default: all must have one size.'),
  channels: z
    .union([z.literal(1), z.literal(3)], { error: 'expected 1 (grey) or 3 (colour)' })
    .optional()
    .describe('Convert each image to grey (1) or colour (3); default: all must be of one kind.'),
  background: z
    .enum(['black', 'white'])
    .optional()
    .describe('What is behind transparent pixels; default: images that have some are refused.'),
  test: z
    .number()
    .positive()
    .refine((test) => test < 1 || Number.isSafeInteger(test), {
      error: 'must be a share below 1 or a whole number of images',
    })
    .optional()
    .describe(
      'Without a test/ folder: this share of each class (below 1) or this many images are the test set, drawn by `subsetSeed`; default 0.2. With one: use this many of its images.',
    ),
  ...imageFields,
  content: contentSchema({
    height: side,
    width: side,
    channels: z.union([z.literal(1), z.literal(3)]),
    classes: z.int().min(2).max(65_536),
    train: count.describe('Training images, before any are held back or left out.'),
    validation: z.int().min(0).describe('Images that lie in a validation folder.'),
    test: count.describe('Test images, before any are left out.'),
  }).optional(),
});

export type OwnImagesSpec = z.infer<typeof ownImagesSchema>;
export type ImagesContent = NonNullable<OwnImagesSpec['content']>;
