/**
 * The difference of two settings that were trained on the same seeds. What a seed does to both (initial weights, order,
 * images) cancels in its pair.
 */
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { tQuantile } from './student.js';

/** The power at which a difference counts as detectable. */
export const POWER = 0.8;

/** The most seeds that `seedsToDetect` names: no plan needs a larger number. */
const MOST_SEEDS = 100_000;

/** Mean of b - a over the seeds that both have, in the unit of the two. All null with fewer than two pairs. */
export interface PairedDifference {
  /** Number of pairs. */
  readonly n: number;
  readonly mean: number | null;
  /** Ends of the t interval on n - 1 degrees of freedom. */
  readonly low: number | null;
  readonly high: number | null;
  /** The smallest true difference that so many pairs of this scatter would have shown with a probability of 80 %. */
  readonly detectable: number | null;
}

/**
 * b - a, paired by seed. Seeds that only one of them has, or has no finite error of, are left out.
 *
 * @param a seed -> error, of one setting
 * @param b the same, of the other
 * @param level confidence level of the interval, between 0 and 1
 */
export function pairedDifference(
  a: ReadonlyMap<number, number>,
  b: ReadonlyMap<number, number>,
  level: number,
): PairedDifference {
  // By ascending seed: the order in which records came must not change a sum's last bit.
  const differences = [...a]
    .sort(([one], [two]) => one - two)
    .map(([seed, error]) => (b.get(seed) ?? NaN) - error)
    .filter(Number.isFinite);
  const n = differences.length;
  if (n < 2) return { n, mean: null, low: null, high: null, detectable: null };
  const [centre, sd] = [mean(differences), sampleStandardDeviation(differences)];
  const half = (tQuantile(level, n - 1) * sd) / Math.sqrt(n);
  return {
    n,
    mean: centre,
    low: centre - half,
    high: centre + half,
    detectable: detectableDifference(sd, n, level),
  };
}

/**
 * The difference that n pairs whose differences have standard deviation `sd` show with probability `POWER`: the t interval
 * at `level` excludes 0. (t_(1-alpha/2) + t_power) sd / sqrt(n), t on n - 1 degrees of freedom (Bloom 1995,
 * Evaluation Review 19:547). n is at least 2.
 */
export function detectableDifference(sd: number, n: number, level: number): number {
  // P(T <= t) = POWER for the t with P(|T| <= t) = 2 POWER - 1.
  const reach = tQuantile(level, n - 1) + tQuantile(2 * POWER - 1, n - 1);
  return (reach * sd) / Math.sqrt(n);
}

/** The least number of pairs that would show `difference`, null if that is 0 or takes more than 100,000. */
export function seedsToDetect(difference: number, sd: number, level: number): number | null {
  const shows = (n: number) => detectableDifference(sd, n, level) <= Math.abs(difference);
  if (!(Math.abs(difference) > 0) || !shows(MOST_SEEDS)) return null;
  let [low, high] = [1, MOST_SEEDS];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (shows(middle)) high = middle;
    else low = middle;
  }
  return high;
}
