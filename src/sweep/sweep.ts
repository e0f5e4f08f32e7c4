/** A sweep from its experiment to its journal: what is missing is trained, what is there is kept. */
import { identityOf, type BackendReport } from '../backends/index.js';
import type { Experiment } from '../config/index.js';
import { loadDataset, trainShape } from '../data/index.js';
import { writeAtomically } from '../files/atomic.js';
import { holdingLock } from '../files/lock.js';
import type { RunRecord } from '../train/record.js';
import { expand, type Job } from './cells.js';
import { clearCheckpoints, folderStore } from './checkpoints.js';
import { clearClaims, sharedSource, type JobSource } from './claims.js';
import { DirectoryError, StorageError, explainingAccess, layout, takeDirectory } from './directory.js';
import { openJournal, type Journal } from './journal.js';
import { openLedger } from './ledger.js';
import { leftoverNotices } from './leftovers.js';
import { extendManifest, hostFacts, readManifest, type Manifest } from './manifest.js';
import { backendFor } from './backendFor.js';
import { runPool, type ExecutionEvents, type PoolOptions } from './pool.js';
import type { CheckpointPolicy } from './trainCell.js';
import type { Limits } from './workerProcess.js';

/** Trains jobs until none is left or `signal` aborts: the local pool, or a queue's coordinator. */
export type Executor = (
  jobs: readonly Job[],
  options: PoolOptions,
  events: ExecutionEvents,
  signal: AbortSignal,
) => Promise<void>;

export interface SweepOptions {
  readonly dir: string;
  readonly dataDir?: string | undefined;
  /** Worker processes, or how many for the backend that is found. */
  readonly workers: number | ((backend: BackendReport) => number);
  readonly retries: number;
  readonly failFast: boolean;
  /** Train cells that are recorded as failed or timed out once more. */
  readonly retryFailed: boolean;
  /** Keep a folder of another configuration. */
  readonly update: boolean;
  /** Share the work of another process in the same folder. */
  readonly join?: boolean;
  readonly limits: Limits;
  readonly policy: CheckpointPolicy;
  /** Keep the final weights of each cell in the folder `weights`. */
  readonly keepWeights?: boolean;
  /** Who trains, with workers of its own; default the pool of this machine. */
  readonly executor?: Executor;
  /** What the user typed, for the manifest. */
  readonly command: string;
  /** Aborts the sweep; running cells keep checkpoints. */
  readonly signal: AbortSignal;
}

/** What the sweep tells while it works. */
export interface SweepEvents extends Omit<ExecutionEvents, 'onRecord'> {
  onDownload?(progress: { file: string; received: number; total?: number }): void;
  onPlan?(plan: SweepPlan): void;
  onRecord?(record: RunRecord, slot: number): void;
}

export interface SweepPlan {
  readonly jobs: readonly Job[];
  readonly missing: readonly Job[];
  /** Records there already, of this experiment's cells. */
  readonly kept: readonly RunRecord[];
  readonly backend: BackendReport;
  /** Worker processes of this sweep; null where they are not its own but a queue's, as many as there may be. */
  readonly workers: number | null;
}

export interface SweepResult {
  /** All records of this experiment's cells, old and new. */
  readonly records: readonly RunRecord[];
  readonly jobs: readonly Job[];
  readonly manifest: Manifest;
  /** Whether the sweep was stopped before every cell had a record: from outside, or by `failFast`. */
  readonly interrupted: boolean;
  readonly failedFast: boolean;
}

/** Whether a record stands, or its cell is to be trained (again). */
const isSettled = (record: RunRecord, retryFailed: boolean) => !isFailure(record) || !retryFailed;
const isFailure = ({ status }: RunRecord) => status === 'failed' || status === 'timeout';

/**
 * Runs (or continues) a sweep.
 * @throws DirectoryError, the data and backend errors of what it calls; StorageError where the folder fails while the
 * sweep is under way
 */
export async function runSweep(
  experiment: Experiment,
  options: SweepOptions,
  events: SweepEvents,
): Promise<SweepResult> {
  const { dir } = options;
  const lost = new AbortController();
  const onLost = () => lost.abort(vanished(dir));
  const release = await takeDirectory(dir, experiment, options.update, {
    join: options.join ?? false,
    onLost,
  });
  try {
    const { backend, notice } = await backendFor(experiment, await readManifest(layout(dir).manifest));
    if (notice !== undefined) events.onNotice?.(notice);
    const data = await describeData(experiment, options, events);
    const { journal, records } = await explainingAccess(dir, () =>
      openJournal(layout(dir).journal, (count, movedTo) =>
        events.onNotice?.(
          `${count} damaged line${count === 1 ? '' : 's'} of the journal moved to ${movedTo}; their cells are trained again.`,
        ),
      ),
    );
    try {
      return await execute(experiment, options, events, { backend, data, journal, records }, lost.signal);
    } finally {
      await journal.close();
    }
  } finally {
    await release();
  }
}

const vanished = (dir: string) =>
  new StorageError(
    `${dir} was removed, or taken over by another process, while the sweep was running. Run the same command again to train what is missing.`,
  );

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

/** Refuses a network that its images do not fit before any cell fails of it. @throws ModelError */
async function requireModel({ model, dataset }: Experiment): Promise<void> {
  // Loaded only where there is something to train.
  const { buildModel } = await import('../models/index.js');
  buildModel(model, trainShape(dataset));
}

interface Opened {
  readonly backend: BackendReport;
  readonly data: Manifest['dataset'];
  readonly journal: Journal;
  readonly records: readonly RunRecord[];
}

async function execute(
  experiment: Experiment,
  options: SweepOptions,
  events: SweepEvents,
  { backend, data, journal, records }: Opened,
  lost: AbortSignal,
): Promise<SweepResult> {
  const { dir, failFast } = options;
  const paths = layout(dir);
  const jobs = expand(experiment, identityOf(backend));
  const ledger = openLedger(journal, relabelled(records, jobs), (record) => events.onRecord?.(record, -1));
  const missing = missingJobs(jobs, ledger.found, options.retryFailed);
  if (missing.length > 0) await requireModel(experiment);
  const done = new Set(jobs.map(({ cell }) => cell.id));
  for (const { cell } of missing) done.delete(cell.id);
  // Before the manifest says who trains from here on.
  const leftovers =
    missing.length > 0 ? leftoverNotices(records, jobs, await readManifest(paths.manifest)) : [];
  const manifest = await recordSession(experiment, options, data, backend, {
    kept: ledger.found.size > 0,
    idle: missing.length === 0,
  });
  for (const text of leftovers) events.onNotice?.(text);
  await clearCheckpoints(paths.checkpoints, (id) => done.has(id));
  const workers = Math.max(1, Math.min(workersOf(options, backend), missing.length));
  events.onPlan?.({
    jobs,
    missing,
    kept: [...ledger.found.values()],
    backend,
    workers: options.executor ? null : workers,
  });
  const store = folderStore(paths.checkpoints);
  const failed = new AbortController();
  const setup = {
    dataset: experiment.dataset,
    dataDir: options.dataDir,
    backend: identityOf(backend),
    threads: experiment.threads,
    checkpoints: paths.checkpoints,
    policy: options.policy,
    ...(options.keepWeights ? { weights: paths.weights } : {}),
  };
  const { retries, limits } = options;
  const shared = sharedSource(missing, paths.claims, async (id) => {
    await ledger.catchUp();
    return ledger.isNew(id);
  });
  const source: JobSource = {
    size: shared.size,
    next: (signal) => explainingAccess(dir, () => shared.next(signal), storage),
  };
  await (options.executor ?? runPool)(
    missing,
    { workers, retries, limits, setup, source, fingerprint: data.fingerprint, before: new Map(ledger.found) },
    {
      ...events,
      async onRecord(record, slot) {
        const { id } = record.cell;
        const kept = await explainingAccess(dir, () => ledger.keep(record), storage);
        if (!kept) events.onNotice?.(`Cell ${id} has been trained by another coordinator meanwhile.`);
        // What a timed-out cell has reached is worth keeping: --retry-failed goes on from there.
        if (record.status !== 'timeout') await store.remove(id).catch(() => undefined);
        if (kept) events.onRecord?.(record, slot);
        if (failFast && isFailure(record)) failed.abort();
      },
    },
    AbortSignal.any([options.signal, failed.signal, lost]),
  );
  if (lost.aborted) throw lost.reason as StorageError;
  await clearClaims(paths.claims);
  await clearCheckpoints(paths.checkpoints, () => false);
  const { found } = ledger;
  return {
    records: jobs.flatMap(({ cell, label }) => {
      const record = found.get(cell.id);
      return record ? [{ ...record, label }] : [];
    }),
    jobs,
    manifest,
    interrupted: missing.some(({ cell }) => !ledger.isNew(cell.id)),
    failedFast: failed.signal.aborted,
  };
}

const workersOf = ({ workers }: Pick<SweepOptions, 'workers'>, backend: BackendReport): number =>
  typeof workers === 'number' ? workers : workers(backend);

const storage = (message: string) => new StorageError(message);

/** Cells without a record that stands; each once, though two optimizers' grids may overlap. */
function missingJobs(
  jobs: readonly Job[],
  found: ReadonlyMap<string, RunRecord>,
  retryFailed: boolean,
): Job[] {
  const distinct = new Map(jobs.map((job) => [job.cell.id, job]));
  return [...distinct.values()].filter(({ cell }) => {
    const record = found.get(cell.id);
    return !record || !isSettled(record, retryFailed);
  });
}

/** Records of the experiment's cells under the labels it gives them now, by cell id. */
export function relabelled(records: readonly RunRecord[], jobs: readonly Job[]): Map<string, RunRecord> {
  const labels = new Map(jobs.map(({ cell, label }) => [cell.id, label]));
  return new Map(
    records.flatMap((record) => {
      const label = labels.get(record.cell.id);
      return label === undefined ? [] : [[record.cell.id, { ...record, label }] as const];
    }),
  );
}

async function recordSession(
  experiment: Experiment,
  { dir, workers, executor, command }: SweepOptions,
  data: Manifest['dataset'],
  backend: BackendReport,
  { kept, idle }: { readonly kept: boolean; readonly idle: boolean },
): Promise<Manifest> {
  const file = layout(dir).manifest;
  const session = {
    startedAt: new Date().toISOString(),
    workers: executor ? null : workersOf({ workers }, backend),
    backend,
    node: process.version,
    host: hostFacts(),
  };
  const write = () =>
    holdingLock(`${file}.lock`, async () => {
      const before = await readManifest(file);
      if (kept && before && before.dataset.fingerprint !== data.fingerprint) {
        throw new DirectoryError(
          `${dir} holds results on other data: ${before.dataset.name} with fingerprint ${before.dataset.fingerprint}, now ${data.fingerprint}. Choose another folder with --out.`,
        );
      }
      // A run that found everything there has added nothing to how the results came about.
      if (idle && before) return before;
      const manifest = await extendManifest(before, experiment, data, command, session);
      await writeAtomically(file, `${JSON.stringify(manifest, null, 2)}\n`);
      return manifest;
    });
  return explainingAccess(dir, write);
}
