/**
 * Whether what a journal holds is a record of this version, fast enough for journals of a million lines. zod would
 * take longer for a record than all other reading together. So what the cells of a grid share is checked with zod
 * once, and the rest by hand. A test compares both with the schemas.
 */
import { idsOf, isCellId, templateSchema, type Cell } from '../experiment/cell.js';
import { hasValidImportedId } from '../experiment/importedCell.js';
import {
  importedRecordSchema,
  metricsSchema,
  recordSchema,
  statusSchema,
  type ImportedRecord,
  type RunRecord,
} from '../experiment/record.js';

type Fields = Readonly<Record<string, unknown>>;

const shares = ['trainError', 'testError'];
/** Of the images held back, where there are such. */
const optional = ['validationLoss', 'validationError'];
const measured = Object.keys(metricsSchema.shape).filter(
  (key) => key !== 'epoch' && !shares.includes(key) && !optional.includes(key),
);

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isFinite = (value: unknown): value is number => Number.isFinite(value);
const isCount = (value: unknown, least = 0) => Number.isSafeInteger(value) && (value as number) >= least;
const isAtLeast0 = (value: unknown) => isFinite(value) && value >= 0;
const isShare = (value: unknown) => isFinite(value) && value >= 0 && value <= 1;
const isMeasured = (value: unknown) => value === null || isFinite(value);
const isTextOrAbsent = (value: unknown) => value === undefined || typeof value === 'string';

/** What `metricsSchema` says, by hand. */
export function isMetrics(value: unknown): boolean {
  return (
    isObject(value) &&
    isCount(value['epoch'], 1) &&
    shares.every((key) => isShare(value[key])) &&
    measured.every((key) => isMeasured(value[key])) &&
    (value['validationLoss'] === undefined || isMeasured(value['validationLoss'])) &&
    (value['validationError'] === undefined || isShare(value['validationError']))
  );
}

const isDecayBucket = (value: unknown): boolean =>
  isObject(value) &&
  isMeasured(value['gradient']) &&
  isMeasured(value['relativeDecay']) &&
  isCount(value['count']);

/** The ids of cells that have these settings, given lr, wd and seed; null where the settings are not of this version. */
type Template = ReturnType<typeof idsOf> | null;

/** By the settings' text. A journal has one for each optimizer, label and budget of its experiments. */
const templates = new Map<string, Template>();
const mostTemplates = 10_000;

function templateOf(shared: Omit<Cell, 'id' | 'lr' | 'wd' | 'seed'>): Template {
  const text = JSON.stringify(shared);
  const known = templates.get(text);
  if (known !== undefined) return known;
  const template = templateSchema.safeParse(shared).success ? idsOf(shared) : null;
  if (templates.size >= mostTemplates) templates.clear();
  templates.set(text, template);
  return template;
}

/** Whether a value fits `cellSchema`, and is what its id says. */
function isValidCell(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { id, lr, wd, seed, ...shared } = value as unknown as Cell;
  if (!isFinite(lr) || lr <= 0 || !isAtLeast0(wd) || !isCount(seed)) return false;
  if (typeof id !== 'string' || !isCellId(id)) return false;
  return templateOf(shared)?.({ lr, wd, seed }) === id;
}

const { startedAt } = recordSchema.shape;

/** Whether a value fits `recordSchema`, and its cell is what its id says. It may have fields that no schema knows. */
export function isValidRecord(value: unknown): value is RunRecord {
  if (!isObject(value)) return false;
  const { epochs, decay } = value;
  return (
    typeof value['label'] === 'string' &&
    (statusSchema.options as readonly unknown[]).includes(value['status']) &&
    isTextOrAbsent(value['reason']) &&
    Array.isArray(epochs) &&
    epochs.every(isMetrics) &&
    (value['finalTestError'] === null || isShare(value['finalTestError'])) &&
    isMeasured(value['finalTrainLoss']) &&
    (decay === undefined || (Array.isArray(decay) && decay.every(isDecayBucket))) &&
    isCount(value['attempts'], 1) &&
    startedAt.safeParse(value['startedAt']).success &&
    isAtLeast0(value['seconds']) &&
    isAtLeast0(value['peakMemory']) &&
    isValidCell(value['cell'])
  );
}

/** The same for the records of an import, of which there are few: by their schema. */
export function isValidImport(value: unknown): value is ImportedRecord {
  if (!isObject(value) || !isObject(value['cell']) || value['cell']['imported'] === undefined) return false;
  const read = importedRecordSchema.safeParse(value);
  return read.success && hasValidImportedId(value['cell'] as unknown as ImportedRecord['cell']);
}
