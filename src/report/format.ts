/** Numbers and names as people read them: axis values, errors, and text that cannot do harm in a terminal. */

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';

const superscript = (n: number): string =>
  (n < 0 ? '⁻' : '') + [...String(Math.abs(n))].map((d) => SUPERSCRIPTS[Number(d)]).join('');

const isPowerOfTwo = (v: number): boolean => v > 0 && Number.isInteger(Math.log2(v));

/** Shortest plain form with three significant digits: 0.001 -> `0.001`, 0.000123 -> `1.23e-4`. */
export function shortNumber(value: number): string {
  if (value === 0) return '0';
  const rounded = Number(value.toPrecision(3));
  const magnitude = Math.abs(rounded);
  return magnitude >= 0.001 && magnitude < 10_000
    ? String(rounded)
    : rounded.toExponential().replace('e+', 'e');
}

/**
 * Labels of one axis. If every value but 0 is a power of two (the paper's grids), they are powers of two (2⁻¹⁰), else
 * short decimals.
 */
export function axisLabels(values: readonly number[]): string[] {
  const nonZero = values.filter((v) => v !== 0);
  const powers = nonZero.length > 1 && nonZero.every(isPowerOfTwo) && nonZero.some((v) => v < 0.1);
  return values.map((v) => (v === 0 || !powers ? shortNumber(v) : `2${superscript(Math.log2(v))}`));
}

/** A count with a comma after every third digit. Not by `Intl`, which takes 30 ms to load. */
export const grouped = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');

/** A share as percent, without the sign: 0.0713 -> `7.13`; null -> an en dash. */
export function percent(share: number | null, digits = 2): string {
  return share === null || !Number.isFinite(share) ? '–' : (share * 100).toFixed(digits);
}
