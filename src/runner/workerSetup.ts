/** How many workers a sweep has on this machine, and what each is told before its first cell. */
import type { BackendReport } from '../backends/index.js';
import type { Plan } from '../experiment/plan.js';
import { layout } from './directory.js';
import type { WorkerSetup } from './protocol.js';
import type { SweepOptions } from './sweep.js';

export const workersOf = ({ workers }: SweepOptions, backend: BackendReport): number =>
  typeof workers === 'number' ? workers : workers(backend);

export function setupOf({ experiment, backend }: Plan, options: SweepOptions): WorkerSetup {
  const { checkpoints, weights } = layout(options.dir);
  return {
    dataset: experiment.dataset,
    dataDir: options.dataDir,
    backend,
    threads: experiment.threads,
    checkpoints,
    policy: options.policy,
    ...(options.keepWeights ? { weights } : {}),
  };
}
