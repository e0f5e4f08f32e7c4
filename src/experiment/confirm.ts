/**
 * The second stage of an experiment: each optimizer's best cell of the grid, trained on fresh seeds. The choice is made
 * once, when every cell of the grid is settled. Its cells are ordinary cells; only their seeds tell the stages apart.
 */
import { z } from 'zod';

const places = ['best', 'best+neighbours'] as const;

export const confirmSchema = z
  .strictObject({
    freshSeeds: z
      .int()
      .min(2)
      .max(1000)
      .describe('How many seeds: the first from 1000 on that are not in `train.seeds`.'),
    at: z
      .enum(places)
      .default('best')
      .describe('Which cells: each optimizer’s best one, or also those beside it on the grid.'),
  })
  .optional()
  .describe('A second stage: trains each optimizer’s best cell again, on seeds that did not choose it.');
export type ConfirmSpec = NonNullable<z.infer<typeof confirmSchema>>;

export interface WithConfirm {
  readonly train: { readonly seeds: readonly number[] };
  readonly confirm?: ConfirmSpec | undefined;
}

/** Where fresh seeds begin: above the seeds that grids have, so that a further grid seed takes none of them. */
const FIRST_FRESH = 1000;

/** The seeds of the second stage, ascending, none of them in `train.seeds`; none without one. */
export function freshSeeds({ train, confirm }: WithConfirm): number[] {
  const taken = new Set(train.seeds);
  const seeds: number[] = [];
  for (let seed = FIRST_FRESH; seeds.length < (confirm?.freshSeeds ?? 0); seed++)
    if (!taken.has(seed)) seeds.push(seed);
  return seeds;
}

const chosenCellSchema = z.object({
  label: z.string(),
  lr: z.number(),
  wd: z.number(),
  /** `best`: the cell of least error. `neighbour`: one beside it on the grid. */
  role: z.enum(['best', 'neighbour']),
});
export type ChosenCell = Readonly<z.infer<typeof chosenCellSchema>>;

const count = z.int().min(0);

/** What was chosen, from what, and when. */
export const choiceSchema = z.object({
  /** ISO 8601, UTC. */
  chosenAt: z.string(),
  /** The images whose error chose: those held back, or the test set; or the steps until the test error is low. */
  by: z.enum(['validation', 'test', 'steps']),
  at: z.enum(places),
  seeds: z.array(count),
  /** The grid it was chosen from: see `gridHash` in stages.ts. */
  grid: z.string(),
  /** How many cells the grid had, and how many of them failed. */
  cells: count,
  failed: count,
  chosen: z.array(chosenCellSchema),
});
export type Choice = Readonly<z.infer<typeof choiceSchema>>;

/** By what the cells were chosen, after "chosen by". */
export const choiceWords = (by: Choice['by']): string =>
  by === 'steps' ? 'the steps until they generalise' : `${by} error`;

/** What a manifest keeps of it. */
export const keptChoiceSchema = z.object({
  choice: choiceSchema,
  /** Choices before this one, with the number of records on fresh seeds that there were when they were replaced. */
  earlier: z.array(choiceSchema.extend({ replacedAt: z.string(), records: count })).default([]),
});
export type KeptChoice = Readonly<z.infer<typeof keptChoiceSchema>>;
