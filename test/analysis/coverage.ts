/**
 * How often the intervals hold the truth, over many replications of synthetic experiments.
 * `npx tsx test/analysis/coverage.ts [replications]` prints the table of docs/statistics.md.
 */
import { pathToFileURL } from 'node:url';
import { additiveFit, explainedShare } from '../../src/analysis/additive.js';
import { decoupling, type Estimate } from '../../src/analysis/index.js';
import { ridge } from '../../src/analysis/ridge.js';
import { argmin, meanRegret, shareWithin, tuneInTurnFromAll } from '../../src/analysis/selection.js';
import { transferPairs, meanCost, worthUsing } from '../../src/analysis/transfer.js';
import { surfaceOf, type Surface } from '../../src/analysis/surface.js';
import { buildGrid } from '../../src/experiment/grid.js';
import { stream } from '../../src/random/stream.js';
import type { RunRecord } from '../../src/experiment/record.js';
import { bowl, synthesise } from './synthetic.js';

export interface Scenario {
  readonly slope: number;
  readonly noise: number;
  readonly seeds: number;
  readonly size: number;
  /** How fast the error rises with the octaves of lr; 0.02 unless given. */
  readonly curvature?: number;
}

/** Per statistic: share of replications whose interval held the truth, mean truth, value and width. */
export type Coverage = Record<
  string,
  { held: number; n: number; truth: number; value: number; width: number }
>;

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
    tally(found, 'regret', one.regret.mean, a.truth.regret);
    tally(found, 'transfer', one.transfer.mean, a.cost(a.rows));
    tally(found, 'best, b - a', pair.best, b.truth.best - a.truth.best);
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
}

const both = (a: Sample, b: Sample) => a.rows.filter((row) => b.rows.includes(row));

function side(scenario: Scenario, label: string, slope: number, replication: number): Sample {
  const shape = bowl(slope, scenario.size, 0.3, scenario.curvature);
  const { noise, seeds } = scenario;
  const records = synthesise({ ...shape, label, seeds, noise, replication });
  const observed = surfaceOf(buildGrid(label, records));
  const exact = surfaceOf(buildGrid(label, synthesise({ ...shape, label, seeds: 1, noise: 0 })));
  const rows = worthUsing(observed.error, exact.wds.length);
  const cost = (rows: readonly number[]) =>
    meanCost(exact.error, transferPairs(observed.error, exact.wds, rows));
  return { records, truth: truthOf(observed, exact, slope), rows, cost };
}

/** The truth about what was selected on the observed surface, and of the exact surface. */
function truthOf(observed: Surface, exact: Surface, slope: number): Truth {
  const columns = exact.wds.length;
  const error = exact.error;
  const least = error[argmin(error)]!;
  const at = argmin(observed.error);
  // The bowl levels off, so the exact ridge is what the same rule finds without noise; it must be the bowl's slope.
  const found = ridge(exact, error, 1e-4).slope;
  if (Math.abs(found - slope) > 0.03) throw new Error(`The exact ridge has slope ${found}, not ${slope}.`);
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
  const entry = (found[name] ??= { held: 0, n: 0, truth: 0, value: 0, width: 0 });
  if (value === null || low === null || high === null) return;
  // Shares at their bound (a separability of 1) are held up to rounding.
  entry.held += Number(low - 1e-9 <= truth && truth <= high + 1e-9);
  entry.n++;
  entry.truth += truth;
  entry.value += value;
  entry.width += high - low;
}

function print(title: string, found: Coverage): void {
  console.log(`\n${title}`);
  for (const [name, e] of Object.entries(found)) {
    const mean = (sum: number) => (sum / e.n).toFixed(4).padStart(8);
    console.log(
      `${name.padEnd(26)} held ${(e.held / e.n).toFixed(3)} of ${e.n}  truth ${mean(e.truth)}  value ${mean(e.value)}  width ${mean(e.width)}`,
    );
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const replications = Number(process.argv[2] ?? 200);
  for (const slope of [-1, -0.5, 0])
    for (const [noise, seeds, size] of [
      [0.03, 3, 7],
      [0.1, 3, 9],
      [0.03, 2, 5],
      [0.05, 5, 9],
    ] as const)
      print(
        `slope ${slope}, noise ${noise}, ${seeds} seeds, ${size} x ${size + 1}`,
        coverage({ slope, noise, seeds, size }, replications),
      );
  for (const size of [5, 9])
    print(`generalisation, ${size} x ${size + 1}`, generalisationCoverage(0.15, size, 3, replications));
}
