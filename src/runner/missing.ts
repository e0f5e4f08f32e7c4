/** Which cells of a plan have a valid record, and which are to be trained. */
import type { Job } from '../experiment/plan.js';
import { isFailure, type RunRecord } from '../experiment/record.js';
import { inSlices } from './slices.js';

/** Whether a record counts as its cell's result; if not, the cell is trained again. */
export const isSettled = (record: RunRecord, retryFailed: boolean): boolean =>
  !isFailure(record) || !retryFailed;

/** Jobs without a record that stands, by cell id; each once, though two optimizers' grids may overlap. */
export async function missingJobs(
  jobs: readonly Job[],
  found: ReadonlyMap<string, RunRecord>,
  { retryFailed, signal }: { readonly retryFailed: boolean; readonly signal: AbortSignal },
): Promise<Map<string, Job>> {
  const missing = new Map<string, Job>();
  await inSlices(
    jobs,
    (job) => {
      const record = found.get(job.cell.id);
      if (!record || !isSettled(record, retryFailed)) missing.set(job.cell.id, job);
    },
    signal,
  );
  return missing;
}

/** The records of jobs, each under its job's label. A cell that two optimizers' grids share has its record under both. */
export const recordsOf = (jobs: readonly Job[], found: ReadonlyMap<string, RunRecord>): RunRecord[] =>
  jobs.flatMap(({ cell, label }) => {
    const record = found.get(cell.id);
    return record ? [{ ...record, label }] : [];
  });

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
