/** Anytime performance: how good the best setting is after each epoch (the paper's Figure 4: warm restarts). */
import type { AnyRecord } from '../experiment/record.js';

export interface AnytimePoint {
  readonly epoch: number;
  /** Lowest over the cells of the test error after this epoch, averaged over seeds, and its cell. */
  readonly error: number;
  readonly lr: number;
  readonly wd: number;
  /** Least `error` of this epoch and those before. */
  readonly bestSoFar: number;
}

interface Sum {
  readonly lr: number;
  readonly wd: number;
  total: number;
  runs: number;
}

/**
 * The anytime curve of one optimizer. A cell counts only if all its runs finished, and at an epoch only if all of them
 * reached it.
 */
export function anytime(records: readonly AnyRecord[]): AnytimePoint[] {
  const keyOf = (r: AnyRecord) => `${r.cell.lr} ${r.cell.wd}`;
  const excluded = new Set(records.filter((r) => r.status !== 'ok').map(keyOf));
  const kept = records.filter((r) => !excluded.has(keyOf(r)));
  const runsOf = new Map<string, number>();
  for (const r of kept) runsOf.set(keyOf(r), (runsOf.get(keyOf(r)) ?? 0) + 1);
  const epochs = new Map<number, Map<string, Sum>>();
  for (const r of kept)
    for (const { epoch, testError } of r.epochs) {
      if (!Number.isFinite(testError)) continue;
      const sums = epochs.get(epoch) ?? new Map<string, Sum>();
      const sum = sums.get(keyOf(r)) ?? { lr: r.cell.lr, wd: r.cell.wd, total: 0, runs: 0 };
      sum.total += testError;
      sum.runs++;
      epochs.set(epoch, sums.set(keyOf(r), sum));
    }
  let bestSoFar = Infinity;
  return [...epochs]
    .sort((a, b) => a[0] - b[0])
    .flatMap(([epoch, sums]) => {
      const complete = [...sums].filter(([key, sum]) => sum.runs === runsOf.get(key)).map((e) => e[1]);
      if (complete.length === 0) return [];
      const best = complete.reduce((a, b) => (b.total / b.runs < a.total / a.runs ? b : a));
      const error = best.total / best.runs;
      bestSoFar = Math.min(bestSoFar, error);
      return [{ epoch, error, lr: best.lr, wd: best.wd, bestSoFar }];
    });
}
