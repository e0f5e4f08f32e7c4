/** How much test error it costs to use the best wd of one training budget at another; lr is tuned at both. */
import { stream } from '../random/stream.js';
import type { BootstrapPlan } from './bootstrap.js';
import type { Estimate } from './statistics.js';
import { estimate, RULES, noEstimate } from './estimate.js';
import { argmin } from './selection.js';
import { drawErrors, type Noise } from './noise.js';
import type { Surface } from './surface.js';
import { transferPairs, meanCost } from './transfer.js';

export interface Budget {
  readonly epochs: number;
  readonly surface: Surface;
  readonly noise: Noise | null;
  readonly runs: number;
  /** tau of a cell times its wd, in epochs; null where the cells do not share one. */
  readonly tauTimesWd: number | null;
}

/** For each budget (row) and wd (column): the index of the cell with the best lr in the budget's errors; -1: none. */
const tunedCells = (budgets: readonly Budget[], errors: readonly Float64Array[]): number[] =>
  budgets.flatMap(({ surface: { lrs, wds } }, b) =>
    wds.map((_, j) => argmin(errors[b]!, j, wds.length, lrs.length)),
  );

/** Mean over all ordered pairs of budgets. */
export function budgetTransfer(budgets: readonly Budget[], plan: BootstrapPlan): Estimate {
  const wds = budgets[0]?.surface.wds ?? [];
  if (budgets.length < 2)
    return noEstimate(
      'There is only one budget, so there is no other one at which a weight decay could be kept.',
    );
  if (!budgets.every(({ surface }) => surface.wds.join() === wds.join()))
    return noEstimate('The budgets do not have the same weight decays.');
  const rows = budgets.map((_, b) => b);
  const truth = budgets.map(({ surface }) => surface.error);
  const tableOf = (cells: readonly number[], errors: readonly Float64Array[]) =>
    cells.map((at, k) => (at < 0 ? NaN : errors[Math.floor(k / wds.length)]![at]!));
  const observed = tableOf(tunedCells(budgets, truth), truth);
  const value = meanCost(observed, transferPairs(observed, wds, rows));
  const known = Number.isFinite(value) && budgets.every(({ noise }) => noise);
  const deviations = new Float64Array(known ? plan.replicates : 0);
  const streams = budgets.map(({ epochs }) => stream(plan.seed, 'budget transfer', epochs));
  const drawn = truth.map((error) => new Float64Array(error.length));
  for (let r = 0; r < deviations.length; r++) {
    budgets.forEach(({ surface, noise }, b) => drawErrors(surface, noise!, streams[b]!, drawn[b]!));
    const cells = tunedCells(budgets, drawn);
    const table = tableOf(cells, drawn);
    const pairs = transferPairs(table, wds, rows);
    deviations[r] = meanCost(table, pairs) - meanCost(tableOf(cells, truth), pairs);
  }
  const freedom = Math.min(...budgets.map(({ noise }) => noise?.freedom ?? Infinity));
  const reason =
    'There is only one weight decay, or the best of all budgets lies on the border of the grid, so no cost can be computed.';
  return estimate({ value, deviations, freedom }, RULES.transfer, plan.level, reason);
}
