/** What the verdict states: facts from the statistics, without words. report/verdict.ts has the words. */
import type { Comparison, Decoupling, Estimate, OptimizerStatistics } from './statistics.js';

/** Which of the two a difference favours: `open` where its interval includes 0, `unknown` where it has none. */
export type Favours = 'a' | 'b' | 'open' | 'unknown';

/** One statistic of both optimizers, and b minus a. */
export interface Measure {
  readonly a: Estimate;
  readonly b: Estimate;
  readonly difference: Estimate;
  readonly favours: Favours;
  /** Seeds behind the difference. */
  readonly seeds: number;
  /** Seeds that would show the observed difference; null where it is shown or unknown, or over `MOST_SEEDS`. */
  readonly seedsNeeded: number | null;
}

/** A measure of how freely one can tune lr and wd, by the name that the report has words for. */
export interface TuningMeasure extends Measure {
  readonly name: 'transfer' | 'separability' | 'regret';
}

export interface PairFacts {
  readonly kind: 'pair';
  readonly a: OptimizerStatistics;
  readonly b: OptimizerStatistics;
  /** Expected test error of the best settings. */
  readonly error: Measure;
  /** transfer, separability, regret: the last speaks of how one tunes, the first two of what can be kept. */
  readonly tuning: readonly TuningMeasure[];
  /** The side that the measures favour; `mixed` if two of them disagree. */
  readonly easier: Favours | 'mixed';
  readonly generalisation: Comparison['generalisation'];
  readonly generalises: Favours;
  /** Seeds of the best cells; the smaller number of the two. */
  readonly seeds: number;
  /** Both best cells have wd = 0 and the two differ in the decay alone: there they are the same optimizer. */
  readonly bothWithoutDecay: boolean;
  /** One of the two has a cell with wd > 0. */
  readonly triedDecay: boolean;
  /** What the optimizers are compared by: a test error, or a loss of an imported sweep. */
  readonly measure: 'error' | 'loss';
  /** The trials of one of the two are no grid: only their best ones and a quadratic near them are known. */
  readonly scattered: boolean;
  readonly level: number;
}

export type VerdictFacts =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'single';
      readonly only: OptimizerStatistics;
      readonly measure: 'error' | 'loss';
      readonly level: number;
    }
  /** The pair that matters, and the other pairs of an L2 optimizer and its decoupled form. */
  | { readonly kind: 'pairs'; readonly first: PairFacts; readonly others: readonly PairFacts[] };

/** Nobody trains more seeds than this for one cell. */
export const MOST_SEEDS = 1000;
/** (1.96 + 0.84) / 1.96: from a half-width of a 95 % interval to the difference that shows with 80 % probability. */
const TO_DETECT = 1.43;

/** The pair that matters is the first of an L2 optimizer and its decoupled form, else the first of all. */
export function verdictFacts(decoupling: Decoupling): VerdictFacts {
  const { comparisons, optimizers, level } = decoupling;
  const pairs = comparisons.filter((c) => c.kind === 'decoupling');
  const [first, ...others] = pairs.length > 0 ? pairs : comparisons.slice(0, 1);
  if (first !== undefined)
    return {
      kind: 'pairs',
      first: pairFacts(decoupling, first),
      others: others.map((c) => pairFacts(decoupling, c)),
    };
  const [only] = optimizers;
  return only ? { kind: 'single', only, measure: decoupling.measure ?? 'error', level } : { kind: 'none' };
}

/**
 * @param comparison one of `decoupling.comparisons`
 * @throws Error if `decoupling` has no statistics of its optimizers
 */
export function pairFacts(decoupling: Decoupling, comparison: Comparison): PairFacts {
  const find = (label: string) => decoupling.optimizers.find((o) => o.label === label);
  const [a, b] = [find(comparison.a), find(comparison.b)];
  if (!a || !b)
    throw new Error(`No statistics of ${comparison.a} or ${comparison.b}: pass the decoupling it is from.`);
  const seeds = Math.min(a.best?.runs ?? 0, b.best?.runs ?? 0);
  const none: Estimate = { value: null, low: null, high: null };
  const error = measure(a.best?.expected ?? none, b.best?.expected ?? none, comparison.best, 'less', seeds);
  const tuning = tuningMeasures(a, b, comparison, seeds);
  return {
    kind: 'pair',
    a,
    b,
    error,
    tuning,
    easier: together(tuning.map(({ favours }) => favours)),
    generalisation: comparison.generalisation,
    generalises: favoursOf(comparison.generalisation.relative, 'less'),
    seeds,
    measure: decoupling.measure ?? 'error',
    scattered: (a.trials ?? b.trials) !== undefined,
    bothWithoutDecay: comparison.kind === 'decoupling' && a.best?.wd === 0 && b.best?.wd === 0,
    triedDecay: [a, b].some(({ trials, regret }) => trials !== undefined || regret.fromMedian !== null),
    level: decoupling.level,
  };
}

function tuningMeasures(
  a: OptimizerStatistics,
  b: OptimizerStatistics,
  c: Comparison,
  seeds: number,
): TuningMeasure[] {
  const separability = measure(
    a.separability.corrected,
    b.separability.corrected,
    c.separability,
    'more',
    seeds,
  );
  return [
    { name: 'transfer', ...measure(a.transfer.mean, b.transfer.mean, c.transfer, 'less', seeds) },
    {
      name: 'separability',
      ...separability,
      favours: contradicted(separability.favours, a, b) ? 'open' : separability.favours,
    },
    { name: 'regret', ...measure(a.regret.mean, b.regret.mean, c.regret, 'less', seeds) },
  ];
}

/**
 * Whole columns of diverged cells are additive, so they can make the more coupled grid look more separable. True where
 * the cells in which nothing diverged say the opposite.
 */
function contradicted(favours: Favours, a: OptimizerStatistics, b: OptimizerStatistics): boolean {
  if (favours !== 'a' && favours !== 'b') return false;
  const [more, less] = favours === 'a' ? [a, b] : [b, a];
  const [one, other] = [more.separability.rawConverged, less.separability.rawConverged];
  return one !== null && other !== null && one < other;
}

function measure(
  a: Estimate,
  b: Estimate,
  difference: Estimate,
  better: 'less' | 'more',
  seeds: number,
): Measure {
  const favours = favoursOf(difference, better);
  return {
    a,
    b,
    difference,
    favours,
    seeds,
    seedsNeeded: favours === 'open' ? seedsNeeded(difference, seeds) : null,
  };
}

/** The side that b - a favours, where `less` or `more` of the statistic is better. */
export function favoursOf({ low, high }: Estimate, better: 'less' | 'more'): Favours {
  if (low === null || high === null) return 'unknown';
  if (low <= 0 && high >= 0) return 'open';
  return high < 0 === (better === 'less') ? 'b' : 'a';
}

/** What measures of one thing say together. Silence of some does not contradict the others. */
function together(all: readonly Favours[]): Favours | 'mixed' {
  const said = new Set(all.filter((f) => f === 'a' || f === 'b'));
  if (said.size === 2) return 'mixed';
  const [side] = said;
  return side ?? (all.includes('open') ? 'open' : 'unknown');
}

/** An interval shrinks as 1 / sqrt(seeds): n (1.43 half-width / difference)^2, and more than n. */
function seedsNeeded({ value, low, high }: Estimate, seeds: number): number | null {
  if (value === null || low === null || high === null || value === 0 || seeds === 0) return null;
  const needed = Math.ceil(seeds * ((TO_DETECT * (high - low)) / 2 / value) ** 2);
  return needed > MOST_SEEDS ? null : Math.max(needed, seeds + 1);
}
