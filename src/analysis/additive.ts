/** The two-way layout without interaction: how much of a table of numbers is f(row) + g(column). */

/** Sums of squares of a table about its mean (`total`) and about its additive fit (`interaction`). */
export interface Additive {
  readonly total: number;
  readonly interaction: number;
  /** Known cells, and how many of them the additive fit leaves free. */
  readonly cells: number;
  readonly freedom: number;
}

const MAX_SWEEPS = 200;

/**
 * Least-squares fit of f(i) + g(j) to `values[i * columns + j]`; NaN entries are left out. It alternates row means and
 * column means. One sweep is exact if nothing is missing; otherwise this is Gauss-Seidel on the normal equations.
 */
export function additiveFit(values: Float64Array, columns: number): Additive {
  const rows = columns > 0 ? values.length / columns : 0;
  const rest = Float64Array.from(values);
  const { cells, total } = centre(rest);
  const complete = cells === values.length;
  let interaction = total;
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    for (let i = 0; i < rows; i++) removeMean(rest, i * columns, 1, columns);
    for (let j = 0; j < columns; j++) removeMean(rest, j, columns, rows);
    const before = interaction;
    interaction = sumOfSquares(rest);
    if (complete || before - interaction <= 1e-10 * total) break;
  }
  const usedRows = countLines(values, rows, columns, columns, 1);
  const usedColumns = countLines(values, columns, rows, 1, columns);
  return { total, interaction, cells, freedom: cells - Math.max(0, usedRows + usedColumns - 1) };
}

function centre(values: Float64Array): { cells: number; total: number } {
  const cells = values.reduce((n, v) => n + Number(!Number.isNaN(v)), 0);
  removeMean(values, 0, 1, values.length);
  return { cells, total: sumOfSquares(values) };
}

function removeMean(values: Float64Array, start: number, step: number, length: number): void {
  let sum = 0;
  let n = 0;
  for (let k = 0, at = start; k < length; k++, at += step) {
    const v = values[at]!;
    if (v === v) {
      sum += v;
      n++;
    }
  }
  const mean = n > 0 ? sum / n : 0;
  for (let k = 0, at = start; k < length; k++, at += step) values[at] = values[at]! - mean;
}

function sumOfSquares(values: Float64Array): number {
  let sum = 0;
  for (const v of values) if (v === v) sum += v * v;
  return sum;
}

/** How many lines (rows or columns) have a known cell. */
function countLines(
  values: Float64Array,
  lines: number,
  length: number,
  stride: number,
  step: number,
): number {
  let used = 0;
  for (let line = 0; line < lines; line++)
    for (let k = 0; k < length; k++)
      if (!Number.isNaN(values[line * stride + k * step]!)) {
        used++;
        break;
      }
  return used;
}

/**
 * Share of the variance that the additive fit explains. Noise of mean variance `noiseVariance` per cell adds to both sums of
 * squares; its average part is subtracted first (0: no correction). Not clipped to [0, 1]. NaN if the table has fewer
 * than two rows or columns, or does not vary beyond the noise.
 */
export function explainedShare(fit: Additive, noiseVariance: number): number {
  const total = fit.total - noiseVariance * (fit.cells - 1);
  const interaction = fit.interaction - noiseVariance * fit.freedom;
  if (fit.freedom < 1 || !(total > 1e-12 * fit.cells) || total < fit.total * 1e-3) return NaN;
  return 1 - interaction / total;
}
