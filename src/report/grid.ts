/**
 * Records arranged for people: one grid (lr x wd) per optimizer, seeds gathered in each cell. Every table and
 * figure starts from here, so that they agree on what "a cell", "best" and "diverged" mean.
 */
import type { RunRecord } from '../train/record.js';

/** One lr x wd point of one optimizer, over its seeds. */
export interface GridCell {
  readonly lr: number;
  readonly wd: number;
  /** In order of seed. */
  readonly runs: readonly RunRecord[];
  /** Mean final test error over the runs that have one (diverged runs count as chance); null if none has. */
  readonly error: number | null;
  /** Sample standard deviation of the same; null below two runs. */
  readonly sd: number | null;
  /** Mean final training loss over the runs that have one. */
  readonly trainLoss: number | null;
  /** `diverged` where any seed diverged; `failed` where no seed has a result. */
  readonly status: 'ok' | 'diverged' | 'failed';
}

/** All cells of one optimizer label, axes ascending. */
export interface Grid {
  readonly label: string;
  readonly lrs: readonly number[];
  readonly wds: readonly number[];
  /** Ordered by lr, then wd; cells without any record are absent. */
  readonly cells: readonly GridCell[];
}

const ascending = (a: number, b: number): number => a - b;

const finite = (values: readonly (number | null)[]): number[] =>
  values.filter((v): v is number => v !== null && Number.isFinite(v));

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, v) => sum + v, 0) / values.length;

function deviation(values: readonly number[]): number | null {
  const centre = mean(values);
  if (centre === null || values.length < 2) return null;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - centre) ** 2, 0) / (values.length - 1));
}

function gridCell(runs: readonly RunRecord[]): GridCell {
  const { lr, wd } = runs[0]!.cell;
  const counted = runs.filter((r) => r.status === 'ok' || r.status === 'diverged');
  const errors = finite(counted.map((r) => r.finalTestError));
  const status = runs.some((r) => r.status === 'diverged')
    ? 'diverged'
    : errors.length === 0
      ? 'failed'
      : 'ok';
  return {
    lr,
    wd,
    runs: runs.toSorted((a, b) => a.cell.seed - b.cell.seed),
    error: mean(errors),
    sd: deviation(errors),
    trainLoss: mean(finite(runs.map((r) => r.finalTrainLoss))),
    status,
  };
}

/** `label`, or `label (30 epochs)` where one label was trained with several budgets. */
function panelNames(records: readonly RunRecord[]): (record: RunRecord) => string {
  const budgets = new Map<string, Set<number>>();
  for (const { label, cell } of records) {
    const seen = budgets.get(label) ?? new Set<number>();
    budgets.set(label, seen.add(cell.epochs));
  }
  return ({ label, cell }) =>
    budgets.get(label)!.size > 1 ? `${label} (${String(cell.epochs)} epochs)` : label;
}

/** Records -> one Grid per optimizer label (and budget), in order of first appearance. */
export function gridsOf(records: readonly RunRecord[]): Grid[] {
  const name = panelNames(records);
  const panels = new Map<string, Map<string, RunRecord[]>>();
  for (const record of records) {
    const label = name(record);
    const cells = panels.get(label) ?? new Map<string, RunRecord[]>();
    const key = `${String(record.cell.lr)} ${String(record.cell.wd)}`;
    const runs = cells.get(key) ?? [];
    runs.push(record);
    panels.set(label, cells.set(key, runs));
  }
  return [...panels].map(([label, byPoint]) => {
    const cells = [...byPoint.values()].map(gridCell).toSorted((a, b) => a.lr - b.lr || a.wd - b.wd);
    return {
      label,
      lrs: [...new Set(cells.map((c) => c.lr))].toSorted(ascending),
      wds: [...new Set(cells.map((c) => c.wd))].toSorted(ascending),
      cells,
    };
  });
}

/**
 * The `count` cells of lowest mean test error, best first; a diverged seed counts as chance, as it does for the best
 * cell of the statistics (analysis/optimizer.ts), so that the star is on the cell that the tables name.
 */
export function bestCells(grid: Grid, count: number): GridCell[] {
  return grid.cells
    .filter((c) => c.error !== null)
    .toSorted((a, b) => a.error! - b.error! || a.lr - b.lr || a.wd - b.wd)
    .slice(0, count);
}

/**
 * How many best cells are marked: ten as in the paper, but never more than a third of the grid; behind the best, none
 * of which every run diverged.
 */
export function markedCells(grid: Grid): GridCell[] {
  return bestCells(grid, Math.min(10, Math.max(1, Math.floor(grid.cells.length / 3)))).filter(
    (cell, i) => i === 0 || cell.runs.some((r) => r.status === 'ok'),
  );
}

/** Lowest and highest mean test error over the cells that did not diverge: the ends of every colour scale. */
export function errorRange(grids: readonly Grid[]): { low: number; high: number } {
  const errors = grids.flatMap((g) => g.cells.filter((c) => c.status === 'ok').map((c) => c.error!));
  if (errors.length === 0) return { low: 0.01, high: 1 };
  const low = errors.reduce((a, b) => Math.min(a, b));
  const high = errors.reduce((a, b) => Math.max(a, b));
  // A logarithmic scale needs a positive floor: an error of zero is drawn as half a test image in a thousand.
  const floor = Math.max(low, 0.0005);
  return { low: floor, high: Math.max(high, floor * 1.01) };
}

/** Where `error` lies on a logarithmic scale: 0 at the best cell, 1 at the worst. Clamped. */
export function scalePosition(error: number, { low, high }: { low: number; high: number }): number {
  const t = Math.log(Math.max(error, low) / low) / Math.log(high / low);
  return Math.min(1, Math.max(0, t));
}
