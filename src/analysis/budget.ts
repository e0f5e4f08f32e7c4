/** Whether the best wd moves when the training budget changes (the paper's appendix on normalized decay). */
import { kindOf } from '../experiment/placement.js';
import { isImported, type AnyRecord, type RunRecord } from '../experiment/record.js';
import { stream } from '../random/stream.js';
import { ridgeNoise, type BootstrapPlan } from './bootstrap.js';
import type { BudgetTrend, Estimate, NamedBudgetTrend, RidgeColumn } from './statistics.js';
import { optimumOf, tauTimesWd } from './budgetOptimum.js';
import { budgetTransfer, type Budget } from './budgetTransfer.js';
import { estimate, RULES, widen } from './estimate.js';
import { buildGrid, byLabel, groupBy } from '../experiment/grid.js';
import { ridge } from './ridge.js';
import { argmin } from './selection.js';
import { drawErrors, noiseOf } from './noise.js';
import { surfaceOf, type Surface } from './surface.js';

/** Budgets are compared if all else of the optimizer and the schedule is equal; labels may differ. */
export const budgetKey = ({ optimizer, schedule }: RunRecord['cell']): string =>
  JSON.stringify([optimizer, schedule]);

/** Optimizer, convention and schedule. The name is short: settings that differ elsewhere share it. */
export const budgetName = ({ optimizer, schedule }: RunRecord['cell']): string =>
  `${kindOf(optimizer)}, ${optimizer.convention}, ${schedule.name}`;

/**
 * The trends of everything that `records` has at several numbers of epochs, in order of appearance. Of imported records
 * the number of epochs is not known.
 */
export function budgetTrends(records: readonly AnyRecord[], plan: BootstrapPlan): NamedBudgetTrend[] {
  const trained = records.filter((record): record is RunRecord => !isImported(record));
  return [...groupBy(trained, ({ cell }) => budgetKey(cell)).values()]
    .filter((group) => group.some(({ cell }) => cell.epochs !== group[0]!.cell.epochs))
    .map((group) => ({
      name: budgetName(group[0]!.cell),
      labels: [...byLabel(group).keys()],
      ...budgetTrend(group, plan),
    }));
}

/** Best wd against budget. `records`: one optimizer at several numbers of epochs (any labels). */
export function budgetTrend(
  records: readonly RunRecord[],
  options: Partial<BootstrapPlan> = {},
): BudgetTrend {
  const plan: BootstrapPlan = { level: 0.95, replicates: 1000, seed: 0, ...options };
  const budgets = byEpochs(records);
  const observed = budgets.map((b) => profileOptimum(b, b.surface.error));
  const line = lineThrough(budgets, observed);
  const count = budgets.every((b) => b.noise) ? plan.replicates : 0;
  const deviations = new Float64Array(count);
  const draws = budgets.map(() => ({ wds: new Float64Array(count), cliffs: new Float64Array(count) }));
  const streams = budgets.map((b) => stream(plan.seed, 'budget', b.epochs));
  const buffers = budgets.map((b) => new Float64Array(b.surface.error.length));
  for (let r = 0; r < deviations.length; r++) {
    budgets.forEach((b, k) => drawErrors(b.surface, b.noise!, streams[k]!, buffers[k]!));
    const drawn = budgets.map((b, k) => profileOptimum(b, buffers[k]!));
    deviations[r] = lineThrough(budgets, drawn).slope - line.slope;
    drawn.forEach(({ wd, cliff }, k) => {
      draws[k]!.wds[r] = Math.log(wd ?? NaN);
      draws[k]!.cliffs[r] = Math.log(cliff ?? wd ?? NaN);
    });
  }
  const reason = 'Fewer than two budgets have their best wd inside the grid, so no trend is identifiable.';
  const slope = estimate(
    { value: line.slope, deviations, freedom: Infinity },
    RULES.slope,
    plan.level,
    reason,
  );
  return {
    transfer: budgetTransfer(budgets, plan),
    optima: budgets.map((b, k) => optimumOf(b, observed[k]!, draws[k]!, plan.level)),
    slope: widenToCliffs(widen(slope, line.error, line.used - 2, plan.level), budgets, observed),
  };
}

/** What the slope would be if the best wd of each budget lay at its cliff, at the worst: the interval holds this too. */
function widenToCliffs(
  slope: Estimate,
  budgets: readonly Budget[],
  optima: readonly RidgeColumn[],
): Estimate {
  if (slope.value === null || slope.low === null || slope.high === null) return slope;
  const x = budgets.flatMap((b, k) => (optima[k]!.wd === null ? [] : [Math.log(b.epochs)]));
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const sxx = x.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  const moves = budgets.map((b, k) => {
    const { wd, cliff } = optima[k]!;
    return wd === null || cliff === null ? 0 : (Math.log(cliff / wd) * (Math.log(b.epochs) - mean)) / sxx;
  });
  const sum = (sign: number) => moves.reduce((all, move) => all + sign * Math.max(0, sign * move), 0);
  return {
    ...slope,
    low: Math.min(slope.low, slope.value + sum(-1)),
    high: Math.max(slope.high, slope.value + sum(1)),
  };
}

function byEpochs(records: readonly RunRecord[]): Budget[] {
  return [...groupBy(records, ({ cell }) => cell.epochs)]
    .sort((a, b) => a[0] - b[0])
    .map(([epochs, group]) => {
      const grid = buildGrid(String(epochs), group);
      return {
        epochs,
        surface: surfaceOf(grid),
        noise: noiseOf(grid),
        runs: grid.runs,
        tauTimesWd: tauTimesWd(group),
      };
    });
}

/** The optimum along wd, taken at each wd's best lr, by the rule of the ridge. */
function profileOptimum(budget: Budget, error: Float64Array) {
  const { lrs, wds, diverged, touched } = budget.surface;
  const at = wds.map((_, j) => argmin(error, j, wds.length, lrs.length));
  const profile: Surface = {
    ...budget.surface,
    lrs: [1],
    error: Float64Array.from(at, (k) => (k < 0 ? NaN : error[k]!)),
    diverged: Uint8Array.from(at, (k) => (k < 0 ? 0 : diverged[k]!)),
    touched: Uint8Array.from(at, (k) => (k < 0 ? 0 : touched[k]!)),
  };
  const variance = budget.noise?.variance;
  const cells = variance && Float64Array.from(at, (k) => (k < 0 ? NaN : variance[k]!));
  return ridge(profile, profile.error, ridgeNoise(budget.surface, budget.noise), cells).columns[0]!;
}

function lineThrough(budgets: readonly Budget[], optima: readonly { readonly wd: number | null }[]) {
  const points = budgets.flatMap((b, k) => {
    const wd = optima[k]!.wd;
    return wd === null ? [] : [[Math.log(b.epochs), Math.log(wd)] as const];
  });
  const n = points.length;
  if (n < 2) return { slope: NaN, error: NaN, used: n };
  const mx = points.reduce((s, p) => s + p[0], 0) / n;
  const my = points.reduce((s, p) => s + p[1], 0) / n;
  const sxx = points.reduce((s, p) => s + (p[0] - mx) ** 2, 0);
  const slope = points.reduce((s, p) => s + (p[0] - mx) * (p[1] - my), 0) / sxx;
  const rest = points.reduce((s, p) => s + (p[1] - my - slope * (p[0] - mx)) ** 2, 0);
  return { slope, error: n > 2 ? Math.sqrt(rest / (n - 2) / sxx) : NaN, used: n };
}
