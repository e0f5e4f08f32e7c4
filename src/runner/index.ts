/** Experiments into cells, and their execution. */
export { defaultWorkers, usableCpus } from './cpuQuota.js';
export { inSlices, jobsInSlices } from './slices.js';
export { DirectoryError, StorageError, layout, moveOrChoose } from './directory.js';
export type { ExecutionEvents, PoolOptions } from './pool.js';
export { readJournal } from './journal.js';
export { journalFile, reportFiles, sweepFiles } from './ownFiles.js';
export { ForeignFiles, isOwn, requireOwn, resultsFolderOf } from './ownership.js';
export { packageVersion, readManifest, type Manifest } from './manifest.js';
export {
  relabelled,
  runSweep,
  type Executor,
  type SweepEvents,
  type SweepOptions,
  type SweepPlan,
  type SweepResult,
} from './runner.js';
export { WorkerFailure } from './workerProcess.js';
