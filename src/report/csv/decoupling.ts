/** decoupling.csv: the statistics. */
import type {
  Comparison,
  Decoupling,
  Estimate,
  NamedBudgetTrend,
  OptimizerStatistics,
  TransferPair,
  Trial,
} from '../../analysis/statistics.js';
import type { Confirmation } from '../../analysis/confirmation.js';
import type { CellSteps, StepsStatistics } from '../../analysis/stepsToGeneralise.js';
import { write, type Row } from './write.js';

const STATISTIC_COLUMNS = ['kind', 'a', 'b', 'statistic', 'value', 'low', 'high', 'count', 'note'] as const;

type Statistic = readonly [name: string, estimate: Estimate, count?: number];

const exact = (value: number | null): Estimate => ({ value, low: null, high: null });

function ofOptimizer(s: OptimizerStatistics): Statistic[] {
  const { best, basin, separability, ridge, quadratic, regret, transfer } = s;
  return [
    ['best_lr', exact(best?.lr ?? null)],
    ['best_wd', exact(best?.wd ?? null)],
    ['best_error_mean', exact(best?.mean ?? null), best?.runs ?? 0],
    ['best_error_sd', exact(best?.sd ?? null), best?.runs ?? 0],
    ['best_total_decay', exact(best?.decay ?? null)],
    ['best_tau_epochs', exact(best?.tau ?? null)],
    ['best_error_expected', best?.expected ?? exact(null), best?.runs ?? 0],
    ['basin_relative', basin.relative, basin.cells],
    ['basin_absolute', basin.absolute, basin.cells],
    ['separability', separability.corrected, separability.cells],
    ['separability_raw', exact(separability.raw), separability.cells],
    [
      'separability_raw_converged',
      exact(separability.rawConverged),
      separability.cells - separability.diverged,
    ],
    ['ridge_slope', ridge.slope, ridge.used],
    ['ridge_intercept', exact(ridge.intercept), ridge.used],
    ['ridge_censored', exact(ridge.censored), ridge.columns.length],
    ['ridge_slope_quadratic', quadratic.slope, quadratic.cells],
    ['regret_mean', regret.mean],
    ['regret_from_zero', exact(regret.fromZero?.regret ?? null)],
    ['regret_from_median', exact(regret.fromMedian?.regret ?? null)],
    ['regret_worst', exact(regret.worst?.regret ?? null)],
    ['transfer_mean', transfer.mean, transfer.lrs],
    ['transfer_worst', exact(transfer.worst), transfer.lrs],
    ...transfer.octaves.map(({ octaves, cost, pairs }): Statistic => [
      `transfer_${octaves}_octaves`,
      cost,
      pairs,
    ]),
    ...transfer.pairs.map(pairStatistic),
    ...(s.trials ?? []).map(trialStatistic),
  ];
}

/** One of the best trials that are no grid: its note says which. `count`: runs. */
function trialStatistic({ lr, wd, mean, runs }: Trial, index: number): Statistic {
  return [`best_${index + 1}`, { ...exact(mean), reason: `lr ${lr}, wd ${wd}` }, runs];
}

/** Names of statistics that say `error` say `loss` where losses were measured. */
const namesFor =
  ({ measure }: Decoupling) =>
  (name: string) =>
    measure === 'loss' ? name.replace(/(^|_)error/, '$1loss') : name;

/** One pair of learning rates: its note says which, and whether it is left out of the median. */
function pairStatistic({ fromLr, toLr, octaves, wd, cost, edge }: TransferPair): Statistic {
  const what = `wd ${wd}, best at lr ${fromLr}, kept at lr ${toLr}`;
  const reason = edge ? `${what}; marked: a best wd is on the border of the grid` : what;
  return ['transfer_pair', { ...exact(cost), reason }, octaves];
}

function ofComparison(c: Comparison): Statistic[] {
  const runs = c.runs[0] + c.runs[1];
  const fitted = c.generalisation.runs[0] + c.generalisation.runs[1];
  return [
    ['best_error', c.best, runs],
    ['best_error_relative', c.bestRelative, runs],
    ['basin_relative', c.basinRelative, runs],
    ['basin_absolute', c.basinAbsolute, runs],
    ['separability', c.separability, runs],
    ['ridge_slope', c.slope, runs],
    ['regret_mean', c.regret, runs],
    ['transfer_mean', c.transfer, runs],
    ['error_at_equal_loss', c.generalisation.difference, fitted],
    ['error_at_equal_loss_relative', c.generalisation.relative, fitted],
  ];
}

/** Where the lowest cell of a budget is, and the cliff beside it: `wd` itself lies between the grid's values. */
function noted(wd: Estimate, lowest: number | null, cliff: number | null): Estimate {
  if (lowest === null) return wd;
  const where = cliff === null ? '' : `, next to a cliff that begins before wd ${cliff}`;
  return {
    ...wd,
    reason: [`The lowest error is at wd ${lowest}${where}.`, wd.reason ?? ''].join(' ').trim(),
  };
}

function ofBudgets({ optima, slope, transfer }: NamedBudgetTrend): Statistic[] {
  const at = optima.flatMap(({ epochs, wd, tau, runs, lowest, cliff }): Statistic[] => [
    [`best_wd_at_${epochs}_epochs`, noted(wd, lowest, cliff), runs],
    [`best_tau_at_${epochs}_epochs`, tau, runs],
  ]);
  return [
    ...at,
    ['budget_slope', slope, optima.filter(({ status }) => status === 'used').length],
    ['budget_transfer', transfer, optima.length],
  ];
}

type Named = (name: string) => string;

const statisticRow = (
  kind: string,
  a: string,
  b: string | null,
  [name, e, count]: Statistic,
  named: Named = (same) => same,
): Row => ({
  kind,
  a,
  b,
  statistic: named(name),
  value: e.value,
  low: e.low,
  high: e.high,
  count: count ?? null,
  note: e.reason ?? null,
});

const NEIGHBOUR = 'a cell beside the chosen one';

/** What the rows about steps are called: of the grid, and of the second stage. */
const STEPS = {
  steps: 'steps_to_generalise',
  fit: 'steps_to_fit',
  share: 'share_generalised',
  relative: 'steps_to_generalise_relative',
  p: 'steps_to_generalise_p',
};
const CONFIRMED_STEPS = {
  steps: 'confirmed_steps',
  fit: 'confirmed_steps_to_fit',
  share: 'confirmed_share_generalised',
  relative: 'confirmed_steps_relative',
  p: 'confirmed_steps_p',
};

/** When the quickest cell of each optimizer generalises, and by what factor they differ. Notes name the cells. */
function ofSteps({ best, comparisons }: StepsStatistics, names: typeof STEPS, kind?: 'confirmation'): Row[] {
  const at = ({ lr, wd }: CellSteps, e: Estimate): Estimate => ({
    ...e,
    reason: [`lr ${lr}, wd ${wd}`, e.reason].filter(Boolean).join('; '),
  });
  return [
    ...best.flatMap((cell) =>
      (['steps', 'fit', 'share'] as const).map((name) =>
        statisticRow(kind ?? 'optimizer', cell.label, null, [
          names[name],
          at(cell, cell[name]),
          cell.runs.length,
        ]),
      ),
    ),
    ...comparisons.flatMap(({ a, b, relative, p, runs: [n, m] }) => [
      statisticRow(kind ?? 'difference', a, b, [names.relative, relative, n + m]),
      statisticRow(kind ?? 'difference', a, b, [names.p, exact(p), n + m]),
    ]),
  ];
}

function ofConfirmation({ cells, pairs, steps }: Confirmation): Row[] {
  return [
    ...cells.map(({ label, role, lr, wd, error, errors }) => {
      const note = [`lr ${lr}, wd ${wd}`, ...(role === 'best' ? [] : [NEIGHBOUR]), error.reason].filter(
        Boolean,
      );
      const estimate = { ...error, reason: note.join('; ') };
      return statisticRow('confirmation', label, null, ['confirmed_error', estimate, errors.size]);
    }),
    ...pairs.flatMap(({ a, b, difference: { n, mean, low, high, detectable } }) => [
      statisticRow('confirmation', a, b, ['paired_difference', { value: mean, low, high }, n]),
      statisticRow('confirmation', a, b, ['detectable_difference', exact(detectable), n]),
    ]),
    ...(steps ? ofSteps(steps, CONFIRMED_STEPS, 'confirmation') : []),
  ];
}

/**
 * decoupling.csv: one row per statistic of each optimizer, of each pair (b minus a), of each trend over budgets, and of
 * the second stage.
 */
export function decouplingCsv(decoupling: Decoupling, confirmed: Confirmation | null = null): string {
  const named = namesFor(decoupling);
  const rows = [
    ...decoupling.optimizers.flatMap((s) =>
      ofOptimizer(s).map((statistic) => statisticRow('optimizer', s.label, null, statistic, named)),
    ),
    ...decoupling.shrinkages.map(({ label, ratio, runs }) =>
      statisticRow('optimizer', label, null, ['decay_ratio', exact(ratio), runs]),
    ),
    ...decoupling.comparisons.flatMap((c) =>
      ofComparison(c).map((statistic) => statisticRow('difference', c.a, c.b, statistic, named)),
    ),
    ...decoupling.budgets.flatMap((b) =>
      ofBudgets(b).map((statistic) => statisticRow('budget', b.name, b.labels.join(' | '), statistic)),
    ),
    ...(decoupling.steps ? ofSteps(decoupling.steps, STEPS) : []),
    ...(confirmed ? ofConfirmation(confirmed) : []),
  ];
  return write(rows, STATISTIC_COLUMNS, true);
}
