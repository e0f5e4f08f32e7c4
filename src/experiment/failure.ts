/** The record of a cell without a result. In a file of its own, so that a coordinator need not load what trains. */
import type { RunRecord } from './record.js';
import type { Job } from './plan.js';

/** The record of a cell that could not be trained to an end. */
export const failureOf = (
  { cell, label }: Job,
  status: 'failed' | 'timeout',
  reason: string,
  about: Pick<RunRecord, 'startedAt' | 'attempts' | 'seconds'>,
): RunRecord => ({
  cell,
  label,
  status,
  reason,
  epochs: [],
  finalTestError: null,
  finalTrainLoss: null,
  ...about,
  peakMemory: 0,
});
