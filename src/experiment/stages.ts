/** A plan with its second stage: which grid a choice belongs to, and the cells that it adds. */
import { hash } from 'node:crypto';
import { freshSeeds, type Choice, type WithConfirm } from './confirm.js';
import type { Job, Plan, PlannedOptimizer } from './plan.js';

/** sha256 of the ids of a grid's cells in their order: another grid, backend or arithmetic gives another one. */
export const gridHash = (jobs: readonly Job[]): string =>
  hash('sha256', jobs.map(({ cell }) => cell.id).join(' '));

/** Whether a choice is the one that this experiment's grid has led to. */
export const fits = (choice: Choice, experiment: WithConfirm, jobs: readonly Job[]): boolean =>
  choice.at === experiment.confirm?.at &&
  choice.seeds.join() === freshSeeds(experiment).join() &&
  choice.grid === gridHash(jobs);

/** The grid's cells, then the chosen cells seed by seed. */
export function withConfirmation(grid: Plan, { chosen, seeds }: Choice): Plan {
  const optimizers = new Map(grid.optimizers.map((one) => [one.label, one]));
  const cells = chosen.flatMap((cell) => {
    const optimizer = optimizers.get(cell.label);
    return optimizer ? [{ ...cell, optimizer }] : [];
  });
  return {
    ...grid,
    size: grid.size + cells.length * seeds.length,
    *jobs() {
      yield* grid.jobs();
      for (const seed of seeds)
        for (const { label, lr, wd, optimizer } of cells)
          yield { label, cell: optimizer.cellAt(lr, wd, seed) };
    },
  };
}

/** How many cells of an optimizer the second stage trains at most. */
export function mostConfirmed(experiment: WithConfirm, { lrs, wds }: PlannedOptimizer): number {
  const { confirm } = experiment;
  if (!confirm) return 0;
  const beside = (length: number) => Math.min(2, length - 1);
  const cells = confirm.at === 'best' ? 1 : 1 + beside(lrs.length) + beside(wds.length);
  return cells * confirm.freshSeeds;
}
