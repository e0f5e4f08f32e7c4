/** How much less decay takes from the weights with large gradients. The ratio is 1 when decay is decoupled. */
import { byLabel, buildGrid } from '../experiment/grid.js';
import type { AnyRecord } from '../experiment/record.js';

/** Of one optimizer: the best cell with decay whose runs recorded it. */
export interface Shrinkage {
  readonly label: string;
  /**
   * Relative decay per step of the weights with the smallest gradients, over that of the weights with the largest: the
   * geometric mean over the runs. 1 where all weights shrink alike.
   */
  readonly ratio: number;
  /** The least and the greatest of the runs. */
  readonly least: number;
  readonly most: number;
  readonly runs: number;
}

/** Groups of weights at each end, of the 24 that a run records: an eighth of the weights. */
const ENDS = 3;

/** One entry for each optimizer whose runs recorded their decay; often none. */
export const shrinkages = (records: readonly AnyRecord[]): Shrinkage[] =>
  [...byLabel(records)].flatMap(([label, group]) => {
    const decayed = group.filter(({ cell, decay }) => cell.wd > 0 && decay !== undefined);
    const cells = buildGrid(label, decayed).cells.flat();
    const best = cells
      .filter(({ selection }) => selection !== null)
      .toSorted((a, b) => a.selection! - b.selection!)[0];
    const ratios = (best?.runs ?? []).map(ratioOf).filter((ratio) => ratio !== null);
    if (ratios.length === 0) return [];
    const ratio = geometricMean(ratios);
    return [{ label, ratio, least: Math.min(...ratios), most: Math.max(...ratios), runs: ratios.length }];
  });

/** Null where too few groups have gradients and decay. Inputs that are always 0 give weights without gradients. */
function ratioOf({ decay = [] }: AnyRecord): number | null {
  const known = decay.filter(({ gradient, relativeDecay }) => gradient > 0 && relativeDecay > 0);
  if (known.length < 2 * ENDS) return null;
  const level = (groups: typeof known) => geometricMean(groups.map(({ relativeDecay }) => relativeDecay));
  return level(known.slice(0, ENDS)) / level(known.slice(-ENDS));
}

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
