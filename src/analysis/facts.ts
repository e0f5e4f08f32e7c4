/** What the verdict states: facts from the statistics, without words. */
import type { Comparison, Decoupling, Estimate } from './statistics.js';

export interface VerdictFacts {
  readonly a: string;
  readonly b: string;
  /** The label of the one with fewer errors, or that is easier to tune; null if the intervals cannot tell. */
  readonly better: string | null;
  readonly easier: string | null;
  /** Seeds of the best cells; the smaller of the two. */
  readonly seeds: number;
  /** Seeds that would show the observed difference in error; null if over `MOST_SEEDS`, or unknown. */
  readonly needed: number | null;
}

/** More seeds than this nobody trains for one cell. */
const MOST_SEEDS = 1000;
/** (1.96 + 0.84) / 1.96: from a half-width of a 95 % interval to the difference that shows with 80 % probability. */
const TO_DETECT = 1.43;

/** The pair that matters: an L2 optimizer and its decoupled form, else the first. */
export const chosenComparison = ({ comparisons }: Decoupling): Comparison | undefined =>
  comparisons.find((c) => c.kind === 'decoupling') ?? comparisons[0];

/** Null if there is nothing to compare. */
export function verdictFacts(decoupling: Decoupling): VerdictFacts | null {
  const pair = chosenComparison(decoupling);
  if (!pair) return null;
  const { a, b, best, separability, transfer } = pair;
  const runs = [a, b].map((label) => decoupling.optimizers.find((o) => o.label === label)?.best?.runs ?? 0);
  const seeds = Math.min(...runs);
  // Fewer errors: negative. A higher separability or a cheaper transfer is easier; both may speak, never against it.
  const signs = [sign(separability), -sign(transfer)].filter((s) => s !== 0);
  const easier = signs.length > 0 && signs.every((s) => s === signs[0]) ? (signs[0]! > 0 ? b : a) : null;
  const better = sign(best) === 0 ? null : sign(best) < 0 ? b : a;
  return { a, b, better, easier, seeds, needed: seedsNeeded(best, seeds) };
}

/** The sign of an interval that excludes 0; else 0. */
function sign({ low, high }: Estimate): number {
  if (low === null || high === null) return 0;
  return high < 0 ? -1 : low > 0 ? 1 : 0;
}

/** An interval shrinks as 1 / sqrt(seeds): n (1.43 half-width / difference)^2. */
function seedsNeeded({ value, low, high }: Estimate, seeds: number): number | null {
  if (value === null || low === null || high === null || value === 0) return null;
  const needed = Math.ceil(seeds * ((TO_DETECT * (high - low)) / 2 / value) ** 2);
  return needed > MOST_SEEDS ? null : Math.max(needed, seeds + 1);
}
