/** Run records of one optimizer as an lr x wd grid, with the seeds of each cell gathered. All tables and figures use it. */
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { isImported, objectiveOf, selectionError, type AnyRecord } from './record.js';

/** `ok`: every run with an error finished; `mixed`: some diverged; `diverged`: all did; `missing`: no run has an error. */
export type GridCellStatus = 'ok' | 'mixed' | 'diverged' | 'missing';

/** One (lr, wd) of one optimizer, over its seeds. */
export interface GridCell {
  readonly lr: number;
  readonly wd: number;
  readonly status: GridCellStatus;
  /** All records by ascending seed, also those without an error; none if the cell has not been trained. */
  readonly runs: readonly AnyRecord[];
  /** Final test errors by ascending seed (losses, if those were measured), diverged runs at chance error; failed and timed-out runs left out. */
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

/**
 * An optimizer's lr x wd grid, a full rectangle: `cells[i][j]` belongs to `lrs[i]` and `wds[j]`, both ascending. Where it
 * is `scattered`, `cells[i]` has only the cells at `lrs[i]` that have records.
 */
export interface Grid {
  readonly label: string;
  /** Imported trials that are no grid, such as those of a random search. */
  readonly scattered?: true;
  readonly lrs: readonly number[];
  readonly wds: readonly number[];
  readonly cells: readonly (readonly GridCell[])[];
  /** Runs with a final test error, diverged ones included. */
  readonly runs: number;
  readonly seeds: number;
}

/** Records by a key, keys in order of first appearance, records kept in order. */
export function groupBy<K, R extends AnyRecord>(records: readonly R[], keyOf: (record: R) => K): Map<K, R[]> {
  const groups = new Map<K, R[]>();
  for (const record of records) {
    const key = keyOf(record);
    const group = groups.get(key);
    if (group) group.push(record);
    else groups.set(key, [record]);
  }
  return groups;
}

export const byLabel = <R extends AnyRecord>(records: readonly R[]): Map<string, R[]> =>
  groupBy(records, ({ label }) => label);

/**
 * The grid of one optimizer's records. A diverged run counts with its recorded error (chance). A failed or timed-out
 * run, or one without a finite error, is missing. Of two records with the same lr, wd and seed the later counts. A
 * combination of lr and wd without records is a missing cell, so that the grid is a full rectangle; imported records of
 * which at least half would be missing are scattered trials and get no missing cells.
 */
export function buildGrid(label: string, records: readonly AnyRecord[]): Grid {
  const cells = new Map<number, Map<number, Map<number, AnyRecord>>>();
  const wdSet = new Set<number>();
  const seedSet = new Set<number>();
  for (const record of records) {
    const { lr, wd, seed } = record.cell;
    if (!Number.isFinite(lr) || !Number.isFinite(wd)) continue;
    wdSet.add(wd);
    seedSet.add(seed);
    const row = cells.get(lr) ?? new Map<number, Map<number, AnyRecord>>();
    const seeds = row.get(wd) ?? new Map<number, AnyRecord>();
    cells.set(lr, row.set(wd, seeds.set(seed, record)));
  }
  const lrs = [...cells.keys()].sort(ascending);
  const wds = [...wdSet].sort(ascending);
  const known = [...cells.values()].reduce((sum, row) => sum + row.size, 0);
  const scattered = records.some(isImported) && 2 * known <= lrs.length * wds.length;
  const table = lrs.map((lr) => {
    const row = cells.get(lr);
    const own = scattered ? [...(row?.keys() ?? [])].sort(ascending) : wds;
    return own.map((wd) => summarise(lr, wd, row?.get(wd)));
  });
  const runs = table.flat().reduce((sum, cell) => sum + cell.errors.length, 0);
  return {
    label,
    ...(scattered ? ({ scattered } as const) : {}),
    lrs,
    wds,
    cells: table,
    runs,
    seeds: seedSet.size,
  };
}

const ascending = (a: number, b: number) => a - b;

function summarise(lr: number, wd: number, bySeed: ReadonlyMap<number, AnyRecord> | undefined): GridCell {
  const runs = [...(bySeed ?? new Map<number, AnyRecord>())].sort((a, b) => a[0] - b[0]).map((e) => e[1]);
  const finished = runs.filter(hasError);
  const errors = finished.map((r) => objectiveOf(r)!);
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

function hasError(record: AnyRecord): boolean {
  const counted = record.status === 'ok' || record.status === 'diverged';
  return counted && Number.isFinite(objectiveOf(record));
}

function statusOf(known: number, diverged: number): GridCellStatus {
  if (known === 0) return 'missing';
  if (diverged === 0) return 'ok';
  return diverged === known ? 'diverged' : 'mixed';
}
