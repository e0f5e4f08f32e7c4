/** A sweep from its experiment to its journal: what is missing is trained, what is there is kept. */
import { useBackend, type BackendReport } from '../backends/index.js';
import type { Experiment } from '../config/index.js';
import { loadDataset, trainShape } from '../data/index.js';
import type { ReportedOptions } from '../errors/reported.js';
import { writeAtomically } from '../files/atomic.js';
import { onUnflushable } from '../files/flush.js';
import { holdingLock } from '../files/lock.js';
import { isFailure, type RunRecord } from '../experiment/record.js';
import { plan, type Job } from '../experiment/plan.js';
import { clearCheckpoints, folderStore } from './checkpoints.js';
import { clearClaims, sharedSource, type JobSource } from './claims.js';
import { DirectoryError, StorageError, explainingAccess, layout, takeDirectory } from './directory.js';
import { openJournal, type Journal } from './journal.js';
import { openLedger } from './ledger.js';
import { leftoverNotices } from './leftovers.js';
import { extendManifest, hostFacts, readManifest, type Manifest } from './manifest.js';
import { inSlices, jobsInSlices } from './slices.js';
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
  readonly workers: number;
  readonly retries: number;
  readonly failFast: boolean;
  /** Train cells that are recorded as failed or timed out once more. */
  readonly retryFailed: boolean;
  /** The file that the experiment was read from: it is never written over. */
  readonly configFile?: string;
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
  const { dir } = options;
  const lost = new AbortController();
  const onLost = () => lost.abort(vanished(dir));
  onUnflushable((text) => events.onNotice?.(text));
  const release = await takeDirectory(dir, experiment, options.update, {
    join: options.join ?? false,
    configFile: options.configFile,
    onLost,
  });
  try {
    const backend = await useBackend(experiment.backend, { threads: experiment.threads });
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
    } catch (error) {
      if (options.signal.aborted && error === options.signal.reason) return undefined;
      throw error;
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

/**
 * Refuses a network that its images do not fit, or that does not fit into memory, before any worker starts.
 * @throws ModelError
 */
async function requireModel(
  experiment: Experiment,
  { executor, limits }: SweepOptions,
  backend: string,
): Promise<void> {
  // Loaded only where there is something to train.
  const { buildModel, requireMemory } = await import('../models/index.js');
  const model = buildModel(experiment.model, trainShape(experiment.dataset));
  // A queue's workers are elsewhere, with another memory.
  if (!executor) requireMemory(model, experiment, { backend, limit: limits.memory });
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
  const jobs = await jobsInSlices(plan(experiment, backend.name), options.signal);
  const ledger = openLedger(journal, relabelled(records, jobs), (record) => events.onRecord?.(record, -1));
  const missing = await missingJobs(jobs, ledger.found, options);
  if (missing.length > 0) await requireModel(experiment, options, backend.name);
  const isDone = (id: string) => {
    const record = ledger.found.get(id);
    return record !== undefined && isSettled(record, options.retryFailed);
  };
  // Before the manifest says who trains from here on.
  const leftovers =
    missing.length > 0 ? leftoverNotices(records, jobs, await readManifest(paths.manifest)) : [];
  const manifest = await recordSession(experiment, options, data, backend, {
    kept: ledger.found.size > 0,
    idle: missing.length === 0,
  });
  for (const text of leftovers) events.onNotice?.(text);
  await clearCheckpoints(paths.checkpoints, isDone);
  const workers = Math.max(1, Math.min(options.workers, missing.length));
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
    backend: backend.name,
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

const storage = (message: string, options: ReportedOptions) => new StorageError(message, options);

/** Cells without a record that stands; each once, though two optimizers' grids may overlap. */
async function missingJobs(
  jobs: readonly Job[],
  found: ReadonlyMap<string, RunRecord>,
  { retryFailed, signal }: SweepOptions,
): Promise<Job[]> {
  const missing = new Map<string, Job>();
  await inSlices(
    jobs,
    (job) => {
      const record = found.get(job.cell.id);
      if (!record || !isSettled(record, retryFailed)) missing.set(job.cell.id, job);
    },
    signal,
  );
  return [...missing.values()];
}

/** Records of the experiment's cells under the labels it gives them now, by cell id. */
export function relabelled(records: readonly RunRecord[], jobs: readonly Job[]): Map<string, RunRecord> {
  const recorded = new Set(records.map(({ cell }) => cell.id));
  const labels = new Map<string, string>();
  for (const { cell, label } of jobs) if (recorded.has(cell.id)) labels.set(cell.id, label);
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
    workers: executor ? null : workers,
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
