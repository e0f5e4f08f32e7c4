/** Arithmetic modulo a prime as a data set: the equations `a o b = c` of Power et al. 2022 (https://arxiv.org/abs/2201.02177). */
import { z } from 'zod';
import { validationSchema } from './validation.js';

const isPrime = (n: number): boolean => {
  for (let k = 2; k * k <= n; k++) if (n % k === 0) return false;
  return n > 1;
};

export const modularSchema = z.strictObject({
  name: z.literal('modular').describe('Equations a o b = c modulo a prime, made, not downloaded.'),
  op: z.enum(['add', 'divide']).default('add').describe('a + b or a / b; divide leaves out b = 0.'),
  // With the two signs, tokens fit into a byte.
  p: z
    .int()
    .min(3)
    .max(251)
    .refine(isPrime, { error: 'must be a prime' })
    .default(97)
    .describe('The modulus.'),
  share: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.3)
    .describe('Share of all equations that is trained on. The others are the test set.'),
  validation: validationSchema('equations'),
  subsetSeed: z.int().min(0).default(0).describe('Seed of the choice of equations.'),
  labelNoise: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Share of training answers replaced by a random other one.'),
});

export type ModularSpec = z.infer<typeof modularSchema>;
