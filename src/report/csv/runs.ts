/** runs.csv and epochs.csv. */
import { excludedNames } from '../../experiment/excluded.js';
import { isClassic, ownSettings, settingOf } from '../../experiment/optimizerSettings.js';
import { placementOf } from '../../experiment/placement.js';
import {
  bitsPerCharacter,
  finalBits,
  hasValidation,
  isImported,
  isOfText,
  measureOf,
  selectionError,
  type AnyRecord,
  type EpochMetrics,
  type ImportedRecord,
  type RunRecord,
} from '../../experiment/record.js';
import { inDisplayOrder } from '../order.js';
import { numberText, write, type Row } from './write.js';

/** Columns that differ from one execution of the same config to the next; the last of runs.csv and epochs.csv. */
export const TIMING_COLUMNS = [
  'seconds',
  'images_per_second',
  'started_at',
  'attempts',
  'peak_memory',
] as const;

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
    ...(records.some(({ cell }) => cell.optimizer && !isClassic(cell.optimizer)) ? ['settings'] : []),
    ...(records.some(hasValidation) ? ['final_val_error'] : []),
    ...(measureOf(records) === 'loss' ? ['final_loss'] : []),
    ...(records.some(isOfText) ? ['final_test_bits_per_character'] : []),
  ],
  epochs: [
    ...(records.some(hasValidation) ? (['val_loss', 'val_error'] as const) : []),
    ...(records.some(isOfText) ? (['test_bits_per_character'] as const) : []),
  ],
  stage: fresh.length > 0,
});

/** The columns of epochs.csv that few sweeps have. */
const RARE_OF_EPOCHS = {
  val_loss: (e: EpochMetrics) => e.validationLoss ?? null,
  val_error: (e: EpochMetrics) => e.validationError ?? null,
  test_bits_per_character: bitsPerCharacter,
};
type RareOfEpochs = keyof typeof RARE_OF_EPOCHS;

/** Which part of an experiment a run is of: the grid, or the chosen cells on fresh seeds. */
type Stage = 'grid' | 'confirmation';

const WITH_COLUMNS: readonly string[] = ['beta1', 'beta2', 'eps', 'epsForm', 'momentumForm'];

/** The settings of a rule that have no columns, as JSON; null where it has none. */
function otherSettings(optimizer: RunRecord['cell']['optimizer']): string | null {
  const others = ownSettings(optimizer.name).filter(([key]) => !WITH_COLUMNS.includes(key));
  if (others.length === 0) return null;
  return JSON.stringify(Object.fromEntries(others.map(([key]) => [key, settingOf(optimizer, key)])));
}

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
    final_test_bits_per_character: finalBits(record),
    best_test_error: errors.length === 0 ? null : Math.min(...errors),
    epochs: cell.epochs,
    epochs_done: record.epochs.length,
    schedule: cell.schedule.name,
    warmup: cell.warmup,
    batch_size: cell.batchSize,
    beta1: settingOf(optimizer, 'beta1') ?? null,
    beta2: settingOf(optimizer, 'beta2') ?? null,
    eps: settingOf(optimizer, 'eps') ?? null,
    eps_form: settingOf(optimizer, 'epsForm') ?? null,
    momentum_form: settingOf(optimizer, 'momentumForm') ?? null,
    settings: otherSettings(optimizer),
    placement: placementOf(optimizer),
    convention: optimizer.convention,
    exclude: excludedNames(optimizer.exclude).join(' ') || 'none',
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
function epochRows({ label, cell, epochs }: AnyRecord, rare: readonly RareOfEpochs[], stage?: Stage): string {
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
      ...rare.map((column) => RARE_OF_EPOCHS[column](e)),
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
    text += epochRows(record, own, stage ? of : undefined);
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
