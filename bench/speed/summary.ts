/** From single turns to the numbers that one quotes: pure functions. */
import { teamName } from './contender.js';
import type { StepRow } from './measureSteps.js';
import type { SweepRow } from './measureSweep.js';
import { median, pairwise, spread, type Spread } from './statistics.js';

/** An engine's best configuration on a network. */
export interface EngineSummary {
  readonly model: string;
  readonly engine: StepRow['engine'];
  readonly configuration: string;
  readonly imagesPerSecond: Spread;
  /** Median over the rounds; undefined where the peak is not known. */
  readonly shareOfPeak: number | undefined;
  /** This engine's speed over PyTorch's, both in their best configuration, round by round. */
  readonly overPytorch: Spread | undefined;
}

/** Speeds by round, those of rounds without a measurement undefined. */
function byRound(rows: readonly StepRow[]): (number | undefined)[] {
  const speeds: (number | undefined)[] = [];
  for (const { round, imagesPerSecond } of rows) speeds[round - 1] = imagesPerSecond;
  return Array.from(speeds);
}

/** Rows of the configuration with the highest median; none of none. */
function bestRows(rows: readonly StepRow[]): StepRow[] {
  const configurations = [...new Set(rows.map((row) => row.configuration))];
  const groups = configurations.map((name) => rows.filter((row) => row.configuration === name));
  const speed = (group: readonly StepRow[]) => median(group.map((row) => row.imagesPerSecond));
  return groups.sort((a, b) => speed(b) - speed(a))[0] ?? [];
}

/** One line per engine that was measured on one network, in their order of appearance. */
export function summarise(rows: readonly StepRow[], model: string): EngineSummary[] {
  const own = rows.filter((row) => row.model === model);
  const best = (engine: string) => bestRows(own.filter((row) => row.engine === engine));
  const pytorch = byRound(best('pytorch'));
  return [...new Set(own.map((row) => row.engine))].map((engine) => {
    const chosen = best(engine);
    const ratios = engine === 'pytorch' ? [] : pairwise(byRound(chosen), pytorch);
    const shares = chosen.flatMap(({ shareOfPeak }) => (shareOfPeak === undefined ? [] : [shareOfPeak]));
    return {
      model,
      engine,
      configuration: chosen[0]!.configuration,
      imagesPerSecond: spread(chosen.map((row) => row.imagesPerSecond)),
      shareOfPeak: shares.length > 0 ? median(shares) : undefined,
      overPytorch: ratios.length > 0 ? spread(ratios) : undefined,
    };
  });
}

/** How many times quicker our sweep is than PyTorch's, round by round, and both times in seconds. */
export function summariseSweep(rows: readonly SweepRow[]) {
  const seconds = (engine: SweepRow['engine']) =>
    rows
      .filter((row) => row.engine === engine)
      .sort((a, b) => a.round - b.round)
      .map((row) => row.seconds);
  const [ours, theirs] = [seconds('adamw-bench'), seconds('pytorch')];
  return { ours: spread(ours), pytorch: spread(theirs), times: spread(pairwise(theirs, ours)) };
}

/** Speeds of one configuration of ours on a network, by round. */
const speedsOf = (rows: readonly StepRow[], model: string, configuration: string) =>
  byRound(
    rows.filter(
      (row) => row.model === model && row.engine === 'onednn' && row.configuration === configuration,
    ),
  );

/** What several threads give to one cell, and to the machine. */
export interface ThreadsSummary {
  readonly model: string;
  readonly threads: number;
  /** One process with all threads over one with one thread. */
  readonly overOne: Spread;
  /** The same over as many processes of one thread, which is what fills a machine with small cells. */
  readonly overProcesses: Spread;
}

/** The networks that were measured with one thread on an otherwise idle machine. */
export function summariseThreads(rows: readonly StepRow[], cores: number): ThreadsSummary[] {
  const one = teamName({ processes: 1, threads: 1 });
  const many = teamName({ processes: 1, threads: cores });
  const processes = teamName({ processes: cores, threads: 1 });
  const measured = rows.filter((row) => row.engine === 'onednn' && row.configuration === one);
  return [...new Set(measured.map((row) => row.model))].map((model) => ({
    model,
    threads: cores,
    overOne: spread(pairwise(speedsOf(rows, model, many), speedsOf(rows, model, one))),
    overProcesses: spread(pairwise(speedsOf(rows, model, many), speedsOf(rows, model, processes))),
  }));
}
