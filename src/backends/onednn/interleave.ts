/** Concatenation: writes the next `runs[i]` values of every array i, `outer` times. */
export function interleave(
  values: Float32Array,
  outer: number,
  runs: readonly number[],
  ...arrays: Float32Array[]
): void {
  let at = 0;
  for (let row = 0; row < outer; row++) {
    arrays.forEach((array, i) => {
      const run = runs[i]!;
      values.set(outer === 1 ? array : array.subarray(row * run, (row + 1) * run), at);
      at += run;
    });
  }
}
