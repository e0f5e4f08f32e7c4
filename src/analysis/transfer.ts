/** What it costs to tune wd at one lr, or one budget, and keep it at another. */
import { stream } from '../random/stream.js';
import type { BootstrapPlan, Sampled } from './bootstrap.js';
import { argmin } from './selection.js';
import { drawErrors, type Noise } from './noise.js';
import type { Surface } from './surface.js';

/**
 * A learning rate is worth using if its best error is at most MAX_RATIO times the best of all, or at most MAX_EXCESS
 * above it.
 */
const MAX_RATIO = 1.5;
const MAX_EXCESS = 0.01;

/** For each ordered pair of rows: the cell of the second row with the best wd of the first, and its own best cell. */
export type TransferPairs = readonly (readonly [carried: number, own: number])[];

const bestOfRow = (error: ArrayLike<number>, columns: number, row: number) =>
  argmin(error, row * columns, 1, columns);

/** The rows (lrs) whose best error is near the best of all. */
export function worthUsing(error: Float64Array, columns: number): number[] {
  const least = error[argmin(error)]!;
  const limit = Math.max(least * MAX_RATIO, least + MAX_EXCESS);
  const rows = Array.from({ length: error.length / columns }, (_, i) => i);
  return rows.filter((i) => error[bestOfRow(error, columns, i)]! <= limit);
}

/**
 * The pairs of `rows` whose carried cell is known. Empty if there is nothing to choose: a single wd, or all rows are
 * best on the same border of the grid (a wd of 0 is no border), beyond which their optima may differ.
 */
export function transferPairs(
  error: ArrayLike<number>,
  wds: readonly number[],
  rows: readonly number[],
): TransferPairs {
  const columns = wds.length;
  const best = rows.map((i) => bestOfRow(error, columns, i)).filter((at) => at >= 0);
  const [first] = best;
  if (columns < 2 || first === undefined) return [];
  const same = best.every((at) => at % columns === first % columns);
  const border = first % columns === columns - 1 || (first % columns === 0 && wds[0]! > 0);
  if (same && border) return [];
  return best.flatMap((from) =>
    best.flatMap((to) => {
      const carried = to - (to % columns) + (from % columns);
      return to === from || Number.isNaN(error[carried]!) ? [] : [[carried, to] as const];
    }),
  );
}

/** Mean extra error over the pairs; NaN if there are none. */
export const meanCost = (error: ArrayLike<number>, pairs: TransferPairs): number =>
  pairs.reduce((sum, [carried, own]) => sum + error[carried]! - error[own]!, 0) / pairs.length;

/** The mean cost between the lrs of `rows`. Replicates do not choose the rows anew. `label` names the stream. */
export function sampleTransfer(
  surface: Surface,
  noise: Noise | null,
  rows: readonly number[],
  plan: BootstrapPlan,
  label: string,
): Sampled {
  const { error, wds } = surface;
  const value = meanCost(error, transferPairs(error, wds, rows));
  const deviations = new Float64Array(noise && Number.isFinite(value) ? plan.replicates : 0);
  const random = stream(plan.seed, 'transfer', label);
  const drawn = new Float64Array(error.length);
  for (let r = 0; r < deviations.length; r++) {
    drawErrors(surface, noise!, random, drawn);
    const pairs = transferPairs(drawn, wds, rows);
    deviations[r] = meanCost(drawn, pairs) - meanCost(error, pairs);
  }
  return { value, deviations, freedom: noise ? noise.freedom : 0 };
}
