/** Options of `runSweep` for a sweep without limits, retries and checkpoints. */
import type { Executor } from '../../src/runner/executor.js';
import type { SweepOptions } from '../../src/runner/sweep.js';

/** @param changes what differs */
export const sweepOptions = (
  dir: string,
  executor: Executor,
  changes: Partial<SweepOptions> = {},
): SweepOptions => ({
  dir,
  workers: 1,
  retries: 0,
  failFast: false,
  retryFailed: false,
  update: false,
  limits: { timeout: 0, hang: 0, memory: 0 },
  policy: { epochs: 0, seconds: 0 },
  executor,
  command: 'test',
  signal: new AbortController().signal,
  ...changes,
});
