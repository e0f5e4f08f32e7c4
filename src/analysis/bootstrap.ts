/**
 * The bootstrap that all grid statistics share: the basic (pivotal) bootstrap of Davison & Hinkley 1997, section 5.2.
 * It takes the observed surface for the truth and draws replicates of the grid about it. Each replicate computes every
 * statistic anew, with its selections: the best cell, the columns, the path of tuning in turn. The deviation from that
 * truth estimates the error of the observed statistic.
 */
import { quantileSorted } from 'simple-statistics';
import { stream, type Stream } from '../random/stream.js';
import { additiveFit, explainedShare } from './additive.js';
import { quadraticRidge } from './quadratic.js';
import { ASSUMED_NOISE, ridge } from './ridge.js';
import { argmin, meanRegret, shareWithin, tuneInTurnFromAll } from './selection.js';
import { drawErrors, type Noise } from './noise.js';
import type { Surface } from './surface.js';

export const STATISTICS = [
  'best',
  'logBest',
  'basinRelative',
  'basinAbsolute',
  'separability',
  'slope',
  'quadraticSlope',
  'regret',
] as const;
export type Statistic = (typeof STATISTICS)[number];

/** Replicates that measure the luck of selection before the statistics that need it. */
const PILOT = 200;
/** Luck of selection in one replicate, in standard errors of the best cell, at most. */
const MOST_LUCK = 3;
/**
 * The share of the luck that the bootstrap finds, measured (bench/coverage.ts): its surface contains the noise already
 * once, so the best cell stands out more than it does in truth.
 */
const LUCK_FOUND = 0.75;
/** The share of the correction for luck that counts as its standard error, chosen with the same measurement. */
const LUCK_UNSURE = 0.6;

export interface BootstrapPlan {
  readonly level: number;
  readonly replicates: number;
  readonly seed: number;
}

/** One statistic: its observed value (NaN: not identifiable) and its bootstrap deviations. */
export interface Sampled {
  readonly value: number;
  /** Empty if seed noise is unknown; NaN for a replicate in which the statistic was not identifiable. */
  readonly deviations: Float64Array;
  /** Degrees of freedom from which the noise of one cell is known. */
  readonly freedom: number;
  /** Standard error of the value, for the statistics of one cell. */
  readonly error?: number;
}

export type Samples = Readonly<Record<Statistic, Sampled>>;

/** Mean relative variance of the cells' means over the cells that vary; 0 if it is unknown. */
export function meanNoise(surface: Surface, noise: Noise | null): number {
  if (!noise) return 0;
  let [sum, n] = [0, 0];
  surface.error.forEach((e, k) => {
    if (Number.isNaN(e)) return;
    sum += noise.variance[k]!;
    n++;
  });
  return n > 0 ? sum / n : 0;
}

/** The noise for the weights of the ridge: the median over the cells in which nothing diverged. */
export function ridgeNoise(surface: Surface, noise: Noise | null): number {
  if (!noise) return ASSUMED_NOISE ** 2;
  const clean = noise.variance.filter((_, k) => !surface.touched[k] && !Number.isNaN(surface.error[k]!));
  return clean.length > 0 ? quantileSorted([...clean.sort()], 0.5) : ASSUMED_NOISE ** 2;
}

/**
 * Observed values and `plan.replicates` deviations of every statistic. `label` names the random stream.
 * @param chosen the best cell where validation errors have chosen it; its test error has no luck of selection
 */
export function sample(
  surface: Surface,
  noise: Noise | null,
  plan: BootstrapPlan,
  label: string,
  chosen?: number,
): Samples {
  const truth = surface.error;
  const variance = meanNoise(surface, noise);
  const weightNoise = ridgeNoise(surface, noise);
  const luck = noise ? selectionLuck(surface, noise, stream(plan.seed, 'pilot', label)) : 0;
  const observed = evaluate(surface, truth, truth, variance, weightNoise, noise, luck);
  // The surface that stands for the truth has no noise to correct for.
  const fixed = evaluate(surface, truth, truth, 0, weightNoise, noise, 0);
  const count = noise && observed.at >= 0 ? plan.replicates : 0;
  const deviations = STATISTICS.map(() => new Float64Array(count));
  const random = stream(plan.seed, 'bootstrap', label);
  const drawn = new Float64Array(truth.length);
  for (let b = 0; b < count; b++) {
    drawErrors(surface, noise!, random, drawn);
    const { values, moving } = evaluate(surface, drawn, truth, variance, weightNoise, noise, luck);
    STATISTICS.forEach((s, k) => (deviations[k]![b] = values[s] - (moving[s] ?? fixed.values[s])));
  }
  const entries = STATISTICS.map((s, k) => {
    const freedom = noise?.freedom ?? 0;
    if (isOfBest(s) && chosen !== undefined) {
      const value = s === 'best' ? truth[chosen]! : Math.log(truth[chosen]!);
      const sampled = { value, deviations: new Float64Array(count), freedom };
      return [s, count > 0 ? ofBest(sampled, s, chosen, noise!) : sampled];
    }
    const sampled = { value: observed.values[s], deviations: deviations[k]!, freedom };
    return [s, count > 0 && isOfBest(s) ? ofBest(sampled, s, observed.at, noise!) : sampled];
  });
  return Object.fromEntries(entries) as Record<Statistic, Sampled>;
}

const isOfBest = (s: Statistic): s is 'best' | 'logBest' => s === 'best' || s === 'logBest';

/**
 * The best cell's level depends on the noise of that cell alone. In some replicates a cell past a cliff has the luck to
 * be the best. This says nothing about a best cell that lies elsewhere, so such luck counts as `MOST_LUCK`.
 */
function ofBest(sampled: Sampled, statistic: 'best' | 'logBest', at: number, noise: Noise): Sampled {
  const relative = Math.sqrt(noise.variance[at]!);
  const error = statistic === 'logBest' ? relative : relative * sampled.value;
  const most = MOST_LUCK * error;
  const deviations = sampled.deviations.map((d) => Math.max(-most, Math.min(most, d)) / LUCK_FOUND);
  const luck = deviations.reduce((sum, d) => sum + d, 0) / deviations.length;
  return {
    ...sampled,
    deviations,
    freedom: noise.freedoms[at]!,
    error: Math.hypot(error, LUCK_UNSURE * luck),
  };
}

/** Mean over the replicates of ln(drawn error / true error) at the selected cell: the luck of selection, at most 0. */
function selectionLuck(surface: Surface, noise: Noise, random: Stream): number {
  const drawn = new Float64Array(surface.error.length);
  let sum = 0;
  for (let b = 0; b < PILOT; b++) {
    drawErrors(surface, noise, random, drawn);
    const at = argmin(drawn);
    if (at >= 0) sum += Math.log(drawn[at]! / surface.error[at]!);
  }
  return sum / PILOT;
}

interface Evaluation {
  /** Best cell, -1 if no cell is known. */
  readonly at: number;
  readonly values: Record<Statistic, number>;
  /** The true errors of the chosen cells, for statistics about the chosen cell. */
  readonly moving: Partial<Record<Statistic, number>>;
}

/** All statistics of `error`, and the errors on `truth` of the cells that they choose. */
function evaluate(
  surface: Surface,
  error: Float64Array,
  truth: Float64Array,
  variance: number,
  weightNoise: number,
  noise: Noise | null,
  luck: number,
): Evaluation {
  const columns = surface.wds.length;
  const at = argmin(error);
  const best = at < 0 ? NaN : error[at]!;
  const reference = best * Math.exp(-luck);
  const reached = tuneInTurnFromAll(error, columns);
  return {
    at,
    values: {
      best,
      logBest: Math.log(best),
      basinRelative: shareWithin(error, reference * 1.1),
      basinAbsolute: shareWithin(error, reference + 0.01),
      separability: explainedShare(additiveFit(error.map(Math.log), columns), variance),
      slope: ridge(surface, error, weightNoise, noise?.variance).slope,
      quadraticSlope: quadraticRidge(surface, error).slope,
      regret: at < 0 ? NaN : meanRegret(error, reached, at),
    },
    moving: {
      best: at < 0 ? NaN : truth[at]!,
      logBest: at < 0 ? NaN : Math.log(truth[at]!),
      regret: at < 0 ? NaN : meanRegret(truth, reached, at),
    },
  };
}
