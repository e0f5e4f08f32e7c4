/** Run records of one optimizer laid out as an lr x wd grid, with each cell's seeds summarised. */
import { mean, sampleStandardDeviation } from 'simple-statistics';
import type { RunRecord } from '../train/record.js';
import type { Grid, GridCell, GridCellStatus } from './decoupling.js';

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
 * The grid of one optimizer's records. A diverged run counts with its recorded error (chance); a failed or
 * timed-out run, or one without a finite error, is missing. Of two records with the same lr, wd and seed the later
 * counts. A combination of lr and wd that no record has is a missing cell, so that the grid is a full rectangle.
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
  const records = [...(bySeed ?? new Map<number, RunRecord>())].sort((a, b) => a[0] - b[0]).map((e) => e[1]);
  const finished = records.filter(hasError);
  const errors = finished.map((r) => r.finalTestError);
  const diverged = finished.filter((r) => r.status === 'diverged').length;
  return {
    lr,
    wd,
    status: statusOf(errors.length, diverged),
    errors,
    mean: errors.length > 0 ? mean(errors) : null,
    sd: errors.length > 1 ? sampleStandardDeviation(errors) : null,
    diverged,
    missing: records.length - errors.length,
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
