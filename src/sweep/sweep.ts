/** A sweep from its experiment to its journal: what is missing is trained, what is there is kept. */
import { useBackend, type BackendReport } from '../backends/index.js';
import type { Experiment } from '../config/index.js';
import { loadDataset, type Dataset } from '../data/index.js';
import { writeAtomically } from '../files/atomic.js';
import type { RunRecord } from '../train/record.js';
import { expand, type Job } from './cells.js';
import { folderStore } from './checkpoints.js';
import { DirectoryError, explainingAccess, layout, takeDirectory } from './directory.js';
import { openJournal, type Journal } from './journal.js';
import { extendManifest, hostFacts, readManifest, type Manifest } from './manifest.js';
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
  /** Keep a folder of another configuration. */
  readonly update: boolean;
  readonly limits: Limits;
  readonly policy: CheckpointPolicy;
  /** Keep the final weights of each cell in the folder `weights`. */
  readonly keepWeights?: boolean;
  /** Who trains; default the pool of this machine. */
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
  readonly workers: number;
}

export interface SweepResult {
  /** All records of this experiment's cells, old and new. */
  readonly records: readonly RunRecord[];
  readonly jobs: readonly Job[];
  readonly manifest: Manifest;
  /** Whether the sweep was stopped before every cell had a record. */
  readonly interrupted: boolean;
}

/** Whether a record stands, or its cell is to be trained (again). */
const isSettled = (record: RunRecord, retryFailed: boolean) =>
  record.status === 'ok' || record.status === 'diverged' || !retryFailed;

/**
 * Runs (or continues) a sweep.
 * @throws DirectoryError, the data and backend errors of what it calls, and the file system's errors
 */
export async function runSweep(
  experiment: Experiment,
  options: SweepOptions,
  events: SweepEvents,
): Promise<SweepResult> {
  const { dir } = options;
  const release = await takeDirectory(dir, experiment, options.update);
  try {
    const backend = await useBackend(experiment.backend, { threads: experiment.threads });
    const dataset = await loadDataset(experiment.dataset, {
      ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
      ...(events.onDownload ? { onProgress: events.onDownload } : {}),
    });
    for (const warning of dataset.warnings) events.onNotice?.(warning);
    const manifest = await recordSession(experiment, options, dataset, backend);
    const { journal, records } = await explainingAccess(dir, () =>
      openJournal(layout(dir).journal, (count, movedTo) =>
        events.onNotice?.(
          `${count} damaged line${count === 1 ? '' : 's'} of the journal moved to ${movedTo}; their cells are trained again.`,
        ),
      ),
    );
    try {
      return await execute(experiment, options, events, { backend, dataset, manifest, journal, records });
    } finally {
      await journal.close();
    }
  } finally {
    await release();
  }
}

interface Opened {
  readonly backend: BackendReport;
  readonly dataset: Dataset;
  readonly manifest: Manifest;
  readonly journal: Journal;
  readonly records: readonly RunRecord[];
}

async function execute(
  experiment: Experiment,
  options: SweepOptions,
  events: SweepEvents,
  { backend, dataset, manifest, journal, records }: Opened,
): Promise<SweepResult> {
  const jobs = expand(experiment, backend.name);
  const found = relabelled(records, jobs);
  const missing = jobs.filter(({ cell }) => {
    const record = found.get(cell.id);
    return !record || !isSettled(record, options.retryFailed);
  });
  const { checkpoints } = layout(options.dir);
  const workers = Math.max(1, Math.min(options.workers, missing.length));
  events.onPlan?.({ jobs, missing, kept: [...found.values()], backend, workers });
  const store = folderStore(checkpoints);
  const failFast = new AbortController();
  const stop = AbortSignal.any([options.signal, failFast.signal]);
  const setup = {
    dataset: experiment.dataset,
    dataDir: options.dataDir,
    backend: backend.name,
    threads: experiment.threads,
    checkpoints,
    policy: options.policy,
    ...(options.keepWeights ? { weights: layout(options.dir).weights } : {}),
  };
  const { retries, limits } = options;
  await (options.executor ?? runPool)(
    missing,
    { workers, retries, limits, setup, fingerprint: dataset.fingerprint },
    {
      ...events,
      async onRecord(record, slot) {
        await explainingAccess(options.dir, () => journal.append(record));
        await store.remove(record.cell.id);
        found.set(record.cell.id, record);
        events.onRecord?.(record, slot);
        if (options.failFast && (record.status === 'failed' || record.status === 'timeout')) failFast.abort();
      },
    },
    stop,
  );
  const all = jobs.flatMap(({ cell }) => found.get(cell.id) ?? []);
  return { records: all, jobs, manifest, interrupted: all.length < jobs.length };
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
  { dir, workers, command }: SweepOptions,
  { name, fingerprint, warnings }: Dataset,
  backend: BackendReport,
): Promise<Manifest> {
  const file = layout(dir).manifest;
  const before = await readManifest(file);
  if (before && before.dataset.fingerprint !== fingerprint) {
    throw new DirectoryError(
      `${dir} holds results on other data: ${before.dataset.name} with fingerprint ${before.dataset.fingerprint}, now ${fingerprint}. Choose another folder with --out.`,
    );
  }
  const session = {
    startedAt: new Date().toISOString(),
    workers,
    backend,
    node: process.version,
    host: hostFacts(),
  };
  const manifest = await extendManifest(
    before,
    experiment,
    { name, fingerprint, warnings },
    command,
    session,
  );
  await explainingAccess(dir, () => writeAtomically(file, `${JSON.stringify(manifest, null, 2)}\n`));
  return manifest;
}
