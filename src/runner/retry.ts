/** When something that failed is tried again: a cell, and the start of a worker process. */
import type { WorkerFailure } from './workerLink.js';

/** What follows the failure of an attempt: another one, the end of the cell with a status, or nothing for now. */
export type NextStep = 'retry' | 'failed' | 'timeout' | 'stopped';

/**
 * What follows the failure of an attempt to train a cell.
 * @param attempt 1 for the first
 * @param retries how often a cell may be tried again
 * @param stopping whether the sweep or the worker is to stop: the cell is not to blame then, and stays to be trained
 */
export function nextStep(
  { kind }: Pick<WorkerFailure, 'kind'>,
  attempt: number,
  retries: number,
  stopping: boolean,
): NextStep {
  if (stopping || kind === 'stopped') return 'stopped';
  // It would take as long again.
  if (kind === 'timeout') return 'timeout';
  // It would be as large again.
  if (kind === 'model') return 'failed';
  return attempt > retries ? 'failed' : 'retry';
}

/** A worker may die before its first cell for reasons that pass: so often it is started. */
const starts = 3;
/** A process that is killed is not told why: memory is short, or somebody tidies up. That takes time to pass. */
const startsIfKilled = 10;

/**
 * How long to wait before a worker process that died during its start is started again, milliseconds; undefined where
 * that is no use.
 * @param died how often it has died by now
 */
export function waitBeforeStart(
  { kind, killed }: Pick<WorkerFailure, 'kind' | 'killed'>,
  died: number,
): number | undefined {
  if (kind === 'setup' || died >= (killed ? startsIfKilled : starts)) return undefined;
  return killed ? Math.min(100 * 2 ** died, 2000) : 0;
}
