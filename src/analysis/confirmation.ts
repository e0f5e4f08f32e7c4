/** The second stage: the chosen cells' errors on fresh seeds, and their differences, paired by seed. Pure. */
import { mean, sampleStandardDeviation } from 'simple-statistics';
import type { Choice, ChosenCell } from '../experiment/confirm.js';
import type { RunRecord } from '../experiment/record.js';
import { noEstimate } from './estimate.js';
import { pairedDifference, seedsToDetect, type PairedDifference } from './paired.js';
import type { Comparison, Estimate } from './statistics.js';
import { stepsToGeneralise, type StepsStatistics } from './stepsToGeneralise.js';
import { tQuantile } from './student.js';

/** One chosen cell on the fresh seeds. Errors are shares of test images. */
export interface ConfirmedCell extends ChosenCell {
  /** Test error by seed, diverged runs at chance; failed runs are left out. */
  readonly errors: ReadonlyMap<number, number>;
  /** Their mean with its t interval; null with no run, no interval with one. */
  readonly error: Estimate;
  readonly diverged: number;
  readonly failed: number;
  /** Fresh seeds that it has not been trained on yet. */
  readonly missing: number;
}

/** Best cell of b minus best cell of a. */
export interface ConfirmedPair {
  readonly a: string;
  readonly b: string;
  readonly difference: PairedDifference;
}

export interface Confirmation {
  readonly level: number;
  readonly choice: Choice;
  readonly cells: readonly ConfirmedCell[];
  /** Every optimizer and the first, then L2 and decoupled decay where these are others; each in the order of its comparison. */
  readonly pairs: readonly ConfirmedPair[];
  /** Present where runs are trained on equations: when the best cells generalise on the fresh seeds. */
  readonly steps?: StepsStatistics;
  /** Cells and seeds that are still to be trained. */
  readonly missing: number;
}

/**
 * @param records of the fresh seeds; those of cells that are not chosen are left out
 * @param comparisons of the grid: which pairs are L2 and decoupled decay, and which of two is subtracted
 */
export function confirmation(
  choice: Choice,
  records: readonly RunRecord[],
  comparisons: readonly Comparison[],
  level: number,
): Confirmation {
  const cells = choice.chosen.map((cell) => confirmedCell(cell, choice.seeds, records, level));
  const found = { level, choice, cells, missing: cells.reduce((sum, { missing }) => sum + missing, 0) };
  const labels = cells.flatMap(({ label, role }) => (role === 'best' ? [label] : []));
  const ordered = (one: string, other: string) =>
    comparisons.some(({ a, b }) => a === other && b === one)
      ? ([other, one] as const)
      : ([one, other] as const);
  const wanted = [
    ...labels.slice(1).map((label) => ordered(labels[0]!, label)),
    ...comparisons.flatMap(({ a, b, kind }) => (kind === 'decoupling' ? [[a, b] as const] : [])),
  ];
  const distinct = wanted.filter(([a, b], i) => wanted.findIndex(([x, y]) => x === a && y === b) === i);
  const steps = stepsToGeneralise(ofBest(choice, records), distinct, level);
  return {
    ...found,
    ...(steps ? { steps } : {}),
    pairs: distinct.flatMap(([a, b]) => {
      const difference = pairedOf(found, a, b);
      return difference ? [{ a, b, difference }] : [];
    }),
  };
}

const ofBest = ({ chosen, seeds }: Choice, records: readonly RunRecord[]): RunRecord[] =>
  records.filter(
    ({ label, cell: { lr, wd, seed } }) =>
      seeds.includes(seed) &&
      chosen.some((c) => c.role === 'best' && c.label === label && c.lr === lr && c.wd === wd),
  );

function confirmedCell(
  cell: ChosenCell,
  seeds: readonly number[],
  records: readonly RunRecord[],
  level: number,
): ConfirmedCell {
  const runs = new Map(
    records
      .filter(({ label, cell: { lr, wd } }) => label === cell.label && lr === cell.lr && wd === cell.wd)
      .map((record) => [record.cell.seed, record]),
  );
  const own = seeds.flatMap((seed) => runs.get(seed) ?? []);
  const errors = new Map(
    own.flatMap(({ cell: { seed }, status, finalTestError }) =>
      (status === 'ok' || status === 'diverged') && finalTestError !== null && Number.isFinite(finalTestError)
        ? [[seed, finalTestError] as const]
        : [],
    ),
  );
  return {
    ...cell,
    errors,
    error: meanOf([...errors.values()], level),
    diverged: own.filter(({ status }) => status === 'diverged').length,
    failed: own.length - errors.size,
    missing: seeds.length - own.length,
  };
}

function meanOf(errors: readonly number[], level: number): Estimate {
  const n = errors.length;
  if (n === 0) return noEstimate('No run on a fresh seed has a result.');
  const value = mean([...errors]);
  if (n === 1) return { value, low: null, high: null, reason: 'Only one run on a fresh seed has a result.' };
  const half = (tQuantile(level, n - 1) * sampleStandardDeviation([...errors])) / Math.sqrt(n);
  return { value, low: value - half, high: value + half };
}

/** Best cell of `b` minus best cell of `a`, paired by seed; undefined where one has none. */
export function pairedOf(
  { cells, level }: Pick<Confirmation, 'cells' | 'level'>,
  a: string,
  b: string,
): PairedDifference | undefined {
  const [one, two] = [a, b].map((label) => cells.find((c) => c.label === label && c.role === 'best'));
  return one && two ? pairedDifference(one.errors, two.errors, level) : undefined;
}

/** The same as an estimate. */
export function pairedEstimate(confirmed: Confirmation | null, a: string, b: string): Estimate {
  if (!confirmed) return noEstimate('No cell has been chosen for the confirmation yet.');
  const found = pairedOf(confirmed, a, b);
  const left = confirmed.cells.some(({ label, missing }) => missing > 0 && (label === a || label === b));
  if (left) return noEstimate('The confirmation is not complete.');
  if (!found) return noEstimate(`One of ${a} and ${b} has no cell in the confirmation.`);
  const { mean: value, low, high } = found;
  return value === null
    ? noEstimate('Fewer than two fresh seeds have a result of both.')
    : { value, low, high };
}

/** How many fresh seeds would show a difference as large as the one found; null if it takes more than 100,000. */
export function seedsNeeded({ n, mean: centre, low, high }: PairedDifference, level: number): number | null {
  if (centre === null || low === null || high === null) return null;
  const sd = (((high - low) / 2) * Math.sqrt(n)) / tQuantile(level, n - 1);
  return seedsToDetect(centre, sd, level);
}
