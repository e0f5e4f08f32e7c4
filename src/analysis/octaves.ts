/** What it costs to keep a tuned wd when lr changes by one octave, two, three: the cost of transfer.ts by distance. */
import { mean, median } from 'simple-statistics';
import { stream } from '../random/stream.js';
import type { BootstrapPlan, Sampled } from './bootstrap.js';
import { estimate, noEstimate, RULES } from './estimate.js';
import { drawErrors, type Noise } from './noise.js';
import { argmin } from './selection.js';
import type { Estimate, OctaveCost, TransferPair } from './statistics.js';
import type { Surface } from './surface.js';

/** Rows `from` and `to`, and the cells of row `to` with the wd of row `from` and with its own. */
interface Carried {
  readonly from: number;
  readonly to: number;
  readonly octaves: number;
  readonly kept: number;
  readonly own: number;
  /** The best wd of one of the two is on the border of the grid. */
  readonly edge: boolean;
}

/** Whole octaves between two lrs, 1 at least: from 1 to 3 counts as two. */
const octavesBetween = (a: number, b: number) => Math.max(1, Math.round(Math.abs(Math.log2(b / a))));

/** All ordered pairs of `rows` whose kept cell is known. */
function carriedPairs({ lrs, wds }: Surface, error: Float64Array, rows: readonly number[]): Carried[] {
  const columns = wds.length;
  const best = new Map(rows.map((i) => [i, argmin(error, i * columns, 1, columns)]));
  const isEdge = (at: number) => {
    const j = at % columns;
    return j === columns - 1 || (j === 0 && wds[0]! > 0);
  };
  return rows.flatMap((from) =>
    rows.flatMap((to) => {
      const [source, own] = [best.get(from)!, best.get(to)!];
      const kept = to * columns + (source % columns);
      if (from === to || source < 0 || own < 0 || Number.isNaN(error[kept]!)) return [];
      const octaves = octavesBetween(lrs[from]!, lrs[to]!);
      return [{ from, to, octaves, kept, own, edge: isEdge(source) || isEdge(own) }];
    }),
  );
}

/** The pair of learning rates that a change in either direction belongs to. */
const pairOf = ({ from, to }: Carried) => `${Math.min(from, to)} ${Math.max(from, to)}`;

/**
 * Median over the pairs of learning rates of one distance that are not marked; NaN if there is none. A pair's cost is kept
 * minus own, averaged over the two directions. One direction is often far dearer, so a median over single directions would
 * fall into the gap between the two kinds, where it is neither and no bootstrap finds its error (docs/statistics.md).
 */
function medianCost(pairs: readonly Carried[], octaves: number, error: Float64Array): number {
  const costs = new Map<string, number[]>();
  for (const pair of pairs) {
    if (pair.octaves !== octaves || pair.edge) continue;
    const own = costs.get(pairOf(pair)) ?? [];
    costs.set(pairOf(pair), [...own, error[pair.kept]! - error[pair.own]!]);
  }
  return costs.size > 0 ? median([...costs.values()].map((both) => mean(both))) : NaN;
}

/** Every pair of the learning rates `rows`, as observed. */
export const listPairs = (surface: Surface, rows: readonly number[]): TransferPair[] =>
  carriedPairs(surface, surface.error, rows).map(({ from, to, octaves, kept, own, edge }) => ({
    fromLr: surface.lrs[from]!,
    toLr: surface.lrs[to]!,
    octaves,
    wd: surface.wds[kept % surface.wds.length]!,
    cost: surface.error[kept]! - surface.error[own]!,
    edge,
  }));

/**
 * The cost at each distance that occurs. A replicate chooses every wd anew and leaves out its own marked pairs. `label`
 * names the random stream.
 */
export function costByOctave(
  surface: Surface,
  noise: Noise | null,
  rows: readonly number[],
  plan: BootstrapPlan,
  label: string,
): OctaveCost[] {
  const { error } = surface;
  const observed = carriedPairs(surface, error, rows);
  const distances = [...new Set(observed.map((p) => p.octaves))].sort((a, b) => a - b);
  const deviations = distances.map(() => new Float64Array(noise ? plan.replicates : 0));
  const random = stream(plan.seed, 'octaves', label);
  const drawn = new Float64Array(error.length);
  for (let r = 0; noise && distances.length > 0 && r < plan.replicates; r++) {
    drawErrors(surface, noise, random, drawn);
    const pairs = carriedPairs(surface, drawn, rows);
    distances.forEach(
      (d, k) => (deviations[k]![r] = medianCost(pairs, d, drawn) - medianCost(pairs, d, error)),
    );
  }
  return distances.map((octaves, k) => {
    const all = observed.filter((p) => p.octaves === octaves);
    const used = all.filter((p) => !p.edge);
    const value = medianCost(observed, octaves, error);
    const sampled = { value, deviations: deviations[k]!, freedom: noise?.freedom ?? 0 };
    const count = (some: readonly Carried[]) => new Set(some.map(pairOf)).size;
    const cost = costOf(count(used), sampled, plan.level);
    return { octaves, cost, pairs: count(used), marked: count(all) - count(used) };
  });
}

/** One pair of learning rates is too little evidence for a value. */
function costOf(pairs: number, sampled: Sampled, level: number): Estimate {
  if (pairs === 0)
    return noEstimate('At this distance the best wd of every pair lies on the border of the grid.');
  if (pairs === 1) return noEstimate('There is only one pair of learning rates at this distance.');
  return estimate(sampled, RULES.transfer, level, 'There is no pair at this distance.');
}
