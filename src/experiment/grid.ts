/** Run records of one optimizer as an lr x wd grid, with the seeds of each cell gathered. All tables and figures use it. */
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { selectionError, type RunRecord } from './record.js';

/** `ok`: every run with an error finished; `mixed`: some diverged; `diverged`: all did; `missing`: no run has an error. */
export type GridCellStatus = 'ok' | 'mixed' | 'diverged' | 'missing';

/** One (lr, wd) of one optimizer, over its seeds. */
export interface GridCell {
  readonly lr: number;
  readonly wd: number;
  readonly status: GridCellStatus;
  /** All records by ascending seed, also those without an error; none if the cell has not been trained. */
  readonly runs: readonly RunRecord[];
  /** Final test errors by ascending seed, diverged runs at chance error; failed and timed-out runs left out. */
  readonly errors: readonly number[];
  /** Mean of `errors`; null if missing. */
  readonly mean: number | null;
  /** What the best cell is chosen by: the mean of the runs' validation errors where images were held back, else `mean`. */
  readonly selection: number | null;
  /** Sample standard deviation (n - 1) of `errors`; null with fewer than two. */
  readonly sd: number | null;
  readonly diverged: number;
  readonly missing: number;
}

/** An optimizer's lr x wd grid, a full rectangle: `cells[i][j]` belongs to `lrs[i]` and `wds[j]`, both ascending. */
export interface Grid {
  readonly label: string;
  readonly lrs: readonly number[];
  readonly wds: readonly number[];
  readonly cells: readonly (readonly GridCell[])[];
  /** Runs with a final test error, diverged ones included. */
  readonly runs: number;
  readonly seeds: number;
}

/** Records by a key, keys in order of first appearance, records kept in order. */
export function groupBy<K>(
  records: readonly RunRecord[],
  keyOf: (record: RunRecord) => K,
): Map<K, RunRecord[]> {
  const groups = new Map<K, RunRecord[]>();
  for (const record of records) {
    const key = keyOf(record);
    const group = groups.get(key);
    if (group) group.push(record);
    else groups.set(key, [record]);
  }
  return groups;
}

export const byLabel = (records: readonly RunRecord[]): Map<string, RunRecord[]> =>
  groupBy(records, ({ label }) => label);

/**
 * The grid of one optimizer's records. A diverged run counts with its recorded error (chance). A failed or timed-out
 * run, or one without a finite error, is missing. Of two records with the same lr, wd and seed the later counts. A
 * combination of lr and wd without records is a missing cell, so that the grid is a full rectangle.
 */
export function buildGrid(label: string, records: readonly RunRecord[]): Grid {
  const cells = new Map<number, Map<number, Map<number, RunRecord>>>();
  const wdSet = new Set<number>();
  const seedSet = new Set<number>();
  for (const record of records) {
    const { lr, wd, seed } = record.cell;
    if (!Number.isFinite(lr) || !Number.isFinite(wd)) continue;
    wdSet.add(wd);
    seedSet.add(seed);
    const row = cells.get(lr) ?? new Map<number, Map<number, RunRecord>>();
    const seeds = row.get(wd) ?? new Map<number, RunRecord>();
    cells.set(lr, row.set(wd, seeds.set(seed, record)));
  }
  const lrs = [...cells.keys()].sort(ascending);
  const wds = [...wdSet].sort(ascending);
  const table = lrs.map((lr) => wds.map((wd) => summarise(lr, wd, cells.get(lr)?.get(wd))));
  const runs = table.flat().reduce((sum, cell) => sum + cell.errors.length, 0);
  return { label, lrs, wds, cells: table, runs, seeds: seedSet.size };
}

const ascending = (a: number, b: number) => a - b;

function summarise(lr: number, wd: number, bySeed: ReadonlyMap<number, RunRecord> | undefined): GridCell {
  const runs = [...(bySeed ?? new Map<number, RunRecord>())].sort((a, b) => a[0] - b[0]).map((e) => e[1]);
  const finished = runs.filter(hasError);
  const errors = finished.map((r) => r.finalTestError);
  const diverged = finished.filter((r) => r.status === 'diverged').length;
  return {
    lr,
    wd,
    status: statusOf(errors.length, diverged),
    runs,
    errors,
    mean: errors.length > 0 ? mean(errors) : null,
    selection: errors.length > 0 ? mean(finished.map((run) => selectionError(run) ?? NaN)) : null,
    sd: errors.length > 1 ? sampleStandardDeviation(errors) : null,
    diverged,
    missing: runs.length - errors.length,
  };
}

function hasError(record: RunRecord): record is RunRecord & { finalTestError: number } {
  const counted = record.status === 'ok' || record.status === 'diverged';
  return counted && record.finalTestError !== null && Number.isFinite(record.finalTestError);
}

function statusOf(known: number, diverged: number): GridCellStatus {
  if (known === 0) return 'missing';
  if (diverged === 0) return 'ok';
  return diverged === known ? 'diverged' : 'mixed';
}
