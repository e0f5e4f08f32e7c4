/** Whether what a journal holds is a record of this version, fast enough for journals of a hundred thousand lines. */
import { hasValidId } from '../experiment/cell.js';
import { metricsSchema, recordSchema, type RunRecord } from '../experiment/record.js';

/** Most of a record are its epochs: zod takes as long for them as all other reading together. */
const withoutEpochs = recordSchema.omit({ epochs: true });

const shares = ['trainError', 'testError'];
/** Of the images held back, where there are such. */
const optional = ['validationLoss', 'validationError'];
const measured = Object.keys(metricsSchema.shape).filter(
  (key) => key !== 'epoch' && !shares.includes(key) && !optional.includes(key),
);

const isShare = (value: unknown) => typeof value === 'number' && value >= 0 && value <= 1;
const isMeasured = (value: unknown) => value === null || typeof value === 'number';

/** What `metricsSchema` says, by hand. A test compares the two. */
export function isMetrics(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const metrics = value as Readonly<Record<string, unknown>>;
  return (
    Number.isSafeInteger(metrics['epoch']) &&
    (metrics['epoch'] as number) >= 1 &&
    shares.every((key) => isShare(metrics[key])) &&
    measured.every((key) => isMeasured(metrics[key])) &&
    (metrics['validationLoss'] === undefined || isMeasured(metrics['validationLoss'])) &&
    (metrics['validationError'] === undefined || isShare(metrics['validationError']))
  );
}

/** Whether a value fits `recordSchema`, and its cell is what its id says. It may have fields that no schema knows. */
export function isValidRecord(value: unknown): value is RunRecord {
  if (!withoutEpochs.safeParse(value).success) return false;
  const { cell, epochs } = value as Pick<RunRecord, 'cell'> & { readonly epochs?: unknown };
  return Array.isArray(epochs) && epochs.every(isMetrics) && hasValidId(cell);
}
