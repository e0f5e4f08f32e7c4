/**
 * The CSV files: RFC 4180 with a header line, UTF-8, LF. Columns are documented in docs/csv.md.
 *
 * Numbers are printed as JavaScript prints them, the shortest decimal that reads back as the same double. Text that a
 * spreadsheet would take for a formula, there or behind a separator of another locale, gets an apostrophe in front (https://owasp.org/www-community/attacks/CSV_Injection).
 */
import { stringify } from 'csv-stringify/sync';
import type {
  Comparison,
  Decoupling,
  Estimate,
  NamedBudgetTrend,
  OptimizerStatistics,
  TransferPair,
  Trial,
} from '../analysis/statistics.js';
import type { Confirmation } from '../analysis/confirmation.js';
import { kindOf, placementOf } from '../experiment/placement.js';
import {
  hasValidation,
  isImported,
  measureOf,
  selectionError,
  type AnyRecord,
  type EpochMetrics,
  type ImportedRecord,
  type RunRecord,
} from '../experiment/record.js';
import { inDisplayOrder } from './order.js';

type Value = string | number | boolean | null;
type Row = Readonly<Record<string, Value>>;

/** Columns that differ from one execution of the same config to the next; the last of runs.csv and epochs.csv. */
export const TIMING_COLUMNS = [
  'seconds',
  'images_per_second',
  'started_at',
  'attempts',
  'peak_memory',
] as const;

/**
 * Places where a spreadsheet would begin a formula: at the start, and after what another locale's import reads as the
 * end of a field or line (a quote in mid-field does not protect there).
 */
const FORMULA = /(?<=^|[;|\t\r\n])(?=[\s"]*[=+\-@＝＋－＠])|^(?=[\t\r\n])/gu;
/** Separators of other locales: text with one is quoted, as text with a comma is. */
const OTHER_SEPARATORS = /[;|\t]/;

/** Shortest decimal that reads back as the same double; empty if there is no number. */
const numberText = (value: number | null): string => (Number.isFinite(value) ? String(value) : '');

function write(rows: readonly Row[], columns: readonly string[], header: boolean): string {
  return stringify(rows as Row[], {
    header,
    columns: [...columns],
    record_delimiter: '\n',
    quoted_match: OTHER_SEPARATORS,
    cast: {
      string: (text) => text.replace(FORMULA, "'"),
      number: numberText,
      boolean: (flag) => String(flag),
    },
  });
}

const RUN_COLUMNS = [
  'label', 'optimizer', 'lr', 'wd', 'seed', 'status', 'final_test_error', 'final_train_loss', 'best_test_error',
  'epochs', 'epochs_done', 'schedule', 'warmup', 'batch_size', 'beta1', 'beta2', 'eps', 'eps_form', 'momentum_form',
  'convention', 'exclude', 'dataset', 'model', 'backend', 'threads', 'numerics', 'cell', 'reason',
] as const; // prettier-ignore

/** The same in all rows of a run, then what differs from epoch to epoch. */
const EPOCH_RUN_COLUMNS = ['label', 'lr', 'wd', 'seed', 'epochs', 'cell'] as const;
const EPOCH_OWN_COLUMNS = [
  'epoch', 'epoch_lr', 'train_loss', 'train_error', 'test_loss', 'test_error', 'theta_norm',
] as const; // prettier-ignore
const EPOCH_TIMING_COLUMNS = ['seconds', 'images_per_second'] as const;

/** Columns of settings that few sweeps have: the tables of the others stay as they were. */
const rareColumns = (records: readonly AnyRecord[], fresh: readonly RunRecord[]) => ({
  runs: [
    ...(fresh.length > 0 ? ['stage'] : []),
    ...(records.some(({ cell }) => cell.optimizer?.placement !== undefined) ? ['placement'] : []),
    ...(records.some(hasValidation) ? ['final_val_error'] : []),
    ...(measureOf(records) === 'loss' ? ['final_loss'] : []),
  ],
  epochs: records.some(hasValidation) ? ['val_loss', 'val_error'] : [],
  stage: fresh.length > 0,
});

/** Which part of an experiment a run is of: the grid, or the chosen cells on fresh seeds. */
type Stage = 'grid' | 'confirmation';

const STATISTIC_COLUMNS = ['kind', 'a', 'b', 'statistic', 'value', 'low', 'high', 'count', 'note'] as const;

function imagesPerSecond(record: AnyRecord): number | null {
  const { epochs } = record;
  return epochs.length === 0 ? null : epochs.reduce((sum, e) => sum + e.imagesPerSecond, 0) / epochs.length;
}

/** What is known of an imported run. The columns of its settings stay empty. */
function importedRow({ label, cell, status, ...record }: ImportedRecord): Row {
  const { imported, lr, wd, seed, id } = cell;
  return {
    label,
    optimizer: imported.kind ?? imported.optimizer,
    lr,
    wd,
    seed,
    status,
    final_test_error: record.finalTestError,
    final_train_loss: record.finalTrainLoss,
    final_loss: record.finalLoss ?? null,
    cell: id,
    reason: record.reason ?? null,
  };
}

function runRow(record: AnyRecord, stage: Stage): Row {
  if (isImported(record)) return importedRow(record);
  const { cell } = record;
  const { optimizer } = cell;
  const errors = record.epochs.map((e) => e.testError).filter(Number.isFinite);
  return {
    label: record.label,
    stage,
    optimizer: optimizer.name,
    lr: cell.lr,
    wd: cell.wd,
    seed: cell.seed,
    status: record.status,
    final_test_error: record.finalTestError,
    final_train_loss: record.finalTrainLoss,
    final_val_error: hasValidation(record) ? selectionError(record) : null,
    best_test_error: errors.length === 0 ? null : Math.min(...errors),
    epochs: cell.epochs,
    epochs_done: record.epochs.length,
    schedule: cell.schedule.name,
    warmup: cell.warmup,
    batch_size: cell.batchSize,
    beta1: optimizer.beta1,
    beta2: optimizer.beta2,
    eps: optimizer.eps,
    eps_form: optimizer.epsForm,
    momentum_form: optimizer.momentumForm,
    placement: placementOf(optimizer),
    convention: optimizer.convention,
    exclude: optimizer.exclude,
    dataset: JSON.stringify(cell.dataset),
    model: JSON.stringify(cell.model),
    backend: cell.backend,
    threads: cell.threads,
    numerics: cell.numerics,
    cell: cell.id,
    reason: record.reason ?? null,
    seconds: record.seconds,
    images_per_second: imagesPerSecond(record),
    started_at: record.startedAt,
    attempts: record.attempts,
    peak_memory: record.peakMemory,
  };
}

/**
 * The rows of one run. Only the first fields can hold text. The rest are numbers, which need no quotes and are joined
 * directly: the general writer takes a dozen seconds more for a million rows.
 */
function epochRows({ label, cell, epochs }: AnyRecord, withValidation: boolean, stage?: Stage): string {
  const run = {
    label,
    lr: cell.lr,
    wd: cell.wd,
    seed: cell.seed,
    epochs: cell.epochs ?? null,
    cell: cell.id,
  };
  const start = write([run], EPOCH_RUN_COLUMNS, false).slice(0, -1);
  const row = (e: EpochMetrics): string[] =>
    [
      e.epoch,
      e.lr,
      e.trainLoss,
      e.trainError,
      e.testLoss,
      e.testError,
      e.thetaNorm,
      ...(withValidation ? [e.validationLoss ?? null, e.validationError ?? null] : []),
    ].map(numberText);
  const timing = (e: EpochMetrics) => [e.seconds, e.imagesPerSecond].map(numberText);
  const line = (e: EpochMetrics) => [...row(e), ...(stage ? [stage] : []), ...timing(e)].join(',');
  return epochs.map((e) => `${start},${line(e)}\n`).join('');
}

/**
 * runs.csv: one row per cell, ordered by label, epochs, lr, wd, seed; then those on fresh seeds likewise.
 * @param fresh runs of a second stage: with any, a column tells the stages apart
 */
export const runsCsv = (records: readonly AnyRecord[], fresh: readonly RunRecord[] = []): string =>
  [...runsCsvChunks(records, fresh)].join('');

/** The same in pieces: the rows of a million runs together would take gigabytes. */
export function* runsCsvChunks(
  records: readonly AnyRecord[],
  fresh: readonly RunRecord[] = [],
): Generator<string> {
  const columns = [...RUN_COLUMNS, ...rareColumns(records, fresh).runs, ...TIMING_COLUMNS];
  yield write([], columns, true);
  for (const [some, stage] of [
    [records, 'grid'],
    [fresh, 'confirmation'],
  ] as const) {
    const ordered = inDisplayOrder(some);
    for (let at = 0; at < ordered.length; at += 1000) {
      const rows = ordered.slice(at, at + 1000).map((record) => runRow(record, stage));
      yield write(rows, columns, false);
    }
  }
}

/** epochs.csv in pieces, of about a megabyte: a large sweep's million rows need not be in memory at once. */
export function* epochsCsvChunks(
  records: readonly AnyRecord[],
  fresh: readonly RunRecord[] = [],
): Generator<string> {
  const { epochs: own, stage } = rareColumns(records, fresh);
  const rare = [...own, ...(stage ? ['stage'] : [])];
  yield `${[...EPOCH_RUN_COLUMNS, ...EPOCH_OWN_COLUMNS, ...rare, ...EPOCH_TIMING_COLUMNS].join(',')}\n`;
  let text = '';
  const isFresh = new Set<AnyRecord>(fresh);
  for (const record of [...inDisplayOrder(records), ...inDisplayOrder(fresh)]) {
    const of = isFresh.has(record) ? 'confirmation' : 'grid';
    text += epochRows(record, own.length > 0, stage ? of : undefined);
    if (text.length < 1_000_000) continue;
    yield text;
    text = '';
  }
  if (text !== '') yield text;
}

/** epochs.csv: one row per epoch, ordered as runs.csv. */
export function epochsCsv(records: readonly AnyRecord[]): string {
  return [...epochsCsvChunks(records)].join('');
}

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

const NO_OPTIMUM = {
  edge: 'The lowest error is at the edge of the positive weight decays.',
  zero: 'The lowest error is without decay.',
  flat: 'No minimum can be told from a constant.',
  few: 'Fewer than three positive weight decays have a run that did not diverge.',
};

function ofBudgets({ optima, slope, transfer }: NamedBudgetTrend): Statistic[] {
  const at = optima.map(({ epochs, wd, status, runs }): Statistic => {
    const found = status === 'used' ? exact(wd) : { ...exact(null), reason: NO_OPTIMUM[status] };
    return [`best_wd_at_${epochs}_epochs`, found, runs];
  });
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

function ofConfirmation({ cells, pairs }: Confirmation): Row[] {
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
  ];
}

const CONFIRMATION_COLUMNS = [
  'label', 'optimizer', 'schedule', 'role', 'lr', 'wd', 'seed', 'status', 'test_error', 'val_error', 'train_loss',
  'cell',
] as const; // prettier-ignore

/** confirmation.csv: one row per run on a fresh seed, in the order of runs.csv. */
export function confirmationCsv({ choice }: Confirmation, fresh: readonly RunRecord[]): string {
  const rows = fresh.map((record): Row => {
    const { cell, label, status, finalTestError, finalTrainLoss } = record;
    const chosen = choice.chosen.find((c) => c.label === label && c.lr === cell.lr && c.wd === cell.wd);
    return {
      label,
      optimizer: kindOf(cell.optimizer),
      schedule: cell.schedule.name,
      role: chosen?.role ?? null,
      lr: cell.lr,
      wd: cell.wd,
      seed: cell.seed,
      status,
      test_error: finalTestError,
      val_error: hasValidation(record) ? selectionError(record) : null,
      train_loss: finalTrainLoss,
      cell: cell.id,
    };
  });
  return write(rows, CONFIRMATION_COLUMNS, true);
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
    ...(confirmed ? ofConfirmation(confirmed) : []),
  ];
  return write(rows, STATISTIC_COLUMNS, true);
}
