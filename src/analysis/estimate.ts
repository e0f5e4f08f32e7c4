/** From an observed value and its bootstrap deviations to an `Estimate`: the rules of the intervals. */
import { probit, quantileSorted, sampleStandardDeviation } from 'simple-statistics';
import type { Sampled } from './bootstrap.js';
import type { Estimate } from './statistics.js';
import { tQuantile } from './student.js';

/** An estimate that does not exist, and why. */
export const noEstimate = (reason: string): Estimate => ({ value: null, low: null, high: null, reason });

export const ONE_SEED =
  'No cell has two finished seeds, so seed noise cannot be estimated; train two seeds or more for an interval.';
const UNSTABLE =
  'The statistic could not be computed in more than a fifth of the bootstrap replicates, so it has no interval.';

/**
 * `basic`: value - deviations. `percentile`: value + deviations, for statistics that are already corrected for bias.
 * `union`, for statistics of single cells: on each side the wider of basic and normal. It is stretched from normal to
 * t quantiles, because few runs tell the noise of a cell. `cell`: the t interval of the standard error of one cell.
 * docs/statistics.md has the measured coverage of each.
 */
export interface Rule {
  readonly interval: 'basic' | 'percentile' | 'union' | 'cell';
  /** Subtract the mean deviation (the bias) from the value. */
  readonly unbias: boolean;
  readonly bounds: readonly [number, number];
}

const REAL = [-Infinity, Infinity] as const;
const SHARE = [0, 1] as const;

/** How each statistic becomes an estimate. */
export const RULES = {
  best: { interval: 'cell', unbias: true, bounds: [0, 1] },
  bestLoss: { interval: 'cell', unbias: true, bounds: [0, Infinity] },
  basin: { interval: 'percentile', unbias: false, bounds: SHARE },
  separability: { interval: 'basic', unbias: false, bounds: SHARE },
  slope: { interval: 'basic', unbias: false, bounds: REAL },
  vertex: { interval: 'percentile', unbias: false, bounds: REAL },
  // Below 0 if the path reaches a cell that is truly better than the one that looks best.
  regret: { interval: 'union', unbias: true, bounds: REAL },
  transfer: { interval: 'union', unbias: true, bounds: REAL },
} as const satisfies Record<string, Rule>;

/** The estimate of a statistic; `reason` is for a value that is not identifiable. */
export function estimate(sampled: Sampled, rule: Rule, level: number, reason: string): Estimate {
  if (!Number.isFinite(sampled.value)) return noEstimate(reason);
  const clip = (v: number) => Math.min(rule.bounds[1], Math.max(rule.bounds[0], v));
  const known = [...sampled.deviations].filter(Number.isFinite).sort((a, b) => a - b);
  if (known.length === 0 || known.length < 0.8 * sampled.deviations.length)
    return {
      value: clip(sampled.value),
      low: null,
      high: null,
      reason: sampled.deviations.length === 0 ? ONE_SEED : UNSTABLE,
    };
  const bias = rule.unbias ? known.reduce((a, b) => a + b, 0) / known.length : 0;
  const [from, to] = ends(known, bias, rule.interval, level, sampled);
  return {
    value: clip(sampled.value - bias),
    low: clip(sampled.value + from),
    high: clip(sampled.value + to),
  };
}

/** Ends of the interval relative to the observed value; `deviations` ascending. */
function ends(
  deviations: number[],
  bias: number,
  interval: Rule['interval'],
  level: number,
  { freedom, error = 0 }: Sampled,
): [number, number] {
  const t = () => tQuantile(level, Math.max(1, Math.round(freedom)));
  if (interval === 'cell') return [-bias - t() * error, -bias + t() * error];
  const low = quantileSorted(deviations, (1 - level) / 2);
  const high = quantileSorted(deviations, (1 + level) / 2);
  if (interval === 'percentile') return [low, high];
  if (interval === 'basic') return [-high, -low];
  const half = deviations.length > 1 ? probit((1 + level) / 2) * sampleStandardDeviation(deviations) : 0;
  const [from, to] = [Math.min(-high, -bias - half), Math.max(-low, -bias + half)];
  const stretch = t() / probit((1 + level) / 2);
  return [-bias + (from + bias) * stretch, -bias + (to + bias) * stretch];
}

/** b - a: the deviations of two independent bootstraps, subtracted in pairs. */
export function difference(a: Sampled, b: Sampled): Sampled {
  const count = Math.min(a.deviations.length, b.deviations.length);
  const deviations = b.deviations.subarray(0, count).map((d, k) => d - a.deviations[k]!);
  const value = b.value - a.value;
  if (a.error === undefined || b.error === undefined)
    return { value, freedom: Math.min(a.freedom, b.freedom), deviations };
  const [one, two] = [a.error ** 2, b.error ** 2];
  // Welch-Satterthwaite; without any noise either will do.
  const spread = one ** 2 / a.freedom + two ** 2 / b.freedom;
  const freedom = spread > 0 ? (one + two) ** 2 / spread : Math.min(a.freedom, b.freedom);
  return { value, freedom, deviations, error: Math.sqrt(one + two) };
}

/**
 * Widens an estimate to the t interval of the scatter about a fitted line, if that is wider or the estimate has no
 * interval. `error`: standard error on `freedom` degrees of freedom.
 */
export function widen(found: Estimate, error: number, freedom: number, level: number): Estimate {
  if (found.value === null || !Number.isFinite(error) || !(freedom >= 1)) return found;
  const half = tQuantile(level, Math.floor(freedom)) * error;
  return {
    value: found.value,
    low: Math.min(found.low ?? Infinity, found.value - half),
    high: Math.max(found.high ?? -Infinity, found.value + half),
  };
}
