/** What a wd costs that was tuned at one lr, or one budget, and is kept at another. */
import { stream } from '../random/stream.js';
import type { BootstrapPlan, Sampled } from './bootstrap.js';
import { argmin } from './selection.js';
import { drawErrors, type Noise, type Surface } from './surface.js';

/** A learning rate is worth using where its best error is at most this many times the best of all, */
const MAX_RATIO = 1.5;
/** or so much above it, for a best error near 0. */
const MAX_EXCESS = 0.01;

/** Per ordered pair of rows: the cell with the wd that is best in the one, and the best cell, both in the other. */
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
 * The pairs of `rows`, without those whose carried cell is not known. Empty if there is nothing to choose: a single
 * wd, or the best of all rows on the same border of the grid (a wd of 0 is no border), beyond which they may differ.
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

/** Mean over the pairs of what carrying costs; NaN without any. */
export const meanCost = (error: ArrayLike<number>, pairs: TransferPairs): number =>
  pairs.reduce((sum, [carried, own]) => sum + error[carried]! - error[own]!, 0) / pairs.length;

/** The mean cost between the lrs of `rows`, which are not chosen anew in each replicate; `label` names the stream. */
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
