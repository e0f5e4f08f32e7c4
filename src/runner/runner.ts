/** A sweep from its experiment to its journal: what is missing is trained, what is there is kept. */
import type { Experiment } from '../config/index.js';
import type { ReportedOptions } from '../errors/reported.js';
import { onUnflushable } from '../files/flush.js';
import { isFailure, type RunRecord } from '../experiment/record.js';
import { withConfirmation } from '../experiment/stages.js';
import type { Job, Plan } from '../experiment/plan.js';
import { clearCheckpoints, folderStore } from './checkpoints.js';
import { clearClaims, sharedSource, type JobSource } from './claims.js';
import { choiceNotice, freezeChoice } from './confirm.js';
import { StorageError, explainingAccess, layout, takeDirectory } from './directory.js';
import { earlyWorkers } from './earlyWorkers.js';
import { FailedFast, type ExecutionContext } from './executor.js';
import { openLedger, type Ledger } from './ledger.js';
import { leftoverNotices } from './leftovers.js';
import { keptChoiceOf, readManifest, type Manifest } from './manifest.js';
import { isSettled, missingJobs, recordsOf, relabelled } from './missing.js';
import { openSweep, type Opened } from './openSweep.js';
import { runPool } from './pool.js';
import { recordSession } from './recordSession.js';
import { jobsInSlices } from './slices.js';
import type { SweepEvents, SweepOptions, SweepResult } from './sweep.js';
import { recordedData } from './sweepData.js';
import { setupOf, workersOf } from './workerSetup.js';

/**
 * Runs (or continues) a sweep.
 * @returns undefined where the signal came while the cells of a large sweep were still being listed
 * @throws DirectoryError, the data and backend errors of what it calls; StorageError where the folder fails while the
 * sweep is under way
 */
export async function runSweep(
  experiment: Experiment,
  options: SweepOptions,
  events: SweepEvents,
): Promise<SweepResult | undefined> {
  const { dir, signal } = options;
  const lost = new AbortController();
  onUnflushable((text) => events.onNotice?.(text));
  const release = await takeDirectory(dir, experiment, options.update, {
    join: options.join ?? false,
    configFile: options.configFile,
    amendEndpoints: options.amendEndpoints ?? false,
    chooseAgain: options.chooseAgain ?? false,
    onLost: () => lost.abort(vanished(dir)),
  });
  const early = earlyWorkers(signal);
  try {
    const opened = await openSweep(experiment, options, events, early);
    try {
      let sweep = await prepare(opened, options, events);
      let failedFast = await execute(sweep, options, events, lost.signal);
      const second = failedFast ? undefined : await secondStage(sweep, options, events);
      if (second) {
        sweep = await prepare(second, options, events);
        failedFast = await execute(sweep, options, events, lost.signal);
      }
      return await conclude(sweep, dir, failedFast);
    } catch (error) {
      if (signal.aborted && error === signal.reason) return undefined;
      throw error;
    } finally {
      await opened.journal.close();
    }
  } finally {
    await early.end();
    await release();
  }
}

const vanished = (dir: string) =>
  new StorageError(
    `${dir} was removed, or taken over by another process, while the sweep was running. Run the same command again to train what is missing.`,
  );

/**
 * The second stage, once every cell of the grid is settled: a failed one counts as settled. Where the choice was made
 * by an earlier run, both stages are one, and there is nothing more to do.
 */
async function secondStage(
  sweep: Sweep,
  { dir, chooseAgain = false }: SweepOptions,
  events: SweepEvents,
): Promise<Opened | undefined> {
  const { plan, grid, jobs, ledger, missing, manifest } = sweep;
  const isSettled = jobs.every(({ cell }) => ledger.found.has(cell.id));
  if (!plan.experiment.confirm || plan !== grid || !isSettled) return undefined;
  const records = [...sweep.records, ...ledger.found.values()];
  const choice = await freezeChoice({
    dir,
    plan,
    jobs,
    records: recordsOf(jobs, ledger.found),
    all: records,
    again: chooseAgain,
  });
  if (!choice) {
    events.onNotice?.('No cell of the grid has a result, so there is nothing to confirm.');
    return undefined;
  }
  events.onNotice?.(choiceNotice(choice));
  const session = missing.size > 0 ? ((await readManifest(layout(dir).manifest)) ?? manifest) : undefined;
  return { ...sweep, plan: withConfirmation(grid, choice), records, settled: jobs.length, session };
}

/** A sweep whose missing cells are known. */
interface Sweep extends Opened {
  readonly data: Manifest['dataset'];
  readonly jobs: readonly Job[];
  /** By cell id. */
  readonly missing: ReadonlyMap<string, Job>;
  readonly ledger: Ledger;
  readonly workers: number;
  readonly manifest: Manifest;
}

/** Finds out what is missing, and writes down who will train it. */
async function prepare(opened: Opened, options: SweepOptions, events: SweepEvents): Promise<Sweep> {
  const { plan, backend, journal, records, settled } = opened;
  const { dir, executor, command, retryFailed } = options;
  const paths = layout(dir);
  const jobs = await jobsInSlices(plan, options.signal);
  const ledger = openLedger(journal, relabelled(records, jobs), (record) => events.onOthersRecord?.(record));
  const missing = await missingJobs(jobs.slice(settled), ledger.found, options);
  const data = (await recordedData(plan.experiment, paths.manifest, missing.size)) ?? (await opened.load());
  if (missing.size > 0) await requireModel(plan, options);
  // Read before the manifest says who trains from here on.
  const leftovers =
    missing.size > 0 && settled === 0
      ? leftoverNotices(records, jobs, await readManifest(paths.manifest))
      : [];
  const manifest =
    opened.session ??
    (await recordSession(plan.experiment, {
      dir,
      command,
      backend,
      data,
      workers: executor ? null : workersOf(options, backend),
      hasRecords: ledger.found.size > 0,
      records: records.length,
      idle: missing.size === 0,
    }));
  for (const text of leftovers) events.onNotice?.(text);
  await clearCheckpoints(paths.checkpoints, (id) => {
    const record = ledger.found.get(id);
    return record !== undefined && isSettled(record, retryFailed);
  });
  const workers = Math.max(1, Math.min(workersOf(options, backend), missing.size));
  events.onPlan?.({
    jobs,
    missing: [...missing.values()],
    kept: [...ledger.found.values()],
    backend,
    workers: executor ? null : workers,
  });
  return { ...opened, data, jobs, missing, ledger, workers, manifest };
}

/**
 * Refuses a network that its images do not fit, or that does not fit into memory, before any worker starts.
 * @throws ModelError
 */
async function requireModel(
  { experiment, backend }: Plan,
  { executor, limits }: SweepOptions,
): Promise<void> {
  // Loaded only where there is something to train.
  const { buildModel, requireMemory } = await import('../models/index.js');
  const { trainShape } = await import('../data/catalog.js');
  const model = buildModel(experiment.model, trainShape(experiment.dataset));
  // A queue's workers are elsewhere, with another memory.
  if (!executor) requireMemory(model, experiment, { backend, limit: limits.memory });
}

/**
 * Has the missing jobs trained, and journals each record.
 * @returns whether a failed cell has ended the sweep
 */
async function execute(
  sweep: Sweep,
  options: SweepOptions,
  events: SweepEvents,
  lost: AbortSignal,
): Promise<boolean> {
  const failed = new AbortController();
  const keep = recordKeeper(sweep, options.dir, events);
  const run = options.executor ?? runPool;
  await run(
    [...sweep.missing.values()],
    contextOf(sweep, options),
    {
      ...events,
      async onRecord(record, slot) {
        const kept = await keep(record, slot);
        if (kept && options.failFast && isFailure(record)) failed.abort(new FailedFast());
      },
    },
    AbortSignal.any([options.signal, failed.signal, lost]),
  );
  if (lost.aborted) throw lost.reason as StorageError;
  return failed.signal.aborted;
}

function contextOf(sweep: Sweep, options: SweepOptions): ExecutionContext {
  const { plan, data, early, ledger, workers } = sweep;
  return {
    plan,
    workers,
    retries: options.retries,
    limits: options.limits,
    setup: setupOf(plan, options),
    fingerprint: data.fingerprint,
    takeEarly: early.take,
    source: sourceOf(sweep, options.dir),
    before: new Map(ledger.found),
  };
}

function sourceOf({ missing, ledger }: Sweep, dir: string): JobSource {
  const { size, next } = sharedSource(missing.values(), layout(dir).claims, async (id) => {
    await ledger.catchUp();
    return ledger.isNew(id);
  });
  return { size, next: (signal) => explainingAccess(dir, () => next(signal), storage) };
}

const storage = (message: string, options: ReportedOptions) => new StorageError(message, options);

/** Puts an executor's records into the journal, one for each cell that was to be trained; whether it has done so. */
function recordKeeper(
  { missing, ledger }: Sweep,
  dir: string,
  events: SweepEvents,
): (record: RunRecord, slot: number) => Promise<boolean> {
  const checkpoints = folderStore(layout(dir).checkpoints);
  return async (record, slot) => {
    const { id } = record.cell;
    if (!missing.has(id)) {
      events.onNotice?.(`A record of cell ${id} is ignored: that cell was not to be trained.`);
      return false;
    }
    const kept = await explainingAccess(dir, () => ledger.keep(record), storage);
    if (!kept) events.onNotice?.(`Cell ${id} has got a record meanwhile; another one is ignored.`);
    // What a timed-out cell has reached is worth keeping: --retry-failed goes on from there.
    if (record.status !== 'timeout') await checkpoints.remove(id).catch(() => undefined);
    if (kept) events.onRecord?.(record, slot);
    return kept;
  };
}

/** Clears up, and says what the sweep has led to. */
async function conclude(sweep: Sweep, dir: string, failedFast: boolean): Promise<SweepResult> {
  const { plan, grid, jobs, missing, ledger, manifest } = sweep;
  const { claims, checkpoints } = layout(dir);
  await clearClaims(claims);
  await clearCheckpoints(checkpoints, () => false);
  const records = recordsOf(jobs, ledger.found);
  const isBeforeConfirmation = failedFast && plan.experiment.confirm !== undefined && plan === grid;
  const interrupted = isBeforeConfirmation || [...missing.keys()].some((id) => !ledger.isNew(id));
  // The choice may have been made after the session was written down.
  const latest = plan === grid ? undefined : await readManifest(layout(dir).manifest);
  const choice = latest && keptChoiceOf(latest);
  return {
    records,
    jobs,
    manifest: latest ?? manifest,
    interrupted,
    failedFast,
    ...(choice ? { choice } : {}),
  };
}
