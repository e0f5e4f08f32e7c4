/** From an axis as written (a list or a logspace) to the numbers on it. */
import type { Axis, Experiment } from './schema.js';

/**
 * The values of an axis, ascending.
 *
 * `{logspace: {base, from, to, steps}}` gives base^(from + i (to - from)/(steps - 1)), i = 0 .. steps-1, and is
 * exact where the exponent is whole and the base 2 or 10: `{base: 2, from: -3, to: -1, steps: 3}` is exactly
 * [0.125, 0.25, 0.5].
 *
 * @throws Error where the axis is empty, repeats a value, or a value overflows.
 */
export function axisValues(axis: Axis): number[] {
  const values = unsortedValues(axis);
  if (values.length === 0) throw new Error('This axis is empty: give it at least one value.');
  if (!values.every(Number.isFinite))
    throw new Error('This axis overflows: lower the exponents of its logspace.');
  const twice = firstRepeated(values);
  if (twice !== undefined) throw new Error(`This axis has the value ${values[twice]} twice: remove one.`);
  return values.sort((a, b) => a - b);
}

/** The values in the order written: those of a list, or `values` and then those of the logspace. */
export function unsortedValues(axis: Axis): number[] {
  if (Array.isArray(axis)) return [...axis];
  const { base, from, to, steps } = axis.logspace;
  // Multiplied before it is divided, so that whole exponents come out whole.
  const exponent = (i: number): number => (steps === 1 ? from : from + (i * (to - from)) / (steps - 1));
  return [...(axis.values ?? []), ...Array.from({ length: steps }, (_, i) => power(base, exponent(i)))];
}

/** Math.pow(10, -5) may be an ulp off; the decimal literal never is. Powers of two are exact as they are. */
function power(base: number, exponent: number): number {
  return base === 10 && Number.isInteger(exponent) ? Number(`1e${exponent}`) : Math.pow(base, exponent);
}

/** Index of the first value that stands before it too; undefined where all are distinct. */
export function firstRepeated(values: readonly number[]): number | undefined {
  const seen = new Set<number>();
  for (const [index, value] of values.entries()) {
    if (seen.has(value)) return index;
    seen.add(value);
  }
  return undefined;
}

/** More cells than this are refused: each takes memory before any is trained. */
export const MOST_CELLS = 1_000_000;

/** How many cells (optimizer x lr x wd x seed) the experiment has. Only multiplies: no cell or value is made. */
export function cellCount({ optimizers, grid, train }: Experiment): number {
  const perSeed = optimizers.map((o) => axisLength(o.lr ?? grid.lr) * axisLength(o.wd ?? grid.wd));
  return perSeed.reduce((sum, n) => sum + n, 0) * train.seeds.length;
}

const axisLength = (axis: Axis): number =>
  Array.isArray(axis) ? axis.length : (axis.values ?? []).length + axis.logspace.steps;
