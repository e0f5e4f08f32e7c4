/** What float32 can hold. The backends compute in it, so a setting that it cannot hold would become another setting. */

/**
 * Whether float32 holds a number up to rounding: 0, or neither so small that it becomes 0 nor so large that it becomes
 * infinite.
 */
export function fitsFloat32(value: number): boolean {
  const rounded = Math.fround(value);
  return value === 0 || (rounded !== 0 && Number.isFinite(rounded));
}
