/** What a sweep begins with: a backend, data, the folder's records, and the choice that an earlier run has made. */
import { passedOver } from '../backends/backend.js';
import { identityOf, type BackendReport } from '../backends/index.js';
import type { Experiment } from '../config/index.js';
import { withConfirmation } from '../experiment/stages.js';
import { distinctSize, plan, type Plan } from '../experiment/plan.js';
import type { RunRecord } from '../experiment/record.js';
import { backendFor } from './backendFor.js';
import { frozenChoice } from './confirm.js';
import { explainingAccess, layout } from './directory.js';
import { surelyMissing, type EarlyWorkers } from './earlyWorkers.js';
import { openJournal, type Journal } from './journal.js';
import { readManifest, type Manifest } from './manifest.js';
import type { SweepEvents, SweepOptions } from './sweep.js';
import { dataLoader } from './sweepData.js';
import { setupOf, workersOf } from './workerSetup.js';

/** What a sweep works with: a backend that computes, data, and the folder's records. */
export interface Opened {
  /** The grid, and the cells of the second stage once they are chosen. */
  readonly plan: Plan;
  readonly grid: Plan;
  /** How many of the plan's cells, from its first, an earlier stage of this run has settled. */
  readonly settled: number;
  /** The manifest, where an earlier stage has written this session into it. */
  readonly session?: Manifest | undefined;
  readonly backend: BackendReport;
  /** Loads the data where they have not been yet. */
  readonly load: () => Promise<Manifest['dataset']>;
  readonly journal: Journal;
  readonly early: EarlyWorkers;
  /** All that the folder has, of other cells too. */
  readonly records: readonly RunRecord[];
}

/** @throws as `runSweep` */
export async function openSweep(
  experiment: Experiment,
  options: SweepOptions,
  events: SweepEvents,
  early: EarlyWorkers,
): Promise<Opened> {
  const before = await readManifest(layout(options.dir).manifest);
  const { backend, notice } = await backendFor(experiment, before);
  for (const text of [...(notice === undefined ? [] : [notice]), ...passedOver(backend)])
    events.onNotice?.(text);
  const grid = plan(experiment, identityOf(backend));
  const choice = options.chooseAgain ? undefined : await frozenChoice(grid, before);
  const all = choice ? withConfirmation(grid, choice) : grid;
  const load = dataLoader(experiment, options, events);
  // If there is surely something to train, missing data are reported before the journal is begun.
  if ((await startEarly(early, { grid, all }, backend, options)) > 0) await load();
  const { journal, records } = await explainingAccess(options.dir, () =>
    openJournal(layout(options.dir).journal, (count, movedTo) =>
      events.onNotice?.(
        `${count} damaged line${count === 1 ? '' : 's'} of the journal moved to ${movedTo}; their cells are trained again.`,
      ),
    ),
  );
  return {
    plan: all,
    grid,
    settled: 0,
    backend,
    load,
    journal,
    early,
    records,
  };
}

/**
 * Has workers start while the data are loaded, where there is surely something to train here.
 * @returns how many cells are surely missing
 */
async function startEarly(
  early: EarlyWorkers,
  { grid, all }: { readonly grid: Plan; readonly all: Plan },
  backend: BackendReport,
  options: SweepOptions,
): Promise<number> {
  // A cell that two grids share has one record. Where there are such, the chosen cells may be the same, too.
  const distinct = distinctSize(grid);
  const least = distinct < grid.size ? distinct : all.size;
  const missing = await surelyMissing(layout(options.dir).journal, least);
  if (!options.executor)
    early.start(Math.min(workersOf(options, backend), missing), setupOf(all, options), options.limits);
  return missing;
}
