/** Training images that are held back: the best cell is chosen by its error on them, and reported by its test error. */

import { z } from 'zod';

/** @param examples what is held back, in words */
export const validationSchema = (examples: string) =>
  z
    .number()
    .positive()
    .refine((held) => held < 1 || Number.isSafeInteger(held), {
      error: `must be a share below 1 or a whole number of ${examples}`,
    })
    .optional()
    .describe(
      `Hold back this many training ${examples} (below 1: this share of them). The best cell is chosen by its error on them; default none. \`train\` counts the ${examples} that are left.`,
    );
