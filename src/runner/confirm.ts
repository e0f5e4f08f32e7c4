/** The choice for the second stage: made once, when the grid is settled, and kept in the manifest. */
import { chooseCells } from '../analysis/choice.js';
import { countsSteps } from '../analysis/stepsToGeneralise.js';
import { choiceWords, freshSeeds, type Choice, type KeptChoice } from '../experiment/confirm.js';
import { fits, gridHash } from '../experiment/stages.js';
import type { Job, Plan } from '../experiment/plan.js';
import { hasValidation, isFailure, type RunRecord } from '../experiment/record.js';
import { writeAtomically } from '../files/atomic.js';
import { holdingLock } from '../files/lock.js';
import { explainingAccess, layout } from './directory.js';
import { keptChoiceOf, readManifest, type Manifest } from './manifest.js';
import { jobsInSlices } from './slices.js';

/**
 * The choice that a folder has made from this grid.
 * @returns undefined where there is none, or one from another grid, on other seeds or of other cells
 */
export async function frozenChoice(
  grid: Plan,
  manifest: Manifest | null | undefined,
): Promise<Choice | undefined> {
  const kept = grid.experiment.confirm && keptChoiceOf(manifest);
  if (!kept) return undefined;
  return fits(kept.choice, grid.experiment, await jobsInSlices(grid)) ? kept.choice : undefined;
}

export interface SettledGrid {
  readonly dir: string;
  readonly plan: Plan;
  readonly jobs: readonly Job[];
  /** Of all its cells, those that failed included, under the labels of this experiment. */
  readonly records: readonly RunRecord[];
  /** Make the choice anew even if there is one from the same grid. */
  readonly again: boolean;
  /** All records of the folder, of other cells too. */
  readonly all: readonly RunRecord[];
}

/**
 * Chooses, and writes the choice into the manifest before any of its cells is trained. A choice that another process
 * has made meanwhile from the same grid stands.
 * @returns undefined if no cell has a result
 */
export async function freezeChoice(settled: SettledGrid): Promise<Choice | undefined> {
  const { dir, plan, jobs, again, all } = settled;
  const choice = choiceFrom(settled);
  if (choice.chosen.length === 0) return undefined;
  const file = layout(dir).manifest;
  const freeze = () =>
    holdingLock(`${file}.lock`, async () => {
      const manifest = await readManifest(file);
      const kept = keptChoiceOf(manifest);
      if (kept && fits(kept.choice, plan.experiment, jobs) && !(again && differ(kept.choice, choice)))
        return kept.choice;
      const replaced = kept && {
        ...kept.choice,
        replacedAt: choice.chosenAt,
        records: confirmedBy(kept.choice, all),
      };
      const earlier = [...(kept?.earlier ?? []), ...(replaced ? [replaced] : [])];
      const confirmation: KeptChoice = { choice, earlier };
      await writeAtomically(file, `${JSON.stringify({ ...manifest, confirmation }, null, 2)}\n`);
      return choice;
    });
  return explainingAccess(dir, freeze);
}

/** How many runs a choice's cells have on its fresh seeds. */
function confirmedBy({ chosen, seeds }: Choice, all: readonly RunRecord[]): number {
  const own = all.filter(
    ({ cell: { lr, wd, seed } }) => seeds.includes(seed) && chosen.some((c) => c.lr === lr && c.wd === wd),
  );
  return new Set(own.map(({ cell }) => cell.id)).size;
}

const differ = (a: Choice, b: Choice) => JSON.stringify(a.chosen) !== JSON.stringify(b.chosen);

function choiceFrom({ plan, jobs, records }: SettledGrid): Choice {
  const { confirm } = plan.experiment;
  const at = confirm?.at ?? 'best';
  const labels = plan.optimizers.map(({ label }) => label);
  return {
    chosenAt: new Date().toISOString(),
    by: countsSteps(records) ? 'steps' : records.some(hasValidation) ? 'validation' : 'test',
    at,
    seeds: freshSeeds(plan.experiment),
    grid: gridHash(jobs),
    cells: jobs.length,
    failed: records.filter(isFailure).length,
    chosen: chooseCells(records, labels, at),
  };
}

/** What is told of it when it is made. */
export function choiceNotice({ chosen, seeds, by, failed }: Choice): string {
  const cells = chosen
    .filter(({ role }) => role === 'best')
    .map(({ label, lr, wd }) => `${label} at lr ${lr}, wd ${wd}`);
  const without = failed > 0 ? ` ${failed} of its cells failed.` : '';
  return `The grid is settled.${without} Chosen by ${choiceWords(by)} and trained on ${seeds.length} fresh seeds: ${cells.join('; ')}.`;
}
