/** Numbers as people write them, chosen so that a conversion there and back gives the first number again. */

/** A conversion and its inverse are off by at most 6 times 2^-53, which is less than this. */
const TOLERANCE = 2 ** -50;

const isNear = (a: number, b: number): boolean =>
  Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));

/**
 * `forth(input)`, without its rounding error where a number of at most 12 significant digits is meant: 0.0003 * 0.1 is
 * 0.00003, not 0.000029999999999999997.
 *
 * A short number is taken only if it is within the tolerance of the result and its way back is within that of the
 * input. The condition is the same in both directions, so `exactly(back, forth, exactly(forth, back, x))` is x for
 * every x of at most 12 digits: the way back of either outcome is near x, x is short, and x satisfies the condition.
 *
 * @param forth and `back` inverse to each other up to 3 roundings each
 */
export function exactly(
  forth: (value: number) => number,
  back: (value: number) => number,
  input: number,
): number {
  const raw = forth(input);
  const short = Number(raw.toPrecision(12));
  return isNear(short, raw) && isNear(back(short), input) ? short : raw;
}
