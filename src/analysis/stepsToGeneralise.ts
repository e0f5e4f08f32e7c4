/**
 * Grokking: how many steps a run takes until it generalises, where some never do. For runs on the data set `modular`, whose
 * networks fit the training equations long before the others (Power et al. 2022, https://arxiv.org/abs/2201.02177). Pure.
 * Definitions are in docs/statistics.md.
 */
import { trainShape } from '../data/catalog.js';
import { buildGrid, byLabel, type Grid, type GridCell } from '../experiment/grid.js';
import { isImported, type AnyRecord } from '../experiment/record.js';
import type { Estimate } from './interval.js';
import { medianInterval, medianWait, restrictedMean, shareInterval, type Waiting } from './survival.js';
import { waitRatio } from './waitRatio.js';

/** A run has generalised (or fitted) once its test (or training) error is at most this. No setting: see the docs. */
export const GENERALISED_AT = 0.05;

/** One run. Steps are optimizer steps, counted at the ends of epochs, because errors are measured there. */
export interface RunSteps {
  readonly seed: number;
  /** Until the training error is low for the first time. */
  readonly fit: Waiting;
  /** Until the test error is. */
  readonly generalise: Waiting;
  /** Steps of an epoch: waits are known to within these. */
  readonly perEpoch: number;
  /** It had generalised, and its last test error was above the limit again. */
  readonly fellBack: boolean;
}

/** All runs of one lr and wd. */
export interface CellSteps {
  readonly label: string;
  readonly lr: number;
  readonly wd: number;
  /** By ascending seed; failed and timed-out runs are left out. */
  readonly runs: readonly RunSteps[];
  /** Steps of a run, and of an epoch. */
  readonly horizon: number;
  readonly perEpoch: number;
  readonly generalised: number;
  readonly fellBack: number;
  /** Share of the runs that generalised within the horizon. */
  readonly share: Estimate;
  /** Median steps, by Kaplan and Meier; no value where fewer than half of the runs got there. */
  readonly fit: Estimate;
  /** Only `high` is null where it is beyond the horizon. */
  readonly steps: Estimate;
  /** Of the seeds: ends of the widest order-statistic interval, and how often that holds the median. */
  readonly range: { readonly low: number; readonly high: number | null; readonly confidence: number };
  /** Mean steps, those beyond the horizon counted as the horizon. */
  readonly restrictedMean: number;
  /** Mean final error: on the equations held back where there are such, else on the test set. */
  readonly error: number;
}

/** The quickest cells of two optimizers. */
export interface StepsComparison {
  readonly a: string;
  readonly b: string;
  /** Steps of b divided by those of a, minus 1; `high` alone is null where nothing bounds it from above. */
  readonly relative: Estimate;
  /** Two-sided p of "both take equally long". */
  readonly p: number;
  readonly runs: readonly [number, number];
}

export interface StepsStatistics {
  readonly level: number;
  readonly cells: readonly CellSteps[];
  /** Of each optimizer, the cell that generalises first; see `quickest`. */
  readonly best: readonly CellSteps[];
  readonly comparisons: readonly StepsComparison[];
}

/** Whether steps to generalise are counted for these records: all are runs on equations. */
export const countsSteps = (records: readonly AnyRecord[]): boolean =>
  records.length > 0 && records.every((r) => !isImported(r) && r.cell.dataset.name === 'modular');

/**
 * The steps of every cell, and the comparisons of the quickest ones.
 * @param pairs labels; b is compared with a
 * @returns undefined where they are not counted
 */
export function stepsToGeneralise(
  records: readonly AnyRecord[],
  pairs: readonly (readonly [a: string, b: string])[],
  level: number,
): StepsStatistics | undefined {
  if (!countsSteps(records)) return undefined;
  const grids = [...byLabel(records)].map(([label, own]) => stepsOfGrid(buildGrid(label, own), level));
  const best = grids.flatMap((cells) => quickest(cells) ?? []);
  return { level, cells: grids.flat(), best, comparisons: compareSteps(best, pairs, level) };
}

/** The steps of each cell of one optimizer that has a result. */
export const stepsOfGrid = ({ label, cells }: Pick<Grid, 'label' | 'cells'>, level: number): CellSteps[] =>
  cells.flat().flatMap((cell) => cellSteps(label, cell, level) ?? []);

/** Undefined if no run of the cell has a result. */
function cellSteps(label: string, cell: GridCell, level: number): CellSteps | undefined {
  const { lr, wd, selection } = cell;
  const runs = cell.runs.flatMap((record) => runSteps(record) ?? []);
  if (runs.length === 0) return undefined;
  const waits = runs.map(({ generalise }) => generalise);
  const horizon = Math.min(...waits.map((wait) => wait.horizon));
  const generalised = waits.filter(({ steps }) => steps !== null).length;
  const range = medianInterval(waits, level)!;
  return {
    label,
    lr,
    wd,
    runs,
    horizon,
    perEpoch: Math.min(...runs.map((run) => run.perEpoch)),
    generalised,
    fellBack: runs.filter(({ fellBack }) => fellBack).length,
    share: shareInterval(generalised, runs.length, level),
    fit: medianEstimate(
      runs.map(({ fit }) => fit),
      level,
      'fitted the training set',
    ),
    steps: medianEstimate(waits, level, 'generalised'),
    range: { ...range, high: Number.isFinite(range.high) ? range.high : null },
    restrictedMean: restrictedMean(waits, horizon),
    error: selection ?? Infinity,
  };
}

/** Undefined for a run without a result. A run that diverged could have gone on to its end: it had not generalised by then. */
function runSteps(record: AnyRecord): RunSteps | undefined {
  const { status, epochs } = record;
  if (isImported(record) || (status !== 'ok' && status !== 'diverged')) return undefined;
  const { dataset, batchSize, epochs: planned, seed } = record.cell;
  const perEpoch = Math.ceil(trainShape(dataset).n / batchSize);
  const horizon = planned * perEpoch;
  const first = (error: 'trainError' | 'testError'): Waiting => {
    const reached = epochs.find((epoch) => epoch[error] <= GENERALISED_AT);
    return { steps: reached ? reached.epoch * perEpoch : null, horizon };
  };
  const generalise = first('testError');
  const low = status === 'ok' && (epochs.at(-1)?.testError ?? 1) <= GENERALISED_AT;
  return {
    seed,
    fit: first('trainError'),
    generalise,
    perEpoch,
    fellBack: generalise.steps !== null && !low,
  };
}

function medianEstimate(waits: readonly Waiting[], level: number, what: string): Estimate {
  const value = medianWait(waits);
  const { low, high, confidence } = medianInterval(waits, level)!;
  const known = confidence >= level - 1e-12;
  const reached = waits.filter(({ steps }) => steps !== null).length;
  const horizon = Math.min(...waits.map((wait) => wait.horizon));
  const reasons = [
    ...(value === null ? [`> ${horizon} steps: ${reached} of ${waits.length} runs ${what}.`] : []),
    ...(known
      ? []
      : [
          `The range of ${waits.length === 1 ? 'one run' : `${waits.length} runs`} holds the median with ${percent(confidence)} only; ${percent(level)} need six runs.`,
        ]),
    ...(known && value !== null && high === Infinity
      ? ['Too few runs got there to bound it from above.']
      : []),
  ];
  return {
    value,
    low: known ? low : null,
    high: known && Number.isFinite(high) ? high : null,
    ...(reasons.length > 0 ? { reason: reasons.join(' ') } : {}),
  };
}

const percent = (share: number) => `${Number((100 * share).toPrecision(3))}%`;

/**
 * The cell of the least median; among equals, and where no median is reached, that of the least restricted mean, then of
 * the least final error, then the first. Undefined if there is none.
 */
export const quickest = (cells: readonly CellSteps[]): CellSteps | undefined => cells.toSorted(bySteps)[0];

/** The order in which `quickest` takes the first: below 0 where x is quicker. */
export const bySteps = (x: CellSteps, y: CellSteps): number =>
  compareNumbers(x.steps.value ?? Infinity, y.steps.value ?? Infinity) ||
  compareNumbers(x.restrictedMean, y.restrictedMean) ||
  compareNumbers(x.error, y.error);

/** Infinity is equal to itself. */
const compareNumbers = (x: number, y: number) => (x < y ? -1 : x > y ? 1 : 0);

function compareSteps(
  best: readonly CellSteps[],
  pairs: readonly (readonly [string, string])[],
  level: number,
): StepsComparison[] {
  return pairs.flatMap(([one, other]) => {
    const [a, b] = [one, other].map((label) => best.find((cell) => cell.label === label));
    return a && b ? [compare(a, b, level)] : [];
  });
}

function compare(a: CellSteps, b: CellSteps, level: number): StepsComparison {
  const waits = ({ runs }: CellSteps) => runs.map(({ generalise }) => generalise);
  const { value, least, most, low, high, p } = waitRatio(waits(a), waits(b), level);
  const bounded = low > 0 || high < Infinity;
  const reasons = [
    ...(value === null ? [boundsOf(least, most)] : []),
    ...(bounded || a.generalised + b.generalised === 0
      ? []
      : [`${a.runs.length} and ${b.runs.length} runs are too few to bound it.`]),
    ...(bounded && high === Infinity ? ['Nothing bounds it from above.'] : []),
  ];
  return {
    a: a.label,
    b: b.label,
    relative: {
      value: value === null ? null : value - 1,
      low: bounded ? low - 1 : null,
      high: bounded && high < Infinity ? high - 1 : null,
      ...(reasons.length > 0 ? { reason: reasons.join(' ') } : {}),
    },
    p,
    runs: [a.runs.length, b.runs.length],
  };
}

function boundsOf(least: number, most: number): string {
  const shown = (ratio: number) => `${Number((ratio - 1).toPrecision(3))}`;
  const why = 'runs that never generalised hide the rest';
  if (least > 0 && most < Infinity) return `Between ${shown(least)} and ${shown(most)}: ${why}.`;
  if (least > 0) return `At least ${shown(least)}: ${why}.`;
  return most < Infinity ? `At most ${shown(most)}: ${why}.` : 'Neither generalised often enough to say.';
}
