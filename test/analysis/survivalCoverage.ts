/**
 * How often the intervals of censored waits hold the truth. Waits are lognormal (sigma 0.5 in ln steps), known to a 60th of
 * their median, and censored at a horizon that a given share of them reaches.
 */
import { probit } from 'simple-statistics';
import { stream, type Stream } from '../../src/random/stream.js';
import {
  kaplanMeier,
  medianInterval,
  medianWait,
  shareInterval,
  type Waiting,
} from '../../src/analysis/survival.js';
import { waitRatio } from '../../src/analysis/waitRatio.js';

const SIGMA = 0.5;
const MEDIAN = 60;
const LEVEL = 0.95;

export interface StepsScenario {
  readonly runs: number;
  /** Share of all waits that end within the horizon. */
  readonly reached: number;
}

/** Shares of the replications, in [0, 1]. */
export interface StepsCoverage {
  readonly range: number;
  readonly brookmeyerCrowley: number;
  readonly share: number;
  readonly equal: number;
  readonly half: number;
  /** The ratio of two cells, each the quickest of four equal ones on the same seeds. */
  readonly chosen: number;
  /** How often a true ratio of 1/2 is told from 1. */
  readonly power: number;
}

const drawn = (random: Stream, median: number, horizon: number): Waiting => {
  const steps = Math.ceil(median * Math.exp(SIGMA * random.normal()));
  return { steps: steps <= horizon ? steps : null, horizon };
};

const holds = ({ low, high }: { readonly low: number; readonly high: number }, truth: number) =>
  low <= truth * (1 + 1e-9) && truth <= high * (1 + 1e-9);

export function stepsCoverage({ runs, reached }: StepsScenario, replications: number): StepsCoverage {
  const random = stream(0, 'steps', runs, reached);
  const horizon = Math.ceil(MEDIAN * Math.exp(SIGMA * probit(Math.min(0.9999, reached))));
  const group = (median: number) => Array.from({ length: runs }, () => drawn(random, median, horizon));
  const quickestOf = (groups: readonly Waiting[][]) =>
    groups.toSorted((a, b) => (medianWait(a) ?? horizon + 1) - (medianWait(b) ?? horizon + 1))[0]!;
  const four = (median: number) => quickestOf([0, 1, 2, 3].map(() => group(median)));
  const tally = { range: 0, brookmeyerCrowley: 0, share: 0, equal: 0, half: 0, chosen: 0, power: 0 };
  const seen = Math.min(0.9999, reached);
  for (let k = 0; k < replications; k++) {
    const [a, b] = [group(MEDIAN), group(MEDIAN)];
    const half = waitRatio(a, group(MEDIAN / 2), LEVEL);
    tally.range += Number(holds(medianInterval(a, LEVEL)!, MEDIAN));
    tally.brookmeyerCrowley += Number(holds(brookmeyerCrowley(a), MEDIAN));
    tally.share += Number(
      holds(shareInterval(a.filter(({ steps }) => steps !== null).length, runs, LEVEL), seen),
    );
    tally.equal += Number(holds(waitRatio(a, b, LEVEL), 1));
    tally.half += Number(holds(half, 0.5));
    tally.power += Number(half.high < 1);
    tally.chosen += Number(holds(waitRatio(four(MEDIAN), four(MEDIAN / 2), LEVEL), 0.5));
  }
  return Object.fromEntries(
    Object.entries(tally).map(([name, count]) => [name, count / replications]),
  ) as unknown as StepsCoverage;
}

/** The usual interval of a median: where the log-log interval of the curve (Greenwood's variance) holds 1/2. */
function brookmeyerCrowley(waits: readonly Waiting[]): { low: number; high: number } {
  const z = probit((1 + LEVEL) / 2);
  let variance = 0;
  let [low, high] = [Infinity, Infinity];
  for (const { steps, left } of kaplanMeier(waits)) {
    const waiting = waits.filter((wait) => (wait.steps ?? wait.horizon) >= steps).length;
    const events = waits.filter((wait) => wait.steps === steps).length;
    variance += waiting === events ? 0 : events / (waiting * (waiting - events));
    const spread = Math.exp((z * Math.sqrt(variance)) / Math.abs(Math.log(left)));
    const [least, most] = left > 0 ? [left ** spread, left ** (1 / spread)] : [0, 0];
    if (least <= 0.5) low = Math.min(low, steps);
    if (most <= 0.5) high = Math.min(high, steps);
  }
  return { low, high };
}
