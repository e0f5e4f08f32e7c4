/** How many times as long one setting waits as another, with an exact interval. Pure. */
import { cumulativeStdNormalProbability } from 'simple-statistics';
import type { Waiting } from './survival.js';

/** The waits of b divided by those of a. */
export interface WaitRatio {
  /** Median ratio of a wait of b to one of a (Hodges & Lehmann 1963); null where censored waits hide it. */
  readonly value: number | null;
  /** What is known of the median ratio in any case: 0 and Infinity if nothing. Both are `value` where there is one. */
  readonly least: number;
  readonly most: number;
  /** Ends of the interval; 0 or Infinity where it has no end on that side. */
  readonly low: number;
  readonly high: number;
  /** Two-sided p of "both wait equally long". */
  readonly p: number;
}

/** With more waits than this in all, p comes from the normal approximation. */
const MOST_EXACT = 32;

/** With more ratios than this, evenly picked ones are tried. */
const MOST_RATIOS = 1024;

/**
 * The interval has every r at which the data do not reject "b waits as r times a does". For such an r, a's waits and
 * horizons are multiplied by r, both groups are cut off at the shortest horizon of all, and the ranks are compared by the
 * permutation test of Wilcoxon, with mid-ranks for ties and the waits beyond the cut tied at the top (so it is Gehan's
 * test, 1965, Biometrika 52:203, for censoring at one time). The test is exact: of r = 1 for any censoring at fixed
 * horizons, of other r if the waits differ by a factor.
 */
export function waitRatio(a: readonly Waiting[], b: readonly Waiting[], level: number): WaitRatio {
  if (a.length === 0 || b.length === 0)
    return { value: null, least: 0, most: Infinity, low: 0, high: Infinity, p: 1 };
  const ratios = candidates(a, b);
  const accepted = (r: number) => pOf(a, b, r) > 1 - level;
  // Between two neighbours nothing changes: the set consists of whole pieces, and its hull is the interval.
  const edges = [0, ...ratios, Infinity];
  const kept = edges.slice(1).flatMap((high, i) => {
    const low = edges[i]!;
    return accepted(between(low, high)) ? [[low, high] as const] : [];
  });
  const points = [...ratios, 1].filter(accepted).map((r) => [r, r] as const);
  const ends = [...kept, ...points];
  return {
    ...medianRatio(a, b),
    low: ends.reduce((least, [low]) => Math.min(least, low), Infinity),
    high: ends.reduce((most, [, high]) => Math.max(most, high), 0),
    p: pOf(a, b, 1),
  };
}

const between = (low: number, high: number): number =>
  low === 0 ? high / 2 : high === Infinity ? low * 2 : Math.sqrt(low * high);

const shortest = (waits: readonly Waiting[]) => Math.min(...waits.map(({ horizon }) => horizon));

/** The ratios at which the order of the waits changes, ascending. */
function candidates(a: readonly Waiting[], b: readonly Waiting[]): number[] {
  const times = (waits: readonly Waiting[]) => [
    ...waits.flatMap(({ steps }) => steps ?? []),
    shortest(waits),
  ];
  const all = new Set(times(a).flatMap((x) => times(b).map((y) => y / x)));
  const sorted = [...all].sort((x, y) => x - y);
  const step = Math.max(1, sorted.length / MOST_RATIOS);
  return sorted.filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step));
}

/** Two-sided p of "b waits as r times a does". */
function pOf(a: readonly Waiting[], b: readonly Waiting[], r: number): number {
  // Twelve digits: r is a quotient of two waits, and the tie that it makes must stay one.
  const rounded = (steps: number) => Number(steps.toPrecision(12));
  const cut = rounded(Math.min(r * shortest(a), shortest(b)));
  const seen = (steps: number | null, times: number) => {
    const at = steps === null ? Infinity : rounded(steps * times);
    return at > cut ? Infinity : at;
  };
  const pooled = [...a.map(({ steps }) => seen(steps, r)), ...b.map(({ steps }) => seen(steps, 1))];
  const ranks = doubledRanks(pooled);
  const sum = ranks.slice(0, a.length).reduce((total, rank) => total + rank, 0);
  return ranks.length <= MOST_EXACT ? exactP(ranks, a.length, sum) : normalP(ranks, a.length, sum);
}

/** Twice the mid-ranks, which are whole numbers. */
function doubledRanks(values: readonly number[]): number[] {
  return values.map((value) => {
    const less = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return 2 * less + equal + 1;
  });
}

/** Over all choices of `n` of the ranks: twice the smaller of the shares with a sum at most, and at least, `sum`. */
function exactP(ranks: readonly number[], n: number, sum: number): number {
  const total = ranks.reduce((all, rank) => all + rank, 0);
  // ways[k][s]: in how many ways k of the ranks so far have sum s.
  const ways = Array.from({ length: n + 1 }, () => new Float64Array(total + 1));
  ways[0]![0] = 1;
  for (const rank of ranks)
    for (let k = n; k >= 1; k--) {
      const [to, from] = [ways[k]!, ways[k - 1]!];
      for (let s = total; s >= rank; s--) to[s] = to[s]! + from[s - rank]!;
    }
  const count = (some: Float64Array) => some.reduce((all, w) => all + w, 0);
  const last = ways[n]!;
  const all = count(last);
  return Math.min(1, (2 * Math.min(count(last.subarray(0, sum + 1)), count(last.subarray(sum)))) / all);
}

/** The same by the normal distribution, with the variance that the ties leave and a correction for continuity. */
function normalP(ranks: readonly number[], n: number, sum: number): number {
  const size = ranks.length;
  const centre = ranks.reduce((all, rank) => all + rank, 0) / size;
  const spread = ranks.reduce((all, rank) => all + (rank - centre) ** 2, 0);
  const variance = (n * (size - n) * spread) / (size * (size - 1));
  if (variance === 0) return 1;
  const z = Math.max(0, Math.abs(sum - n * centre) - 1) / Math.sqrt(variance);
  return 2 * (1 - cumulativeStdNormalProbability(z));
}

/** Median of the ratios of all pairs. A censored wait leaves its ratios a lower or an upper limit only. */
function medianRatio(a: readonly Waiting[], b: readonly Waiting[]) {
  const pairs = a.flatMap((x) => b.map((y) => [x, y] as const));
  const least = middle(pairs.map(([x, y]) => (x.steps === null ? 0 : (y.steps ?? y.horizon) / x.steps)));
  const most = middle(
    pairs.map(([x, y]) => (y.steps === null ? Infinity : y.steps / (x.steps ?? x.horizon))),
  );
  return { value: most / least < 1 + 1e-9 ? least : null, least, most };
}

/** Median; of two in the middle their geometric mean. */
function middle(values: readonly number[]): number {
  const sorted = [...values].sort((x, y) => x - y);
  const [one, two] = [sorted[(sorted.length - 1) >> 1]!, sorted[sorted.length >> 1]!];
  return one === two ? one : one === 0 ? 0 : Math.sqrt(one * two);
}
