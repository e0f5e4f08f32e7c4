/** The best wd of one training budget, and its time scale, with their intervals. */
import type { RunRecord } from '../experiment/record.js';
import type { Budget } from './budgetTransfer.js';
import { estimate, noEstimate, RULES } from './estimate.js';
import type { RidgeFit } from './ridge.js';
import type { BudgetOptimum, Estimate, RidgeColumnStatus } from './statistics.js';
import { timescaleOf } from './timescale.js';

type Optimum = Pick<RidgeFit['columns'][number], 'wd' | 'status'>;

const NO_OPTIMUM: Record<RidgeColumnStatus, string> = {
  used: '',
  edge: 'The lowest error is at the edge of the positive weight decays.',
  zero: 'The lowest error is without decay.',
  flat: 'No minimum can be told from a constant.',
  few: 'Fewer than three positive weight decays have a run that did not diverge.',
};
const NO_TIMESCALE = 'The decay has no time scale, or another one at each learning rate.';

/** `draws`: ln of the best wd in each bootstrap replicate. The interval is the basic one of ln wd. */
export function optimumOf(
  { epochs, runs, tauTimesWd: scale }: Budget,
  { wd, status }: Optimum,
  draws: Float64Array,
  level: number,
): BudgetOptimum {
  const value = Math.log(wd ?? NaN);
  const deviations = draws.map((draw) => draw - value);
  const log = estimate({ value, deviations, freedom: Infinity }, RULES.slope, level, NO_OPTIMUM[status]);
  const best = through(Math.exp, log);
  return {
    epochs,
    status,
    runs,
    wd: best,
    tau: scale === null ? noEstimate(NO_TIMESCALE) : through((x) => scale / x, best),
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
