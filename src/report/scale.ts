/** The colour scale of test errors, shared by terminal, figures and page. */
import type { Grid } from '../experiment/grid.js';

export interface ErrorRange {
  readonly low: number;
  readonly high: number;
}

/** Lowest and highest mean test error over the cells in which no run diverged: the ends of every colour scale. */
export function errorRange(grids: readonly Grid[]): ErrorRange {
  const errors = grids.flatMap((g) => g.cells.flat().flatMap((c) => (c.status === 'ok' ? [c.mean!] : [])));
  if (errors.length === 0) return { low: 0.01, high: 1 };
  const low = errors.reduce((a, b) => Math.min(a, b));
  const high = errors.reduce((a, b) => Math.max(a, b));
  // A logarithmic scale needs a positive floor: an error of zero is drawn as half a test image in a thousand.
  const floor = Math.max(low, 0.0005);
  return { low: floor, high: Math.max(high, floor * 1.01) };
}

/** Where `error` lies on a logarithmic scale: 0 at the best cell, 1 at the worst. Clamped. */
export function scalePosition(error: number, { low, high }: ErrorRange): number {
  const t = Math.log(Math.max(error, low) / low) / Math.log(high / low);
  return Math.min(1, Math.max(0, t));
}
