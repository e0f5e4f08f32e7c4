/** What float32 can hold: the backends compute in it, so that a setting outside of it would mean another one. */

/** Whether a number is still itself in float32, to rounding: 0, or neither so small that it becomes 0 nor so large that it becomes infinite. */
export function fitsFloat32(value: number): boolean {
  const rounded = Math.fround(value);
  return value === 0 || (rounded !== 0 && Number.isFinite(rounded));
}
