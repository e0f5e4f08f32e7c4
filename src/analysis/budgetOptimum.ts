/** The best wd of one training budget, and its time scale, with their intervals. */
import type { RunRecord } from '../experiment/record.js';
import type { Budget } from './budgetTransfer.js';
import { estimate, noEstimate, RULES } from './estimate.js';
import type { BudgetOptimum, Estimate, RidgeColumn, RidgeColumnStatus } from './statistics.js';
import { timescaleOf } from './timescale.js';

type Optimum = Omit<RidgeColumn, 'lr' | 'weight'>;

const NO_OPTIMUM: Record<RidgeColumnStatus, string> = {
  used: '',
  edge: 'The lowest error is at the edge of the positive weight decays.',
  zero: 'The lowest error is without decay.',
  flat: 'No minimum can be told from a constant.',
  few: 'Fewer than three positive weight decays have a run that did not diverge.',
};
const NO_TIMESCALE = 'The decay has no time scale, or another one at each learning rate.';

/** ln of the best wd in each bootstrap replicate, and of the cliff beside it (of the best wd again if there is none). */
export interface Draws {
  readonly wds: Float64Array;
  readonly cliffs: Float64Array;
}

/** The interval of the best wd has the percentiles of the draws; next to a cliff, of all between wd and the cliff. */
export function optimumOf(
  { epochs, runs, tauTimesWd: scale }: Budget,
  { wd, status, lowest, cliff }: Optimum,
  { wds, cliffs }: Draws,
  level: number,
): BudgetOptimum {
  const value = Math.log(wd ?? NaN);
  const interval = (outer: (a: number, b: number) => number) => {
    const deviations = wds.map((draw, r) => (cliff === null ? draw : outer(draw, cliffs[r]!)) - value);
    return estimate({ value, deviations, freedom: Infinity }, RULES.vertex, level, NO_OPTIMUM[status]);
  };
  const log = { ...interval(Math.min), high: interval(Math.max).high };
  const best = reaching(cliff, lowest, through(Math.exp, log));
  return {
    epochs,
    status,
    runs,
    wd: best,
    lowest,
    cliff,
    tau: scale === null ? noEstimate(NO_TIMESCALE) : through((x) => scale / x, best),
  };
}

/** The grid does not tell where between the lowest cell and the next one the cliff begins. */
function reaching(cliff: number | null, lowest: number | null, found: Estimate): Estimate {
  if (cliff === null || lowest === null || found.low === null || found.high === null) return found;
  return {
    ...found,
    low: Math.min(found.low, lowest, cliff),
    high: Math.max(found.high, lowest, cliff),
  };
}

/** An estimate of f(x), f monotone, from that of x. */
function through(f: (x: number) => number, { value, low, high, reason }: Estimate): Estimate {
  const of = (x: number | null) => (x === null ? null : f(x));
  const [a, b] = [of(low), of(high)];
  const [from, to] = a !== null && b !== null && a > b ? [b, a] : [a, b];
  return { value: of(value), low: from, high: to, ...(reason === undefined ? {} : { reason }) };
}

/** tau is inversely proportional to wd; this is the constant, or null where the runs share none. */
export function tauTimesWd(records: readonly RunRecord[]): number | null {
  const products = records
    .filter(({ cell }) => cell.wd > 0)
    .map(({ cell }) => (timescaleOf(cell)?.tau ?? NaN) * cell.wd);
  const [first] = products;
  return first !== undefined && products.every((c) => Math.abs(c / first - 1) < 1e-9) ? first : null;
}
