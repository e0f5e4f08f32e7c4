/** All decoupling statistics of a set of run records: the function that the report calls. */
import { measureOf, type AnyRecord } from '../experiment/record.js';
import type { BootstrapPlan, Sampled, Statistic } from './bootstrap.js';
import type {
  Comparison,
  Decoupling,
  DecouplingOptions,
  Estimate,
  OptimizerStatistics,
} from './statistics.js';
import { budgetTrends } from './budget.js';
import { difference, estimate, RULES, noEstimate, widen, type Rule } from './estimate.js';
import { fromLogRatio, generalisation, lossPoints, type LossPoints } from './generalisation.js';
import { byLabel } from '../experiment/grid.js';
import { decoupledKinds } from '../experiment/placement.js';
import { analyseOptimizer, REASONS, type OptimizerAnalysis } from './optimizer.js';
import { NOT_A_GRID } from './scattered.js';
import { shrinkages } from './shrinkage.js';
import { stepsToGeneralise } from './stepsToGeneralise.js';
import { sampleTransfer, worthUsing } from './transfer.js';

/** The bootstrap draws at most this many runs times replicates, but never fewer than 200 replicates. */
const MAX_DRAWS = 10_000_000;
const MIN_REPLICATES = 200;

interface Side extends OptimizerAnalysis {
  readonly points: LossPoints;
}

/**
 * The statistics of every optimizer in `records` (any order, several seeds, any status) and of every pair of them.
 * Pure and deterministic. Never throws on degenerate records: a value that cannot be computed is null, with a reason.
 */
export function decoupling(records: readonly AnyRecord[], options: DecouplingOptions = {}): Decoupling {
  const replicates = Math.min(
    options.replicates ?? 1000,
    Math.max(MIN_REPLICATES, Math.floor(MAX_DRAWS / Math.max(1, records.length))),
  );
  const plan: BootstrapPlan = { level: options.level ?? 0.95, replicates, seed: options.seed ?? 0 };
  const sides = [...byLabel(records)].map(([label, group]) => ({
    ...analyseOptimizer(label, group, plan),
    points: lossPoints(group, options.points ?? 'final'),
  }));
  const isLoss = measureOf(records) === 'loss';
  const pairs = sides.flatMap((a, k) => sides.slice(k + 1).map((b) => l2First(a, b)));
  const labels = pairs.map(([a, b]) => [a.statistics.label, b.statistics.label] as const);
  const steps = stepsToGeneralise(records, labels, plan.level);
  return {
    level: plan.level,
    replicates,
    optimizers: sides.map((side) => side.statistics),
    comparisons: pairs.map(([a, b]) => compare(a, b, plan, 1 / pairs.length, isLoss)),
    budgets: budgetTrends(records, plan),
    shrinkages: shrinkages(records),
    ...(steps ? { steps } : {}),
    ...(isLoss ? ({ measure: 'loss' } as const) : {}),
  };
}

function isDecoupling(l2: OptimizerStatistics, other: OptimizerStatistics): boolean {
  return (
    decoupledKinds[l2.optimizer] === other.optimizer &&
    l2.schedule === other.schedule &&
    l2.epochs === other.epochs
  );
}

/** The L2 optimizer first, whatever the order in the records. */
function l2First(a: Side, b: Side): [Side, Side] {
  return decoupledKinds[b.statistics.optimizer] === a.statistics.optimizer ? [b, a] : [a, b];
}

function compare(a: Side, b: Side, plan: BootstrapPlan, shareOfWork: number, isLoss: boolean): Comparison {
  const [one, two] = [a.statistics, b.statistics];
  const compared = {
    a: one.label,
    b: two.label,
    kind: isDecoupling(one, two) ? 'decoupling' : 'other',
    generalisation: generalisation(a.points, b.points, plan, [one.label, two.label], shareOfWork),
    runs: [one.runs, two.runs],
  } as const;
  if (one.trials ?? two.trials) return { ...compared, ...noDifferences };
  const differ = (statistic: Statistic, rule: Rule, reason: string): Estimate =>
    estimate(difference(a.samples[statistic], b.samples[statistic]), unbounded(rule), plan.level, reason);
  const either = 'One of the two optimizers has no finished run.';
  return {
    ...compared,
    best: differ('best', RULES.best, either),
    bestRelative: fromLogRatio(differ('logBest', RULES.best, either)),
    basinRelative: differ('basinRelative', RULES.basin, either),
    basinAbsolute: isLoss ? noEstimate(REASONS.points) : differ('basinAbsolute', RULES.basin, either),
    separability: differ('separability', RULES.separability, `For one of the two: ${REASONS.separability}`),
    slope: slopeDifference(a, b, plan),
    regret: differ('regret', RULES.regret, either),
    transfer: transferDifference(a, b, plan),
  };
}

/** Where one of the two has trials that are no grid. */
const noDifferences = Object.fromEntries(
  (
    [
      'best',
      'bestRelative',
      'basinRelative',
      'basinAbsolute',
      'separability',
      'slope',
      'regret',
      'transfer',
    ] as const
  ).map((name) => [name, noEstimate(`For one of the two: ${NOT_A_GRID}`)]),
) as Omit<Comparison, 'a' | 'b' | 'kind' | 'generalisation' | 'runs'>;

const unbounded = (rule: Rule): Rule => ({ ...rule, bounds: [-Infinity, Infinity] });

function slopeDifference(a: Side, b: Side, plan: BootstrapPlan): Estimate {
  const sampled: Sampled = difference(a.samples.slope, b.samples.slope);
  if (!Number.isFinite(sampled.value)) return noEstimate(`For one of the two: ${REASONS.slope}`);
  const found = estimate(sampled, RULES.slope, plan.level, REASONS.slope);
  // The smaller of the two degrees of freedom: never narrower than Welch's.
  const freedom = Math.min(a.slopeFreedom, b.slopeFreedom);
  return widen(found, Math.hypot(a.slopeError, b.slopeError), freedom, plan.level);
}

/** Compares over the learning rates that are worth using in both: otherwise the one with fewer would look cheaper. */
function transferDifference(a: Side, b: Side, plan: BootstrapPlan): Estimate {
  const usable = ({ surface }: Side) =>
    new Set(worthUsing(surface.error, surface.wds.length).map((i) => surface.lrs[i]!));
  const [one, two] = [usable(a), usable(b)];
  const [costA, costB] = [a, b].map(({ surface, noise, statistics }) => {
    const rows = surface.lrs.flatMap((lr, i) => (one.has(lr) && two.has(lr) ? [i] : []));
    return sampleTransfer(surface, noise, rows, plan, statistics.label);
  });
  const reason = `For one of the two, or for the learning rates worth using in both: ${REASONS.transfer}`;
  return estimate(difference(costA!, costB!), RULES.transfer, plan.level, reason);
}
