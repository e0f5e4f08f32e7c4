/**
 * Endpoints: what an experiment is to show, written down before it is run. Each names a statistic, its optimizers, and
 * the side of a threshold that would confirm the claim.
 */
import { hash } from 'node:crypto';
import { z } from 'zod';
import { report, type Context } from './issues.js';
import { optimizerLabel } from './labels.js';
import type { OptimizerSpec } from './optimizerSpec.js';

/**
 * The statistics that can be endpoints, by their names in decoupling.csv, and of how many optimizers each can be: a
 * difference is the second optimizer's minus the first's.
 */
export const ENDPOINT_STATISTICS = {
  separability: [1, 2],
  ridge_slope: [1, 2],
  ridge_slope_quadratic: [1, 2],
  transfer_mean: [1, 2],
  transfer_1_octaves: [1, 2],
  transfer_2_octaves: [1, 2],
  transfer_3_octaves: [1, 2],
  regret_mean: [1, 2],
  basin_relative: [1, 2],
  basin_absolute: [1, 2],
  best_error_expected: [1],
  best_error: [2],
  best_error_relative: [2],
  error_at_equal_loss: [2],
  error_at_equal_loss_relative: [2],
  paired_difference: [2],
  steps_to_generalise: [1],
  steps_to_generalise_relative: [2],
  confirmed_steps: [1],
  confirmed_steps_relative: [2],
} as const satisfies Record<string, readonly number[]>;

export type EndpointStatistic = keyof typeof ENDPOINT_STATISTICS;
const names = Object.keys(ENDPOINT_STATISTICS) as [EndpointStatistic, ...EndpointStatistic[]];

export const endpointSchema = z.strictObject({
  statistic: z.enum(names).describe('The statistic, by its name in decoupling.csv.'),
  of: z
    .array(z.string())
    .min(1)
    .max(2)
    .describe(
      'One optimizer, or two for a difference, the second minus the first. Each by its label, or by its name if only one has it.',
    ),
  confirms: z
    .enum(['greater', 'less'])
    .describe('Which side of `than` confirms the claim. The whole interval must lie on it.'),
  than: z.number().default(0).describe('The threshold, in the unit of decoupling.csv: errors are shares.'),
});
export type Endpoint = Readonly<z.infer<typeof endpointSchema>>;

export const endpointsSchema = z
  .array(endpointSchema)
  .min(1)
  .max(50)
  .optional()
  .describe('What the experiment is to show, fixed before its first run. The verdict answers it first.');

/** Those of the second stage. */
const OF_CONFIRMATION: readonly EndpointStatistic[] = [
  'paired_difference',
  'confirmed_steps',
  'confirmed_steps_relative',
];

interface WithEndpoints {
  readonly dataset?: { readonly name: string };
  readonly optimizers: readonly OptimizerSpec[];
  readonly endpoints?: readonly Endpoint[] | undefined;
  readonly confirm?: object | undefined;
}

/** The index of the optimizer that `word` means: by its label, else by its name if only one has it. */
function indexOf(word: string, optimizers: readonly OptimizerSpec[]): number | 'none' | 'several' {
  const byLabel = optimizers.findIndex((spec) => optimizerLabel(spec) === word);
  if (byLabel >= 0) return byLabel;
  const byName = optimizers.flatMap(({ name }, i) => (name === word ? [i] : []));
  return byName.length === 1 ? byName[0]! : byName.length === 0 ? 'none' : 'several';
}

/** Every endpoint must be about optimizers that there are, and about as many as its statistic takes. */
export function checkEndpoints(experiment: WithEndpoints, ctx: Context): void {
  const { optimizers, endpoints = [] } = experiment;
  const labels = optimizers.map(optimizerLabel).join(', ');
  for (const [i, { statistic, of }] of endpoints.entries()) {
    const found = of.map((word) => indexOf(word, optimizers));
    for (const [k, index] of found.entries()) {
      const path = ['endpoints', i, 'of', k];
      if (index === 'none')
        report(ctx, path, 'must be the label or the name of an optimizer', `labels here: ${labels}`);
      else if (index === 'several')
        report(ctx, path, 'is the name of several optimizers: it must be a label', `labels here: ${labels}`);
      else if (found.indexOf(index) < k) report(ctx, path, 'must be another optimizer than the first');
    }
    checkStatistic(experiment, statistic, i, ctx);
    const counts: readonly number[] = ENDPOINT_STATISTICS[statistic];
    if (counts.includes(of.length)) continue;
    const message = counts[0] === 2 ? 'must name two optimizers' : 'must name one optimizer';
    report(ctx, ['endpoints', i, 'of'], `${message}, since \`statistic\` is ${statistic}`);
  }
}

/** What a statistic needs of the other sections. */
function checkStatistic(
  { dataset, confirm }: WithEndpoints,
  statistic: EndpointStatistic,
  i: number,
  ctx: Context,
): void {
  const path = ['endpoints', i, 'statistic'];
  if (OF_CONFIRMATION.includes(statistic) && !confirm)
    report(ctx, path, 'needs a second stage, and the experiment has none', 'add confirm: {freshSeeds: 16}');
  if (/steps/.test(statistic) && dataset?.name !== 'modular')
    report(ctx, path, 'is of runs on equations only', 'it needs dataset: {name: modular}');
}

/** The endpoints of an experiment with `of` in labels, and keys in one order; none if it lists none. */
export const resolvedEndpoints = ({ optimizers, endpoints = [] }: WithEndpoints): Endpoint[] =>
  endpoints.map(({ statistic, of, confirms, than }) => ({
    statistic,
    of: of.map((word) => {
      const index = indexOf(word, optimizers);
      return typeof index === 'number' ? optimizerLabel(optimizers[index]!) : word;
    }),
    confirms,
    than,
  }));

/** sha256 of the JSON of a resolved list. */
export const endpointsHash = (list: readonly Endpoint[]): string => hash('sha256', JSON.stringify(list));

/** A list of endpoints as a results folder keeps it. */
export const keptListSchema = z.object({
  list: z.array(endpointSchema),
  sha256: z.string(),
  /** ISO 8601, UTC. */
  keptAt: z.string(),
  /** How many records the folder had then: 0 says that the list was fixed before the first cell was trained. */
  records: z.int().min(0),
});

export const keptEndpointsSchema = keptListSchema.extend({
  /** The lists before this one, the oldest first: each was replaced when the next was kept. */
  earlier: z.array(keptListSchema).default([]),
});
export type KeptEndpoints = Readonly<z.infer<typeof keptEndpointsSchema>>;

/**
 * What a folder keeps from now on.
 * @param before what it kept until now, if anything
 * @param records how many records it has
 * @returns undefined where no list is and none was
 */
export function keepEndpoints(
  before: KeptEndpoints | undefined,
  list: readonly Endpoint[],
  records: number,
  now: Date,
): KeptEndpoints | undefined {
  const sha256 = endpointsHash(list);
  if (before ? before.sha256 === sha256 : list.length === 0) return before;
  const { earlier = [], ...last } = before ?? {};
  // A list without records after it may still be changed.
  const replaced = before && records > 0 ? [...earlier, last as z.infer<typeof keptListSchema>] : earlier;
  return { list: [...list], sha256, keptAt: now.toISOString(), records, earlier: replaced };
}
