/** All statistics of one optimizer's grid. */
import { kindOf } from '../experiment/placement.js';
import { hasValidation, measureOf, type AnyRecord } from '../experiment/record.js';
import { additiveFit, explainedShare } from './additive.js';
import { bestIndex } from './choice.js';
import { ridgeNoise, sample, type BootstrapPlan, type Samples } from './bootstrap.js';
import type {
  Best,
  Estimate,
  OptimizerStatistics,
  Quadratic,
  RegretFrom,
  Ridge,
  Separability,
  Transfer,
} from './statistics.js';
import { estimate, RULES, noEstimate, widen, type Rule } from './estimate.js';
import { buildGrid, type Grid } from '../experiment/grid.js';
import { costByOctave, listPairs } from './octaves.js';
import { quadraticRidge } from './quadratic.js';
import { ridge, type RidgeFit } from './ridge.js';
import { NOT_A_GRID, noSamples, scatteredStatistics } from './scattered.js';
import { timescaleOf } from './timescale.js';
import { argmin, tuneInTurn, tuneInTurnFromAll } from './selection.js';
import { noiseOf, type Noise } from './noise.js';
import { surfaceOf, type Surface } from './surface.js';
import { transferPairs, sampleTransfer, worthUsing } from './transfer.js';

export const REASONS = {
  empty: 'No run of this optimizer finished or diverged: there is no result to summarise.',
  separability:
    'Separability needs at least two learning rates and two weight decays, more known cells than the additive model has levels, and errors that differ by more than seed noise.',
  slope:
    'Fewer than three learning rates have their optimum strictly inside the positive weight decays, so the ridge slope is not identifiable.',
  quadratic:
    'Fewer than eight cells with decay are within 25% of the best, or the error does not rise on both sides of a valley among them.',
  transfer:
    'Fewer than two learning rates have a best error near that of the grid, or there is only one weight decay, or the best of all lies on the border of the grid.',
  points: 'A percentage point is a measure of errors, and these are losses.',
} as const;

/** One optimizer's statistics, with the samples that comparisons need. */
export interface OptimizerAnalysis {
  readonly statistics: OptimizerStatistics;
  readonly samples: Samples;
  readonly surface: Surface;
  readonly noise: Noise | null;
  /** Standard error of the ridge's slope about its line, and its degrees of freedom. */
  readonly slopeError: number;
  readonly slopeFreedom: number;
}

/** What the records of one label have in common. */
function identityOf(grid: Grid, records: readonly AnyRecord[]) {
  const cell = records[0]?.cell;
  const imported = cell && 'imported' in cell ? (cell.imported.kind ?? cell.imported.optimizer) : '';
  return {
    label: grid.label,
    optimizer: cell?.optimizer ? kindOf(cell.optimizer) : imported,
    schedule: cell?.schedule?.name ?? '',
    epochs: cell?.epochs ?? 0,
    runs: grid.runs,
  };
}

/** Trials that are no grid have few statistics, and no samples. */
function analyseScattered(grid: Grid, records: readonly AnyRecord[], level: number): OptimizerAnalysis {
  const found = scatteredStatistics(grid, level, REASONS.quadratic);
  return {
    statistics: {
      ...identityOf(grid, records),
      ...found,
      reason: found.best === null ? REASONS.empty : NOT_A_GRID,
    },
    samples: noSamples,
    surface: surfaceOf(buildGrid(grid.label, [])),
    noise: null,
    slopeError: NaN,
    slopeFreedom: 0,
  };
}

export function analyseOptimizer(
  label: string,
  records: readonly AnyRecord[],
  plan: BootstrapPlan,
): OptimizerAnalysis {
  const grid = buildGrid(label, records);
  if (grid.scattered) return analyseScattered(grid, records, plan.level);
  const isLoss = measureOf(records) === 'loss';
  const surface = surfaceOf(grid);
  const noise = noiseOf(grid);
  const chosen = bestIndex(grid);
  const byValidation = chosen >= 0 && records.some(hasValidation);
  const samples = sample(surface, noise, plan, label, byValidation ? chosen : undefined);
  const fit = ridge(surface, surface.error, ridgeNoise(surface, noise), noise?.variance);
  const used = fit.columns.filter((c) => c.status === 'used').length;
  const basin = (statistic: 'basinRelative' | 'basinAbsolute') =>
    estimate(samples[statistic], RULES.basin, plan.level, REASONS.empty);
  const best = bestOf(grid, chosen, samples, plan.level, isLoss ? RULES.bestLoss : RULES.best);
  const ridgeStatistics = ridgeOf(fit, used, samples, plan.level);
  return {
    statistics: {
      ...identityOf(grid, records),
      best,
      basin: {
        relative: basin('basinRelative'),
        absolute: isLoss ? noEstimate(REASONS.points) : basin('basinAbsolute'),
        cells: countKnown(surface),
      },
      separability: separabilityOf(grid, surface, samples, plan.level),
      ridge: ridgeStatistics,
      quadratic: quadraticOf(surface, samples, ridgeStatistics.slope, plan.level),
      regret: regretOf(surface, samples, plan.level),
      transfer: transferOf(surface, noise, plan, label),
      ...(best === null ? { reason: REASONS.empty } : {}),
    },
    samples,
    surface,
    noise,
    slopeError: fit.error,
    slopeFreedom: used - 2,
  };
}

const countKnown = (surface: Surface) => surface.error.reduce((n, e) => n + Number(!Number.isNaN(e)), 0);

function bestOf(grid: Grid, at: number, samples: Samples, level: number, rule: Rule): Best | null {
  if (at < 0) return null;
  const [i, j] = [Math.floor(at / grid.wds.length), at % grid.wds.length];
  const { lr, wd, mean, sd, errors, runs, diverged } = grid.cells[i]![j]!;
  const onBorder = (k: number, length: number) => length > 1 && (k === 0 || k === length - 1);
  const edge = onBorder(i, grid.lrs.length) || onBorder(j, grid.wds.length);
  const expected = estimate(samples.best, rule, level, REASONS.empty);
  const chosenBy = runs.some(hasValidation) ? 'validation' : 'test';
  const timescale = timescaleOf(runs[0]!.cell);
  const [decay, tau] = [timescale?.total ?? null, timescale?.tau ?? null];
  return { lr, wd, mean: mean!, sd, runs: errors.length, diverged, chosenBy, edge, decay, tau, expected };
}

function separabilityOf(grid: Grid, surface: Surface, samples: Samples, level: number): Separability {
  const share = (keep: (k: number) => boolean) => {
    const logs = surface.error.map((e, k) => (keep(k) ? Math.log(e) : NaN));
    const found = explainedShare(additiveFit(logs, grid.wds.length), 0);
    return Number.isFinite(found) ? Math.min(1, Math.max(0, found)) : null;
  };
  const cells = grid.cells.flat();
  return {
    corrected: estimate(samples.separability, RULES.separability, level, REASONS.separability),
    raw: share(() => true),
    rawConverged: share((k) => !surface.touched[k]),
    cells: countKnown(surface),
    missing: cells.filter((c) => c.status === 'missing').length,
    diverged: cells.filter((c) => c.diverged > 0).length,
  };
}

function ridgeOf(fit: RidgeFit, used: number, samples: Samples, level: number): Ridge {
  const slope = estimate(samples.slope, RULES.slope, level, REASONS.slope);
  return {
    slope: slope.value === null ? noEstimate(REASONS.slope) : widen(slope, fit.error, used - 2, level),
    intercept: Number.isFinite(fit.intercept) ? fit.intercept : null,
    columns: fit.columns,
    used,
    censored: fit.columns.filter((c) => c.status === 'edge' || c.status === 'zero').length,
  };
}

function quadraticOf(surface: Surface, samples: Samples, argminSlope: Estimate, level: number): Quadratic {
  const fit = quadraticRidge(surface, surface.error);
  const found = estimate(samples.quadraticSlope, RULES.slope, level, REASONS.quadratic);
  const slope = found.value === null ? found : widen(found, fit.error, fit.cells - 6, level);
  const known = slope.low !== null && argminSlope.low !== null;
  const agrees = known ? slope.low! <= argminSlope.high! && argminSlope.low! <= slope.high! : null;
  return { slope, cells: fit.cells, agrees };
}

function regretOf(surface: Surface, samples: Samples, level: number) {
  const { lrs, wds, error } = surface;
  const best = argmin(error);
  const from = (j: number, at: number): RegretFrom | null =>
    at < 0
      ? null
      : {
          startWd: wds[j]!,
          lr: lrs[Math.floor(at / wds.length)]!,
          wd: wds[at % wds.length]!,
          error: error[at]!,
          regret: error[at]! - error[best]!,
        };
  const positive = wds.flatMap((wd, j) => (wd > 0 ? [j] : []));
  const median = positive[Math.floor((positive.length - 1) / 2)];
  const all = [...tuneInTurnFromAll(error, wds.length)].flatMap((at, j) => from(j, at) ?? []);
  return {
    mean: estimate(samples.regret, RULES.regret, level, REASONS.empty),
    fromZero: wds[0] === 0 ? from(0, tuneInTurn(error, wds.length, 0)) : null,
    fromMedian: median === undefined ? null : from(median, tuneInTurn(error, wds.length, median)),
    worst: all.length > 0 ? all.reduce((a, b) => (b.regret > a.regret ? b : a)) : null,
  };
}

function transferOf(surface: Surface, noise: Noise | null, plan: BootstrapPlan, label: string): Transfer {
  const { error, wds } = surface;
  const rows = worthUsing(error, wds.length);
  const costs = transferPairs(error, wds, rows).map(([carried, own]) => error[carried]! - error[own]!);
  const sampled = sampleTransfer(surface, noise, rows, plan, label);
  const reason = rows.length === 0 ? REASONS.empty : REASONS.transfer;
  return {
    mean: estimate(sampled, RULES.transfer, plan.level, reason),
    worst: costs.length > 0 ? costs.reduce((a, b) => Math.max(a, b)) : null,
    lrs: rows.length,
    octaves: costByOctave(surface, noise, rows, plan, label),
    pairs: listPairs(surface, rows),
  };
}
