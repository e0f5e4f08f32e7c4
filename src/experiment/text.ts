/** A text file of the user's own as a data set: its characters, each predicted from those before it. */
import { z } from 'zod';
import { contentSchema, pathSchema } from './ownData.js';
import { validationSchema } from './validation.js';

export const textSchema = z.strictObject({
  name: z
    .literal('text')
    .describe('The characters of a text of your own; see [data.md](data.md#your-own-text).'),
  path: pathSchema('A text file in UTF-8'),
  length: z
    .int()
    .min(2)
    .max(4096)
    .default(64)
    .describe('Characters of a window: the next character is predicted at each of them.'),
  test: z.number().gt(0).lt(1).default(0.1).describe('Share of the file, at its end, that is the test set.'),
  train: z
    .int()
    .positive()
    .optional()
    .describe('Use this many training windows, from the start of the file; default all.'),
  validation: validationSchema('windows'),
  content: contentSchema({
    characters: z.int().positive().describe('Characters of the file.'),
    vocabulary: z.int().min(2).max(256).describe('Different ones.'),
  }).optional(),
});

export type TextSpec = z.infer<typeof textSchema>;
export type TextContent = NonNullable<TextSpec['content']>;
