/** Which parameters decay leaves alone. */
import { z } from 'zod';
import type { Exclusion } from './excluded.js';

const RULE =
  'must be none, rank1, embeddings, a pattern of parameter names such as "stage1.*", or a list of these';

const word = z.string({ error: RULE }).regex(/^[\w.*-]+$/, { error: RULE });

/** One spelling for each meaning: it is hashed. */
function canonical(written: string | string[]): Exclusion {
  const words = [...new Set(typeof written === 'string' ? [written] : written)].sort();
  return words.length === 0 ? 'none' : words.length === 1 ? words[0]! : words;
}

export const exclusionSchema = z
  .union([word, z.array(word.refine((one) => one !== 'none', { error: 'must not be in a list' }))], {
    error: RULE,
  })
  .default('none')
  .overwrite((written) => canonical(written) as string | string[])
  .describe(
    'What does not decay: rank1 (biases and norm parameters), embeddings, a pattern of parameter names, in which * stands for anything, or a list of these.',
  ) as z.ZodType<Exclusion>;
