/**
 * How often the intervals hold the truth, and how wide they are, over many replications of synthetic experiments.
 * `npm run bench:coverage` (bench/coverage.ts) prints the tables of docs/statistics.md.
 */
import { median } from 'simple-statistics';
import { additiveFit, explainedShare } from '../../src/analysis/additive.js';
import { budgetTrend, decoupling, type Estimate, type TransferPair } from '../../src/analysis/index.js';
import { ridge } from '../../src/analysis/ridge.js';
import { argmin, meanRegret, shareWithin, tuneInTurnFromAll } from '../../src/analysis/selection.js';
import { transferPairs, meanCost, worthUsing } from '../../src/analysis/transfer.js';
import { surfaceOf, type Surface } from '../../src/analysis/surface.js';
import { buildGrid } from '../../src/experiment/grid.js';
import { stream } from '../../src/random/stream.js';
import type { RunRecord } from '../../src/experiment/record.js';
import { bowl, cliff, powers, synthesise } from './synthetic.js';

export interface Scenario {
  /** `bowl` unless given. */
  readonly surface?: 'bowl' | 'cliff';
  readonly slope: number;
  /** Everywhere, or with a cliff at the best. */
  readonly noise: number;
  readonly seeds: number;
  readonly size: number;
  /** How fast the error rises with the octaves of lr; 0.02 unless given. */
  readonly curvature?: number;
}

/** One statistic over the replications in which it had an interval. */
export interface Tally {
  held: number;
  n: number;
  width: number;
  readonly widths: number[];
  /** Value minus truth. */
  readonly errors: number[];
}
export type Coverage = Record<string, Tally>;

/** Distances whose cost is tallied: beyond, few pairs are left. */
export const OCTAVES = [1, 2, 3];

const REPLICATES = 300;

/** Coverage for an L2-like optimizer of the scenario's slope against a separable one on the same grid. */
export function coverage(scenario: Scenario, replications: number): Coverage {
  const found: Coverage = {};
  for (let replication = 0; replication < replications; replication++) {
    const [a, b] = [side(scenario, 'a', scenario.slope, replication), side(scenario, 'b', 0, replication)];
    const result = decoupling([...a.records, ...b.records], { replicates: REPLICATES, seed: replication });
    const [one, pair] = [result.optimizers[0]!, result.comparisons[0]!];
    tally(found, 'best', one.best!.expected, a.truth.best);
    tally(found, 'basin (relative)', one.basin.relative, a.truth.basinRelative);
    tally(found, 'basin (absolute)', one.basin.absolute, a.truth.basinAbsolute);
    tally(found, 'separability', one.separability.corrected, a.truth.separability);
    tally(found, 'ridge slope', one.ridge.slope, a.truth.slope);
    tally(found, 'quadratic slope', one.quadratic.slope, scenario.slope);
    tally(found, 'regret', one.regret.mean, a.truth.regret);
    tally(found, 'transfer', one.transfer.mean, a.cost(a.rows));
    for (const { octaves, cost } of one.transfer.octaves)
      if (OCTAVES.includes(octaves))
        tally(found, `cost at ${octaves} octaves`, cost, a.octaveCost(one.transfer.pairs, octaves));
    tally(found, 'best, b - a', pair.best, b.truth.best - a.truth.best);
    tally(found, 'best, b / a - 1', pair.bestRelative, b.truth.best / a.truth.best - 1);
    tally(found, 'basin, b - a', pair.basinRelative, b.truth.basinRelative - a.truth.basinRelative);
    tally(found, 'separability, b - a', pair.separability, b.truth.separability - a.truth.separability);
    tally(found, 'slope, b - a', pair.slope, b.truth.slope - a.truth.slope);
    tally(found, 'regret, b - a', pair.regret, b.truth.regret - a.truth.regret);
    tally(found, 'transfer, b - a', pair.transfer, b.cost(both(a, b)) - a.cost(both(a, b)));
  }
  return found;
}

/** Coverage of the difference at equal training loss: b has `gain` fewer errors than a at every loss. */
export function generalisationCoverage(
  gain: number,
  size: number,
  seeds: number,
  replications: number,
): Coverage {
  const found: Coverage = {};
  for (let replication = 0; replication < replications; replication++) {
    const scatter = stream(replication, 'scatter');
    const make = (label: string, factor: number) =>
      synthesise({
        ...bowl(-0.5, size),
        label,
        seeds,
        noise: 0.05,
        replication,
        // Every cell has its own departure from the common curve: cells, not runs, are the independent units.
        trainLoss: () => NaN,
      }).map((r) => {
        const u = Math.log2(r.cell.lr * 1024) + 0.3 * Math.log2((r.cell.wd || 1e-5) * 1024);
        const trainLoss = Math.exp(-2 + 0.25 * u);
        const own = cellEffect(replication, label, r.cell.lr, r.cell.wd) + 0.02 * scatter.normal();
        return {
          ...r,
          finalTrainLoss: trainLoss,
          finalTestError: factor * 0.2 * trainLoss ** 0.4 * Math.exp(own),
        };
      });
    const result = decoupling([...make('a', 1), ...make('b', 1 - gain)], {
      replicates: REPLICATES,
      seed: replication,
    });
    tally(found, 'generalisation (relative)', result.comparisons[0]!.generalisation.relative, -gain);
  }
  return found;
}

const cellEffect = (replication: number, label: string, lr: number, wd: number) =>
  0.08 * stream(replication, 'cell', label, lr, wd).normal();

/** A valley along wd at one lr, and at `cliff` octaves above its bottom the beginning of a cliff; Infinity: none. */
export interface Valley {
  readonly noise: number;
  readonly seeds: number;
  readonly cliff: number;
}

/**
 * Coverage of the best wd of one budget, as ln wd. In each replication the valley lies elsewhere between the steps of
 * the grid. Past the cliff the error is three times as high, and the seeds differ by a factor of two.
 */
export function vertexCoverage({ noise, seeds, cliff }: Valley, replications: number): Coverage {
  const found: Coverage = {};
  for (let replication = 0; replication < replications; replication++) {
    const bottom = replication / replications - 10.5;
    const isPast = (wd: number) => Math.log2(wd) > bottom + cliff;
    const valley = (wd: number) => 0.05 * Math.exp(0.05 * (Math.log2(wd) - bottom) ** 2);
    const records = synthesise({
      label: 'a',
      lrs: [1],
      wds: powers(-14, 9),
      seeds,
      replication,
      noise: (_, wd) => (isPast(wd) ? 0.6 : noise),
      error: (_, wd) => Math.min(0.9, (isPast(wd) ? 3 : 1) * valley(wd)),
    });
    const { wd, lowest } = budgetTrend(records, { replicates: REPLICATES, seed: replication }).optima[0]!;
    const truth = Math.LN2 * (bottom + Math.min(0, cliff));
    const ln = (v: number | null) => (v === null ? null : Math.log(v));
    tally(found, 'best wd', { value: ln(wd.value), low: ln(wd.low), high: ln(wd.high) }, truth);
    if (lowest !== null)
      tally(found, 'lowest cell', { value: ln(lowest), low: ln(wd.low), high: ln(wd.high) }, ln(lowest)!);
  }
  return found;
}

interface Truth {
  readonly best: number;
  readonly basinRelative: number;
  readonly basinAbsolute: number;
  readonly separability: number;
  readonly slope: number;
  readonly regret: number;
}

interface Sample {
  readonly records: RunRecord[];
  readonly truth: Truth;
  /** Learning rates (rows) worth using, as observed. */
  readonly rows: readonly number[];
  /** What carrying costs between rows, by the choices of the observed surface. */
  cost(rows: readonly number[]): number;
  /** The median of what the observed choices truly cost at one distance, averaged over both directions. */
  octaveCost(pairs: readonly TransferPair[], octaves: number): number;
}

const both = (a: Sample, b: Sample) => a.rows.filter((row) => b.rows.includes(row));

function side(scenario: Scenario, label: string, slope: number, replication: number): Sample {
  const { noise, seeds, size, curvature, surface = 'bowl' } = scenario;
  const shape =
    surface === 'cliff'
      ? cliff(slope, size, noise, curvature)
      : { ...bowl(slope, size, 0.3, curvature), noise };
  // Without training losses no time goes into generalisation, which has a measurement of its own.
  const records = synthesise({ ...shape, label, seeds, replication, trainLoss: () => NaN });
  const observed = surfaceOf(buildGrid(label, records));
  const exact = surfaceOf(buildGrid(label, synthesise({ ...shape, label, seeds: 1, noise: 0 })));
  const rows = worthUsing(observed.error, exact.wds.length);
  const cost = (rows: readonly number[]) =>
    meanCost(exact.error, transferPairs(observed.error, exact.wds, rows));
  const octaveCost = (pairs: readonly TransferPair[], octaves: number) => {
    // The best wd at an lr is the one that its pairs carry away.
    const own = (lr: number) => pairs.find(({ fromLr }) => fromLr === lr)!.wd;
    const used = pairs.filter((p) => p.octaves === octaves && !p.edge);
    const cost = ({ toLr, wd }: TransferPair) => shape.error(toLr, wd) - shape.error(toLr, own(toLr));
    const back = (p: TransferPair) => used.find((q) => q.fromLr === p.toLr && q.toLr === p.fromLr)!;
    const costs = used.filter((p) => p.fromLr < p.toLr).map((p) => (cost(p) + cost(back(p))) / 2);
    return costs.length > 0 ? median(costs) : NaN;
  };
  const truth = truthOf(observed, exact, surface === 'bowl' ? slope : null);
  return { records, truth, rows, cost, octaveCost };
}

/** The truth about what was selected on the observed surface, and of the exact surface. */
function truthOf(observed: Surface, exact: Surface, slope: number | null): Truth {
  const columns = exact.wds.length;
  const error = exact.error;
  const least = error[argmin(error)]!;
  const at = argmin(observed.error);
  // The bowl levels off, so the exact ridge is what the same rule finds without noise; it must be the bowl's slope.
  const found = ridge(exact, error, 1e-4).slope;
  if (slope !== null && Math.abs(found - slope) > 0.03)
    throw new Error(`The exact ridge has slope ${found}, not ${slope}.`);
  return {
    best: error[at]!,
    basinRelative: shareWithin(error, least * 1.1),
    basinAbsolute: shareWithin(error, least + 0.01),
    separability: explainedShare(additiveFit(error.map(Math.log), columns), 0),
    slope: found,
    regret: meanRegret(error, tuneInTurnFromAll(observed.error, columns), at),
  };
}

function tally(found: Coverage, name: string, { value, low, high }: Estimate, truth: number): void {
  const entry = (found[name] ??= { held: 0, n: 0, width: 0, widths: [], errors: [] });
  if (value === null || low === null || high === null || !Number.isFinite(truth)) return;
  // Shares at their bound (a separability of 1) are held up to rounding.
  entry.held += Number(low - 1e-9 <= truth && truth <= high + 1e-9);
  entry.n++;
  entry.width += high - low;
  entry.widths.push(high - low);
  entry.errors.push(value - truth);
}
