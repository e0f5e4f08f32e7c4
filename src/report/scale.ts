/** The colour scale of test errors, shared by terminal, figures and page. */
import type { Grid } from '../experiment/grid.js';
import { shortNumber } from './format.js';

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
  // A logarithmic scale needs a positive floor: an error of zero is drawn as half a test image in a thousand, or as
  // half the least of the others where that is smaller.
  const least = errors.reduce((a, b) => (b > 0 ? Math.min(a, b) : a), 0.001);
  const floor = low > 0 ? low : Math.min(0.0005, least / 2);
  return { low: floor, high: Math.max(high, floor * 1.01) };
}

/** Where `error` lies on a logarithmic scale: 0 at the best cell, 1 at the worst. Clamped. */
export function scalePosition(error: number, { low, high }: ErrorRange): number {
  const t = Math.log(Math.max(error, low) / low) / Math.log(high / low);
  return Math.min(1, Math.max(0, t));
}

/** A label of the colour scale: an error or a loss, where it lies on the scale (0 to 1), and its text. */
export interface ScaleLabel {
  readonly error: number;
  readonly at: number;
  readonly text: string;
}

/** Labels that are nearer to each other than this share of the scale would touch. */
const APART = 0.14;

/**
 * The ends of the scale and round numbers between them, ascending.
 * @param scale what a value is multiplied by in its text: 100 for errors in percent
 */
export function scaleLabels(range: ErrorRange, scale = 100): ScaleLabel[] {
  const label = (error: number): ScaleLabel => {
    return { error, at: scalePosition(error, range), text: shortNumber(error * scale) };
  };
  const [first, last] = [label(range.low), label(range.high)];
  const kept = [first];
  for (const next of roundNumbers(range).map(label))
    if (next.at - kept.at(-1)!.at >= APART && 1 - next.at >= APART) kept.push(next);
  return [...kept, last];
}

/** 1, 2 and 5 times powers of ten within the range; even steps where it has few of these. */
function roundNumbers({ low, high }: ErrorRange): number[] {
  const first = Math.floor(Math.log10(low));
  const decades = Array.from(
    { length: Math.ceil(Math.log10(high)) - first + 1 },
    (_, k) => 10 ** (first + k),
  );
  const found = decades.flatMap((d) => [d, 2 * d, 5 * d]).filter((v) => v > low && v < high);
  if (found.length > 1) return found;
  const step = Number(((high - low) / 4).toPrecision(1));
  const from = Math.ceil(low / step);
  return Array.from({ length: 6 }, (_, k) => (from + k) * step).filter((v) => v > low && v < high);
}
