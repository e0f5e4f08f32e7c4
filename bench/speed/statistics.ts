/** Medians and ranges of a few repetitions. */

/** The middle value, or the mean of the two middle ones; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});

/**
 * Ratios of measurements taken side by side: element i of both is of the same round; rounds that either side lacks
 * (undefined) are left out. A slow moment of the machine falls on both sides of a pair.
 */
export function pairwise(
  numerators: readonly (number | undefined)[],
  denominators: readonly (number | undefined)[],
): number[] {
  return numerators.flatMap((a, i) => {
    const b = denominators[i];
    return a === undefined || b === undefined ? [] : [a / b];
  });
}
