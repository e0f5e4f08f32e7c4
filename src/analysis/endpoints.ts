/** Answers to an experiment's endpoints: whether an interval lies on the side that confirms, on the other, or on both. */
import type { Endpoint, EndpointStatistic } from '../experiment/endpoints.js';
import { pairedEstimate, type Confirmation } from './confirmation.js';
import { noEstimate } from './estimate.js';
import type { StepsStatistics } from './stepsToGeneralise.js';
import type { Comparison, Decoupling, Estimate, OptimizerStatistics } from './statistics.js';

export type EndpointOutcome = 'holds' | 'does not hold' | 'cannot tell';

export interface EndpointAnswer {
  readonly endpoint: Endpoint;
  /** The statistic, or the difference of the second optimizer's and the first's. */
  readonly estimate: Estimate;
  readonly outcome: EndpointOutcome;
}

/**
 * An answer for each endpoint, in order. Pure.
 * @param confirmed the second stage, if there is one and its cells are chosen
 */
export const answerEndpoints = (
  endpoints: readonly Endpoint[],
  decoupling: Decoupling,
  confirmed: Confirmation | null = null,
): EndpointAnswer[] =>
  endpoints.map((endpoint) => {
    const estimate = estimateOf(endpoint, decoupling, confirmed);
    return { endpoint, estimate, outcome: outcomeOf(endpoint, estimate) };
  });

/** Holds if the whole interval lies on the side that confirms; does not hold if it lies on the other. */
export function outcomeOf({ confirms, than }: Endpoint, { low, high }: Estimate): EndpointOutcome {
  const side = low !== null && low > than ? 'greater' : high !== null && high < than ? 'less' : undefined;
  if (side === undefined) return 'cannot tell';
  return side === confirms ? 'holds' : 'does not hold';
}

function estimateOf(
  { statistic, of }: Endpoint,
  decoupling: Decoupling,
  confirmed: Confirmation | null,
): Estimate {
  const [first, second] = of;
  if (statistic === 'paired_difference') return pairedEstimate(confirmed, first!, second!);
  if (isOfSteps(statistic)) return stepsEstimate(statistic, of, decoupling, confirmed);
  const [a, b] = of.map((label) => decoupling.optimizers.find((o) => o.label === label));
  if (!a) return noEstimate(`There is no run of ${first!}.`);
  if (second === undefined) return ofOne(statistic, a);
  if (!b) return noEstimate(`There is no run of ${second}.`);
  const straight = decoupling.comparisons.find((c) => c.a === a.label && c.b === b.label);
  const reversed = decoupling.comparisons.find((c) => c.a === b.label && c.b === a.label);
  const compared = straight ? ofTwo(statistic, straight) : reversed && negated(statistic, reversed);
  return compared ?? independentDifference(ofOne(statistic, a), ofOne(statistic, b));
}

type OfSteps = Extract<EndpointStatistic, `${string}steps${string}`>;
const isOfSteps = (statistic: EndpointStatistic): statistic is OfSteps => statistic.includes('steps');

/** Steps to generalise: of the grid's seeds, or of the fresh ones. */
function stepsEstimate(
  statistic: OfSteps,
  [first, second]: readonly string[],
  { steps }: Decoupling,
  confirmed: Confirmation | null,
): Estimate {
  if (!statistic.startsWith('confirmed')) return stepsOf(steps, first!, second);
  if (!confirmed) return noEstimate('No cell has been chosen for the confirmation yet.');
  const left = confirmed.cells.some(
    ({ label, missing }) => missing > 0 && (label === first || label === second),
  );
  return left ? noEstimate('The confirmation is not complete.') : stepsOf(confirmed.steps, first!, second);
}

function stepsOf(found: StepsStatistics | undefined, first: string, second: string | undefined): Estimate {
  const none = noEstimate(
    `${second === undefined ? first : 'One of the two'} has no run with steps to count.`,
  );
  if (second === undefined) return found?.best.find(({ label }) => label === first)?.steps ?? none;
  const straight = found?.comparisons.find(({ a, b }) => a === first && b === second);
  const reversed = found?.comparisons.find(({ a, b }) => a === second && b === first);
  return straight?.relative ?? (reversed && inverted(reversed.relative)) ?? none;
}

/** a / b - 1 from b / a - 1. What had no upper end has -1 as its lower one, and the other way round. */
function inverted({ value, low, high, reason }: Estimate): Estimate {
  const bounded = low !== null || high !== null;
  return {
    value: value === null ? null : invert(value),
    low: bounded ? (high === null ? -1 : invert(high)) : null,
    high: low === null || low <= -1 ? null : invert(low),
    ...(value === null
      ? { reason: 'Runs that never generalised hide it.' }
      : bounded || !reason
        ? {}
        : { reason }),
  };
}

const octaveCost = (n: number) => (o: OptimizerStatistics) =>
  o.transfer.octaves.find(({ octaves }) => octaves === n)?.cost;

const ONE: Partial<Record<EndpointStatistic, (o: OptimizerStatistics) => Estimate | undefined>> = {
  separability: (o) => o.separability.corrected,
  ridge_slope: (o) => o.ridge.slope,
  ridge_slope_quadratic: (o) => o.quadratic.slope,
  transfer_mean: (o) => o.transfer.mean,
  transfer_1_octaves: octaveCost(1),
  transfer_2_octaves: octaveCost(2),
  transfer_3_octaves: octaveCost(3),
  regret_mean: (o) => o.regret.mean,
  basin_relative: (o) => o.basin.relative,
  basin_absolute: (o) => o.basin.absolute,
  best_error_expected: (o) => o.best?.expected,
};

/** Differences that decoupling.csv has itself. */
const TWO: Partial<Record<EndpointStatistic, (c: Comparison) => Estimate>> = {
  separability: (c) => c.separability,
  ridge_slope: (c) => c.slope,
  transfer_mean: (c) => c.transfer,
  regret_mean: (c) => c.regret,
  basin_relative: (c) => c.basinRelative,
  basin_absolute: (c) => c.basinAbsolute,
  best_error: (c) => c.best,
  best_error_relative: (c) => c.bestRelative,
  error_at_equal_loss: (c) => c.generalisation.difference,
  error_at_equal_loss_relative: (c) => c.generalisation.relative,
};

const ofOne = (statistic: EndpointStatistic, o: OptimizerStatistics): Estimate =>
  ONE[statistic]?.(o) ?? noEstimate(`${o.label} has no such statistic on this grid.`);

const ofTwo = (statistic: EndpointStatistic, c: Comparison): Estimate | undefined => TWO[statistic]?.(c);

/** a's minus b's, where the comparison has b's minus a's. A relative difference turns with its base: 1/(1+d) - 1. */
function negated(statistic: EndpointStatistic, c: Comparison): Estimate | undefined {
  const e = ofTwo(statistic, c);
  if (!e || e.value === null) return e;
  const turn = statistic.endsWith('_relative') && !statistic.startsWith('basin') ? invert : (v: number) => -v;
  const { value, low, high } = e;
  return {
    ...e,
    value: turn(value),
    low: high === null ? null : turn(high),
    high: low === null ? null : turn(low),
  };
}

const invert = (d: number) => 1 / (1 + d) - 1;

/**
 * b - a from two independent estimates with intervals: the square-and-add limits of Zou & Donner 2008 (Statistics in
 * Medicine 27:1693), which keep the intervals' asymmetry.
 */
export function independentDifference(a: Estimate, b: Estimate): Estimate {
  if (a.value === null || b.value === null)
    return noEstimate(a.reason ?? b.reason ?? 'One of the two is unknown.');
  const value = b.value - a.value;
  if (a.low === null || a.high === null || b.low === null || b.high === null)
    return {
      value,
      low: null,
      high: null,
      reason: a.reason ?? b.reason ?? 'One of the two has no interval.',
    };
  return {
    value,
    low: value - Math.hypot(b.value - b.low, a.high - a.value),
    high: value + Math.hypot(b.high - b.value, a.value - a.low),
  };
}
