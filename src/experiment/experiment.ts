/**
 * An experiment as a configuration describes it, every default filled in. This schema is the one source of truth for a
 * configuration file: for its types, its messages and, through `config/jsonSchema.ts`, what editors check.
 */
import { z } from 'zod';
import { checkExperiment, checkLookalikes, checkOptimizers, checkTrain } from './checks.js';
import { confirmSchema } from './confirm.js';
import { endpointsSchema } from './endpoints.js';
import { checkPrecision } from './precision.js';
import { optimizerSchema } from './optimizerSpec.js';
import { OPTIMIZER_NAMES } from './placement.js';
import { datasetSchema, gridSchema, modelSchema, trainFields } from './specs.js';

const trainSchema = trainFields.superRefine(checkTrain);

const optimizerOrName = z.union([
  z.enum(OPTIMIZER_NAMES).transform((name) => optimizerSchema.parse({ name })),
  optimizerSchema,
]);

/**
 * A configuration of a results folder, perhaps by an earlier version. It stays readable if later versions refuse more.
 */
export const writtenSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$/, {
        error: 'must be letters, digits, dots, dashes and underscores: it names the results folder',
      })
      .describe('Name of the experiment and of its folder under results/.'),
    description: z
      .string()
      .max(2000)
      .refine((text) => !/\p{Cs}/u.test(text), { error: 'must be well-formed Unicode' })
      .default('')
      .describe('One or two sentences for the report.'),
    dataset: datasetSchema.describe('The data.'),
    model: modelSchema.describe('The network.'),
    train: trainSchema.describe('How each cell is trained.'),
    optimizers: z
      .array(optimizerOrName)
      .min(1)
      .superRefine(checkOptimizers)
      .describe('The optimizers to compare.'),
    grid: gridSchema.describe('Learning rates x weight decays.'),
    confirm: confirmSchema,
    endpoints: endpointsSchema,
    backend: z
      .enum(['auto', 'tensorflow', 'webgpu', 'onednn', 'wasm', 'cpu'])
      .default('auto')
      .describe('What computes; auto takes the fastest that works.'),
    workers: z
      .int()
      .positive()
      .max(1024)
      .optional()
      .describe('Number of worker processes; default one per core. Does not change results.'),
    threads: z
      .int()
      .positive()
      .max(1024)
      .default(1)
      .describe(
        'Threads of each worker (onednn, tensorflow on a CPU). For single runs; a grid fills the cores by itself.',
      ),
    xla: z
      .boolean()
      .optional()
      // Absent, not false: a cell's identity is a hash of its settings, and older cells have none.
      .overwrite((on) => on || undefined)
      .describe(
        'Compile each step with XLA (tensorflow); default false. The last digits differ, so these are cells of their own.',
      ),
  })
  .superRefine(checkExperiment);

/** A configuration that may be run. */
export const experimentSchema = writtenSchema.superRefine(checkPrecision).superRefine(checkLookalikes);

/** A validated configuration, every default filled in. */
export type Experiment = z.infer<typeof writtenSchema>;
