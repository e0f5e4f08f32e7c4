/** Statistics of selection: the best cell, how wide its basin is, and what tuning one axis at a time loses. */

/** Index of the least entry (the first of equals; NaN skipped), -1 if there is none. */
export function argmin(values: ArrayLike<number>, start = 0, step = 1, length = values.length): number {
  let found = -1;
  for (let k = 0, at = start; k < length; k++, at += step) {
    const v = values[at]!;
    if (v === v && (found < 0 || v < values[found]!)) found = at;
  }
  return found;
}

/** Share of the known errors that are at most `limit`. */
export function shareWithin(error: Float64Array, limit: number): number {
  let [within, known] = [0, 0];
  for (const e of error) {
    if (e !== e) continue;
    known++;
    // A little slack, so that 0.11 counts as within 10% of 0.10 in floating point.
    if (e <= limit * (1 + 1e-12)) within++;
  }
  return known > 0 ? within / known : NaN;
}

/**
 * Tunes lr at wd index `start`, then wd at that lr. Returns the index of the cell reached, -1 if the column is empty.
 */
export function tuneInTurn(error: Float64Array, columns: number, start: number): number {
  const lrAt = argmin(error, start, columns, error.length / columns);
  return lrAt < 0 ? -1 : argmin(error, lrAt - start, 1, columns);
}

/** `tuneInTurn` for every starting wd at once. */
export function tuneInTurnFromAll(error: Float64Array, columns: number): Int32Array {
  const rows = error.length / columns;
  const bestOfRow = Int32Array.from({ length: rows }, (_, i) => argmin(error, i * columns, 1, columns));
  return Int32Array.from({ length: columns }, (_, j) => {
    const at = argmin(error, j, columns, rows);
    return at < 0 ? -1 : bestOfRow[(at - j) / columns]!;
  });
}

/** Mean over the starts: error at the cell reached minus error at `best`. */
export function meanRegret(error: Float64Array, reached: Int32Array, best: number): number {
  let [sum, n] = [0, 0];
  for (const at of reached) {
    if (at < 0) continue;
    sum += error[at]! - error[best]!;
    n++;
  }
  return n > 0 ? sum / n : NaN;
}
