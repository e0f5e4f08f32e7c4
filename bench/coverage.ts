/**
 * How often the intervals hold the truth on synthetic surfaces, and how wide they are: the tables of docs/statistics.md. Run
 * by `npm run bench:coverage`; `-- 500` sets the replications, `-- 500 cliff` names one table. The seeds are fixed.
 *
 * An entry such as `96 (1.3)` says that 96 % of the intervals held the truth, and that their median width is 1.3 times
 * that of an oracle who knows how the estimate scatters: the range that holds 95 % of its errors over the replications. `/ 80` follows where only 80 % of the replications had an interval.
 */
import { median, quantile } from 'simple-statistics';
import { decoupling } from '../src/analysis/index.js';
import {
  coverage,
  generalisationCoverage,
  vertexCoverage,
  type Coverage,
  type Scenario,
} from '../test/analysis/coverage.js';
import { stepsCoverage } from '../test/analysis/survivalCoverage.js';
import { cliff, synthesise } from '../test/analysis/synthetic.js';

const replications = Number(process.argv[2] ?? 200);
const only = process.argv[3];

/** A column of a table. */
const name = ({ noise, seeds, size, slope }: Scenario) =>
  `${100 * noise}%, ${seeds} seeds, ${size} x ${size + 1}, slope ${slope}`;

/** Optimizer a has the scenario's slope, b has slope 0. */
const scenarios = (
  surface: 'bowl' | 'cliff',
  settings: readonly (readonly [noise: number, seeds: number, size: number])[],
  slopes: readonly number[],
): Scenario[] =>
  slopes.flatMap((slope) =>
    settings.map(([noise, seeds, size]): Scenario => ({ surface, slope, noise, seeds, size })),
  );

const TABLES: Readonly<Record<string, readonly Scenario[]>> = {
  cliff: scenarios('cliff', [[0.05, 3, 7], [0.1, 3, 7], [0.05, 5, 7]], [-1]), // prettier-ignore
  bowl: scenarios('bowl', [[0.03, 3, 7], [0.1, 3, 7], [0.03, 2, 5]], [-1, 0]), // prettier-ignore
};

function entryOf(found: Coverage, statistic: string): string {
  const tally = found[statistic];
  if (tally === undefined || tally.n < 10) return '–';
  const oracle = quantile(tally.errors, 0.975) - quantile(tally.errors, 0.025);
  const width = (median(tally.widths) / oracle).toFixed(1);
  const share = (part: number, of: number) => String(Math.round((100 * part) / of));
  const missing = tally.n < replications ? ` / ${share(tally.n, replications)}` : '';
  return `${share(tally.held, tally.n)} (${width})${missing}`;
}

function printTable(columns: readonly (readonly [string, Coverage])[]): void {
  const statistics = [...new Set(columns.flatMap(([, found]) => Object.keys(found)))];
  const row = (cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`);
  row(['', ...columns.map(([title]) => title)]);
  row(['---', ...columns.map(() => '---')]);
  for (const statistic of statistics)
    row([statistic, ...columns.map(([, found]) => entryOf(found, statistic))]);
  console.log();
}

/** The best cell against the noise of that cell, which the oracle knows: 2 x 1.96 sigma / sqrt(seeds). */
function printBest(): void {
  for (const [noise, seeds, size] of [
    [0.05, 3, 7],
    [0.1, 3, 7],
    [0.15, 3, 7],
    [0.1, 2, 7],
    [0.05, 5, 7],
    [0.1, 3, 5],
  ] as const) {
    // prettier-ignore
    const ratios: number[] = [];
    let held = 0;
    for (let replication = 0; replication < replications; replication++) {
      const shape = cliff(-1, size, noise);
      const records = synthesise({ ...shape, label: 'a', seeds, replication });
      const { best } = decoupling(records, { replicates: 300, seed: replication }).optimizers[0]!;
      const { lr, wd, expected } = best!;
      const [truth, low, high] = [shape.error(lr, wd), expected.low!, expected.high!];
      held += Number(low <= truth && truth <= high);
      ratios.push((high - low) / ((2 * 1.96 * shape.noise(lr, wd) * truth) / Math.sqrt(seeds)));
    }
    const share = ((100 * held) / replications).toFixed(1);
    console.log(
      `noise ${noise}, ${seeds} seeds, ${size} x ${size + 1}: held ${share} %, median width ${median(ratios).toFixed(2)} of the oracle's`,
    );
  }
}

/** The best wd of a budget, with the beginning of a cliff at several distances from the bottom of the valley. */
function printVertex(): void {
  for (const [noise, seeds] of [
    [0.05, 3],
    [0.1, 3],
    [0.05, 5],
  ] as const)
    // prettier-ignore
    for (const cliff of [Infinity, 1.5, 0.5, 0, -0.5]) {
      const { n, held, widths, errors } = vertexCoverage({ noise, seeds, cliff }, replications)['best wd']!;
      const [share, octaves] = [(part: number, of: number) => Math.round((100 * part) / of), 1 / Math.LN2];
      const [width, bias] = [median(widths) * octaves, median(errors) * octaves];
      console.log(
        `noise ${noise}, ${seeds} seeds, cliff at ${cliff}: held ${share(held, n)} %, median width ${width.toFixed(1)} octaves, median error ${bias.toFixed(2)}; ${share(n, replications)} % have an interval`,
      );
    }
}

/** The columns of a table, each announced when it is done: a table takes minutes. */
function columnsOf(scenarios: readonly Scenario[]): (readonly [string, Coverage])[] {
  return scenarios.map((scenario) => {
    const found = coverage(scenario, replications);
    const entries = Object.keys(found).map((statistic) => `${statistic} ${entryOf(found, statistic)}`);
    console.error(`${name(scenario)}: ${entries.join(', ')}`);
    return [name(scenario), found];
  });
}

/** Steps to generalise: a row for each number of runs, and share of waits that end within the horizon. */
function printSteps(): void {
  const shown = (share: number) => `${(100 * share).toFixed(1)} %`;
  for (const reached of [1, 0.75, 0.4])
    for (const runs of [3, 4, 5, 6, 8]) {
      const found = Object.entries(stepsCoverage({ runs, reached }, replications));
      const all = found.map(([name, share]) => `${name} ${shown(share)}`).join(', ');
      console.log(`${runs} runs, ${shown(reached)} end: ${all}`);
    }
}

if (only === undefined || only === 'best') printBest();
if (only === undefined || only === 'steps') printSteps();
if (only === undefined || only === 'vertex') printVertex();
for (const [title, scenarios] of Object.entries(TABLES))
  if (only === undefined || only === title) printTable(columnsOf(scenarios));
if (only === undefined || only === 'generalisation')
  printTable(
    [5, 9].map((size) => [`${size} x ${size + 1}`, generalisationCoverage(0.15, size, 3, replications)]),
  );
