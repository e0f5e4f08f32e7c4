/**
 * The record of a training run: one line of runs.jsonl. The schemas check every record from outside: from the journal,
 * and from workers through Redis. The types are inferred from them.
 *
 * A record of a run that another program trained is a variant without training settings (`ImportedRecord`). Runners,
 * workers and queues know only `RunRecord`; statistics and reports take both (`AnyRecord`).
 */
import { z } from 'zod';
import { cellSchema, type Cell } from './cell.js';
import { importedCellSchema, type ImportedCell, type Measure } from './importedCell.js';
import type { Job } from './plan.js';
import { printable } from './printable.js';

const share = z.number().min(0).max(1);
const count = z.int().min(0);
/** A measured number. JSON has no NaN and no infinity: it has null in their place. */
const measured = z
  .number()
  .nullable()
  .transform((value) => value ?? NaN);

/** Measurements of one epoch (1-based). Errors are shares in [0, 1], losses are mean cross-entropies in nats. */
export const metricsSchema = z.object({
  epoch: z.int().min(1),
  /** eta_t * lr at the epoch's last step. */
  lr: measured,
  /** Running means over the epoch's batches, in training mode, while the parameters move. */
  trainLoss: measured,
  trainError: share,
  /** On the whole test set, after the epoch. */
  testLoss: measured,
  testError: share,
  /** On the images held back, likewise; absent where none are. */
  validationLoss: measured.optional(),
  validationError: share.optional(),
  /** Euclidean norm of all parameters after the epoch. */
  thetaNorm: measured,
  /** Training speed, evaluation excluded. */
  imagesPerSecond: measured,
  /** Wall time of the epoch, evaluation included. */
  seconds: measured,
});
export type EpochMetrics = Readonly<z.infer<typeof metricsSchema>>;

/** Relative shrink per step due to decay, in one bucket of weights of similar gradient magnitude. */
const decayBucketSchema = z.object({
  /** Median root-mean-square gradient of the bucket's weights over the recorded steps. */
  gradient: measured,
  /** Median over the bucket's weights of (shrink per step caused by decay) / |theta|. */
  relativeDecay: measured,
  count,
});
export type DecayBucket = Readonly<z.infer<typeof decayBucketSchema>>;

/** `diverged`: the loss became non-finite. `failed`, `timeout`: no result. */
export const statusSchema = z.enum(['ok', 'diverged', 'failed', 'timeout']);
export type RunStatus = z.infer<typeof statusSchema>;

/** Longest reason that is kept, characters. */
export const maxReasonLength = 4000;

export const recordSchema = z.object({
  cell: cellSchema,
  /** The optimizer's label in this experiment. */
  label: z.string(),
  status: statusSchema,
  /** Why, for every status but `ok`. */
  reason: z.string().optional(),
  epochs: z.array(metricsSchema),
  /** Test error after the last epoch (the paper's measure), chance where diverged, null if failed or timed out. */
  finalTestError: share.nullable(),
  finalTrainLoss: z.number().nullable(),
  decay: z.array(decayBucketSchema).optional(),
  attempts: z.int().min(1),
  /** ISO 8601, UTC. */
  startedAt: z.iso.datetime(),
  seconds: z.number().min(0),
  /** Peak resident memory of the worker so far, bytes. */
  peakMemory: z.number().min(0),
});

/** The outcome of one cell. */
export interface RunRecord extends Readonly<
  Omit<z.infer<typeof recordSchema>, 'cell' | 'epochs' | 'decay' | 'reason'>
> {
  readonly cell: Cell;
  readonly reason?: string;
  readonly epochs: readonly EpochMetrics[];
  readonly decay?: readonly DecayBucket[];
}

export const importedRecordSchema = recordSchema
  .pick({ label: true, status: true, reason: true, finalTestError: true, finalTrainLoss: true })
  .extend({
    cell: importedCellSchema,
    /** No epoch of another program's run is kept. */
    epochs: z.array(metricsSchema).max(0),
    /** Its loss, where that is what was measured; `finalTestError` is null then. */
    finalLoss: z.number().min(0).nullable().optional(),
  });

/** What another program's run left behind. It has no attempts, times and memory. */
export interface ImportedRecord extends Readonly<
  Omit<z.infer<typeof importedRecordSchema>, 'cell' | 'epochs' | 'reason' | 'finalLoss'>
> {
  readonly cell: ImportedCell;
  readonly reason?: string;
  readonly epochs: readonly EpochMetrics[];
  readonly finalLoss?: number | null;
  readonly decay?: undefined;
  readonly attempts?: undefined;
  readonly startedAt?: undefined;
  readonly seconds?: undefined;
  readonly peakMemory?: undefined;
}

/** A record as statistics and reports take it. */
export type AnyRecord = RunRecord | ImportedRecord;

export const isImported = (record: AnyRecord): record is ImportedRecord => 'imported' in record.cell;

/** What the results of these records measure. One folder has one measure. */
export const measureOf = (records: readonly AnyRecord[]): Measure => {
  const first = records[0];
  return first && isImported(first) ? first.cell.imported.measure : 'error';
};

/** The number that statistics are about: the final test error, or the loss of an imported run that has none. */
export const objectiveOf = (record: AnyRecord): number | null =>
  isImported(record) && record.cell.imported.measure === 'loss'
    ? (record.finalLoss ?? null)
    : record.finalTestError;

/**
 * The error by which the best cell is chosen: on the images held back, where there are such, else on the test set. Null
 * if the run failed or timed out.
 */
export function selectionError(record: AnyRecord): number | null {
  const { status, epochs } = record;
  return status === 'ok' ? (epochs.at(-1)?.validationError ?? objectiveOf(record)) : objectiveOf(record);
}

/** Whether a run's best cell is chosen on images held back. */
export const hasValidation = ({ cell }: Pick<AnyRecord, 'cell'>): boolean =>
  cell.dataset?.validation !== undefined;

/** Whether a run's test loss is that of the characters of a text. */
export const isOfText = ({ cell }: Pick<AnyRecord, 'cell'>): boolean => cell.dataset?.name === 'text';

/** The same loss in bits: what a character costs an ideal code that trusts the model's shares. */
export const bitsPerCharacter = ({ testLoss }: Pick<EpochMetrics, 'testLoss'>): number => testLoss / Math.LN2;

/** Bits per character of the test text after the last epoch; null for other data, and where the run did not end well. */
export function finalBits(record: AnyRecord): number | null {
  const last = record.epochs.at(-1);
  return isOfText(record) && record.status === 'ok' && last ? bitsPerCharacter(last) : null;
}

/** Whether a cell has no result: it failed, or ran out of time. */
export const isFailure = ({ status }: Pick<AnyRecord, 'status'>): boolean =>
  status === 'failed' || status === 'timeout';

/** The record of a cell that could not be trained to its end. */
export const failureOf = (
  { cell, label }: Job,
  status: 'failed' | 'timeout',
  reason: string,
  about: Pick<RunRecord, 'startedAt' | 'attempts' | 'seconds'>,
): RunRecord => ({
  cell,
  label,
  status,
  reason,
  epochs: [],
  finalTestError: null,
  finalTrainLoss: null,
  ...about,
  peakMemory: 0,
});

/** How far a worker has come in its cell. */
export const beatSchema = z.object({
  /** Epochs completed, as a fraction: 2.5 is half-way through the third. */
  epoch: z.number().min(0),
  trainLoss: z.number().nullable(),
  testError: z.number().nullable(),
  imagesPerSecond: z.number().nullable(),
  /** Resident memory, bytes. */
  memory: z.number(),
});
export type Beat = Readonly<z.infer<typeof beatSchema>>;

/** What a worker returns through Redis: the record without its cell and label, which the coordinator knows. */
export const resultSchema = recordSchema
  .omit({ label: true })
  .extend({
    cell: cellSchema.shape.id,
    status: statusSchema.exclude(['failed']),
    reason: z.string().max(maxReasonLength).transform(printable).optional(),
  })
  .refine(
    ({ status, epochs, finalTestError }) => status !== 'ok' || finalTestError === epochs.at(-1)?.testError,
    { error: 'its final test error is not its last epoch’s' },
  )
  .refine(({ status, finalTestError }) => status !== 'diverged' || finalTestError !== null, {
    error: 'it diverged, and has no final test error',
  })
  .refine(({ status, finalTestError }) => status !== 'timeout' || finalTestError === null, {
    error: 'it has a final test error although it timed out',
  });
