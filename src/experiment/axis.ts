/** From an axis as written (a list or a logspace) to the numbers on it. */
import { z } from 'zod';
import { report, hasNoIssues, type Context } from './issues.js';

/** An axis as written: a list, or a logspace. The type is written out because the schema's own checks use it. */
export type Axis =
  | number[]
  | {
      values?: number[] | undefined;
      logspace: { base: number; from: number; to: number; steps: number };
    };

/**
 * The values of an axis, ascending.
 *
 * `{logspace: {base, from, to, steps}}` gives base^(from + i (to - from)/(steps - 1)), i = 0 .. steps-1, and is
 * exact where the exponent is whole and the base 2 or 10: `{base: 2, from: -3, to: -1, steps: 3}` is exactly
 * [0.125, 0.25, 0.5].
 *
 * @throws Error if the axis is empty, repeats a value, or a value overflows.
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
  // Multiplying before dividing keeps whole exponents whole.
  const exponent = (i: number): number => (steps === 1 ? from : from + (i * (to - from)) / (steps - 1));
  return [...(axis.values ?? []), ...Array.from({ length: steps }, (_, i) => power(base, exponent(i)))];
}

/** Math.pow(10, -5) may be an ulp off; the decimal literal never is. Powers of two are exact as they are. */
function power(base: number, exponent: number): number {
  return base === 10 && Number.isInteger(exponent) ? Number(`1e${exponent}`) : Math.pow(base, exponent);
}

/** Index of the first value that occurred before; undefined if all are distinct. */
export function firstRepeated(values: readonly number[]): number | undefined {
  const seen = new Set<number>();
  for (const [index, value] of values.entries()) {
    if (seen.has(value)) return index;
    seen.add(value);
  }
  return undefined;
}

/** A list of values, or `{logspace: {base, from, to, steps}}`: base^from .. base^to in `steps` equal ratios. */
export const axisSchema = (value: z.ZodNumber, what: string) =>
  z
    .union([
      z.array(value).min(1),
      z.strictObject({
        values: z.array(value).optional().describe('Values put before the spaced ones, e.g. [0].'),
        logspace: z.strictObject({
          base: z.number().positive().default(2).describe('Base of the powers.'),
          from: z.number().describe('First exponent.'),
          to: z.number().describe('Last exponent, included.'),
          steps: z.int().positive().max(1000).describe('How many values, both ends included.'),
        }),
      }),
    ])
    .superRefine(checkAxis(value))
    .describe(what);

/** No value twice, and what a logspace gives must satisfy the rule for listed values. */
function checkAxis(value: z.ZodNumber): (axis: Axis, ctx: Context) => void {
  return (axis, ctx) => {
    if (!hasNoIssues(ctx)) return;
    const values = unsortedValues(axis);
    const twice = firstRepeated(values);
    const bad = values.find((x) => !value.safeParse(x).success);
    if (bad !== undefined) report(ctx, [], `must not reach ${bad}`);
    else if (twice === undefined) return;
    else if (Array.isArray(axis)) report(ctx, [twice], 'must not occur twice on an axis');
    else report(ctx, [], `must not contain ${values[twice]} twice`);
  };
}

/** How many values an axis has, without making them. */
export const axisLength = (axis: Axis): number =>
  Array.isArray(axis) ? axis.length : (axis.values ?? []).length + axis.logspace.steps;
