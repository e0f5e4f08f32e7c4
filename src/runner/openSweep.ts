/** What a sweep begins with: a backend, data, the folder's records, and the choice that an earlier run has made. */
import { passedOver } from '../backends/backend.js';
import { identityOf, type BackendReport } from '../backends/index.js';
import type { Experiment } from '../config/index.js';
import { loadDataset } from '../data/index.js';
import { withConfirmation } from '../experiment/stages.js';
import { plan, type Plan } from '../experiment/plan.js';
import type { RunRecord } from '../experiment/record.js';
import { backendFor } from './backendFor.js';
import { frozenChoice } from './confirm.js';
import { explainingAccess, layout } from './directory.js';
import { openJournal, type Journal } from './journal.js';
import { readManifest, type Manifest } from './manifest.js';
import type { SweepEvents, SweepOptions } from './sweep.js';

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
  readonly data: Manifest['dataset'];
  readonly journal: Journal;
  /** All that the folder has, of other cells too. */
  readonly records: readonly RunRecord[];
}

/** @throws as `runSweep` */
export async function openSweep(
  experiment: Experiment,
  options: SweepOptions,
  events: SweepEvents,
): Promise<Opened> {
  const before = await readManifest(layout(options.dir).manifest);
  const { backend, notice } = await backendFor(experiment, before);
  for (const text of [...(notice === undefined ? [] : [notice]), ...passedOver(backend)])
    events.onNotice?.(text);
  const data = await describeData(experiment, options, events);
  const grid = plan(experiment, identityOf(backend));
  const choice = options.chooseAgain ? undefined : await frozenChoice(grid, before);
  const { journal, records } = await explainingAccess(options.dir, () =>
    openJournal(layout(options.dir).journal, (count, movedTo) =>
      events.onNotice?.(
        `${count} damaged line${count === 1 ? '' : 's'} of the journal moved to ${movedTo}; their cells are trained again.`,
      ),
    ),
  );
  return {
    plan: choice ? withConfirmation(grid, choice) : grid,
    grid,
    settled: 0,
    backend,
    data,
    journal,
    records,
  };
}

/** What is said about the data; the data themselves are the workers' business. */
async function describeData(
  experiment: Experiment,
  { dataDir }: SweepOptions,
  events: SweepEvents,
): Promise<Manifest['dataset']> {
  const { name, fingerprint, warnings } = await loadDataset(experiment.dataset, {
    ...(dataDir === undefined ? {} : { dataDir }),
    ...(events.onDownload ? { onProgress: events.onDownload } : {}),
  });
  for (const warning of warnings) events.onNotice?.(warning);
  return { name, fingerprint, warnings };
}
