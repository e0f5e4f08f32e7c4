/**
 * Statistics of waiting times, some of which are censored: all that is known of them is that they are longer than the
 * time that was watched. For few runs (3 to 16): every interval here is exact, none leans on large samples. Pure.
 */
import { bisect } from 'simple-statistics';

/** When something happened first, in steps; null if it did not within the `horizon`, the steps that were watched. */
export interface Waiting {
  readonly steps: number | null;
  readonly horizon: number;
}

/** Where probabilities that should be equal differ by rounding. */
const ROUNDING = 1e-12;

interface Drop {
  readonly steps: number;
  /** Share still waiting after `steps`. */
  readonly left: number;
}

/**
 * The Kaplan-Meier curve (1958, https://doi.org/10.1080/01621459.1958.10501452): S(t) = prod over event times u <= t of
 * (1 - events at u / waiting just before u). A wait that is censored at an event's time counts as waiting then.
 */
export function kaplanMeier(waits: readonly Waiting[]): Drop[] {
  const times = [...new Set(waits.flatMap(({ steps }) => steps ?? []))].sort((a, b) => a - b);
  let left = 1;
  return times.map((at) => {
    const events = waits.filter(({ steps }) => steps === at).length;
    const waiting = waits.filter(({ steps, horizon }) => (steps ?? horizon) >= at).length;
    left *= 1 - events / waiting;
    return { steps: at, left };
  });
}

/** The first step by which at least half no longer wait, by the Kaplan-Meier curve; null if it is not reached. */
export const medianWait = (waits: readonly Waiting[]): number | null =>
  kaplanMeier(waits).find(({ left }) => left <= 0.5 + ROUNDING)?.steps ?? null;

/** Mean of the waits cut off at `horizon`: the area under the Kaplan-Meier curve up to there. NaN without waits. */
export function restrictedMean(waits: readonly Waiting[], horizon: number): number {
  if (waits.length === 0) return NaN;
  let [area, from, left] = [0, 0, 1];
  for (const drop of kaplanMeier(waits)) {
    if (drop.steps >= horizon) break;
    area += (drop.steps - from) * left;
    [from, left] = [drop.steps, drop.left];
  }
  return area + (horizon - from) * left;
}

export interface MedianInterval {
  /** Ends in steps; `high` is Infinity where too many waits are censored. */
  readonly low: number;
  readonly high: number;
  /** How often such an interval holds the median at least: 1 - 2 P(Bin(n, 1/2) < j). */
  readonly confidence: number;
}

/**
 * The distribution-free interval of the median: the j-th smallest to the j-th largest wait (David & Nagaraja, Order
 * Statistics, 2003, 7.1), j the largest that gives `level`. With fewer than six waits no j gives 95 %; then j = 1, and
 * `confidence` says what the range holds. A censored wait lies between its horizon and infinity, so the lower end takes
 * the one and the upper end the other: that holds whatever the censoring depends on.
 *
 * @returns undefined without waits
 */
export function medianInterval(waits: readonly Waiting[], level: number): MedianInterval | undefined {
  const n = waits.length;
  if (n === 0) return undefined;
  const confidence = (j: number) => 1 - 2 * atMost(j - 1, n, 0.5);
  let j = 1;
  while (confidence(j + 1) >= level - ROUNDING) j++;
  const ascending = (a: number, b: number) => a - b;
  const least = waits.map(({ steps, horizon }) => steps ?? horizon).sort(ascending);
  const most = waits.map(({ steps }) => steps ?? Infinity).sort(ascending);
  return { low: least[j - 1]!, high: most[n - j]!, confidence: confidence(j) };
}

/** P(X <= k) for X binomial with n trials of probability p. */
function atMost(k: number, n: number, p: number): number {
  if (p <= 0 || k >= n) return 1;
  if (p >= 1) return 0;
  // By logarithms: p^n of many seeds is too small for a double.
  let [log, sum] = [n * Math.log1p(-p), 0];
  for (let i = 0; i <= k; i++) {
    sum += Math.exp(log);
    log += Math.log((n - i) / (i + 1)) + Math.log(p) - Math.log1p(-p);
  }
  return Math.min(1, sum);
}

/** A share of n with the exact interval of Clopper & Pearson (1934, Biometrika 26:404). NaN without any. */
export function shareInterval(
  k: number,
  n: number,
  level: number,
): { value: number; low: number; high: number } {
  const tail = (1 - level) / 2;
  const root = (f: (p: number) => number) => bisect(f, 0, 1, 200, 1e-13);
  return {
    value: k / n,
    low: k === 0 ? 0 : root((p) => 1 - atMost(k - 1, n, p) - tail),
    high: k === n ? 1 : root((p) => atMost(k, n, p) - tail),
  };
}
