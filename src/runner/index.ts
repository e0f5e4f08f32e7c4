/** Experiments into cells, and their execution. */
export { usableCpus } from './cpuQuota.js';
export { defaultWorkers } from './defaultWorkers.js';
export { inSlices, jobsInSlices } from './slices.js';
export { DirectoryError, StorageError, layout, moveOrChoose } from './directory.js';
export { hasFailedFast, type ExecutionContext, type ExecutionEvents, type Executor } from './executor.js';
export { importManifest, readImportManifest, type ImportManifest } from './importManifest.js';
export { encodeLine, readJournal } from './journal.js';
export { journalFile, reportFiles, sweepFiles } from './ownFiles.js';
export { ForeignFiles, isOwn, requireOwn, resultsFolderOf } from './ownership.js';
export { frozenChoice } from './confirm.js';
export { endpointsOf, keptChoiceOf, packageVersion, readManifest, type Manifest } from './manifest.js';
export { recordsOf } from './missing.js';
export { runSweep } from './runner.js';
export type { SweepEvents, SweepOptions, SweepPlan, SweepResult } from './sweep.js';
export { WorkerFailure } from './workerLink.js';
