/** Rows of another program's table -> records. Pure; what is wrong with a row is said with its place. */
import { identifyImported, type Origin } from '../experiment/importedCell.js';
import type { ImportedRecord } from '../experiment/record.js';
import { objectiveIn, type Columns, type Objective } from './columns.js';
import { labelled } from './optimizers.js';
import type { Row, Table } from './table.js';

export interface MappingOptions {
  /** The optimizer of rows that do not name one. */
  readonly optimizer: string;
  /** Whether errors or accuracies are in percent. */
  readonly percent: boolean;
  /** What a diverged run counts as: an error as a share, or a loss. Without it, such a run has no result. */
  readonly chance?: number;
}

/** A row that is no run, and why. */
export interface BadRow {
  readonly place: string;
  readonly problem: string;
}

export interface Mapped {
  readonly records: readonly ImportedRecord[];
  readonly bad: readonly BadRow[];
  /** Runs that had not ended. */
  readonly unfinished: number;
}

/** What the words of the programs mean. `unfinished` runs are left out: they will have a result later. */
const STATUS: Readonly<Record<string, 'ok' | 'diverged' | 'failed' | 'timeout' | 'unfinished'>> = {
  ok: 'ok', finished: 'ok', complete: 'ok', completed: 'ok', succeeded: 'ok', success: 'ok', done: 'ok',
  diverged: 'diverged',
  failed: 'failed', fail: 'failed', crashed: 'failed', killed: 'failed', pruned: 'failed', preempted: 'failed', error: 'failed',
  timeout: 'timeout',
  running: 'unfinished', waiting: 'unfinished', scheduled: 'unfinished', pending: 'unfinished', queued: 'unfinished',
}; // prettier-ignore

/** A sentence's end, in place of a value. */
class Problem extends Error {}

/** @throws nothing: every row is a record, bad, or unfinished */
export function toRecords(table: Table, columns: Columns, options: MappingOptions): Mapped {
  const records: ImportedRecord[] = [];
  const bad: BadRow[] = [];
  const places = new Map<string, string>();
  const repeats = new Map<string, number>();
  let unfinished = 0;
  for (const row of table.rows) {
    try {
      const record = recordOf(row, columns, options, repeats);
      if (record === 'unfinished') {
        unfinished++;
        continue;
      }
      const { lr, wd, seed } = record.cell;
      const setting = JSON.stringify([record.label, lr, wd, seed]);
      const earlier = places.get(setting);
      if (earlier !== undefined) throw new Problem(`it has the optimizer, lr, wd and seed of ${earlier}`);
      places.set(setting, row.place);
      records.push(record);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      bad.push({ place: row.place, problem: error.message });
    }
  }
  return { records, bad, unfinished };
}

/** @param repeats counts the rows of each setting, which are its seeds where no column has them */
function recordOf(
  row: Row,
  columns: Columns,
  options: MappingOptions,
  repeats: Map<string, number>,
): ImportedRecord | 'unfinished' {
  if (row.problem !== undefined) throw new Problem(row.problem);
  const status = statusOf(textIn(row, columns.status));
  if (status === 'unfinished') return status;
  const optimizer = textIn(row, columns.optimizer) || options.optimizer;
  const { label, kind } = labelled(optimizer);
  const { role } = objectiveIn(columns);
  const measure = role === 'loss' ? 'loss' : 'error';
  const imported: Origin = { optimizer, ...(kind === undefined ? {} : { kind }), measure };
  const lr = numberIn(row, columns, 'lr');
  if (!(lr > 0)) throw new Problem(`its lr is ${lr}, and must be above 0`);
  const wd = numberIn(row, columns, 'wd');
  if (!(wd >= 0)) throw new Problem(`its wd is ${wd}, and must be 0 or more`);
  const result = resultOf(row, columns, status, options);
  const seed = columns.seed === undefined ? nextSeed(repeats, [label, lr, wd]) : seedIn(row, columns);
  return { cell: identifyImported({ imported, lr, wd, seed }), label, ...result, epochs: [] };
}

type Result = Pick<ImportedRecord, 'status' | 'reason' | 'finalTestError' | 'finalLoss' | 'finalTrainLoss'>;

function resultOf(
  row: Row,
  columns: Columns,
  status: 'ok' | 'diverged' | 'failed' | 'timeout',
  options: MappingOptions,
): Result {
  const { role } = objectiveIn(columns);
  const finalTrainLoss = trainLossIn(row, columns);
  const ending = (value: number | null) =>
    role === 'loss' ? { finalTestError: null, finalLoss: value } : { finalTestError: value };
  if (status === 'failed' || status === 'timeout') {
    return {
      status,
      reason: `The other program says ${textIn(row, columns.status)}.`,
      ...ending(null),
      finalTrainLoss,
    };
  }
  const value = objectiveOf(row, columns, options);
  if (status === 'ok' && Number.isFinite(value)) return { status, ...ending(value), finalTrainLoss };
  const reason = status === 'diverged' ? 'The other program says diverged.' : `Its ${role} is not finite.`;
  // A diverged run that has a value counts as the other program says.
  const counts = options.chance ?? (Number.isFinite(value) ? value : null);
  if (counts !== null) return { status: 'diverged', reason, ...ending(counts), finalTrainLoss: null };
  return {
    status: 'failed',
    reason: `${reason} No chance level was given for diverged runs.`,
    ...ending(null),
    finalTrainLoss: null,
  };
}

/** As a share or as a loss; not finite where the run diverged. */
function objectiveOf(row: Row, columns: Columns, { percent }: MappingOptions): number {
  const { role, column } = objectiveIn(columns);
  const text = textIn(row, column);
  if (text === '' && statusOf(textIn(row, columns.status)) === 'diverged') return NaN;
  const read = parse(text, role);
  if (!Number.isFinite(read)) return NaN;
  const share = percent ? read / 100 : read;
  const value = role === 'accuracy' ? 1 - share : share;
  if (role === 'loss' && value < 0)
    throw new Problem(`its loss is ${text}: the statistics take logarithms, so it must be 0 or more`);
  if (role !== 'loss' && !(value >= 0 && value <= 1))
    throw new Problem(`its ${role} is ${text}, and must be from 0 to ${percent ? 100 : 1}`);
  return value;
}

function trainLossIn(row: Row, columns: Columns): number | null {
  const text = textIn(row, columns['train-loss']);
  if (text === '') return null;
  const value = parse(text, 'train-loss');
  return Number.isFinite(value) ? value : null;
}

function statusOf(text: string) {
  if (text === '') return 'ok';
  // Optuna's CSV has `TrialState.COMPLETE` in some versions.
  const known = STATUS[text.slice(text.lastIndexOf('.') + 1).toLowerCase()];
  if (known === undefined) throw new Problem(`its status is ${JSON.stringify(text)}, which is not known`);
  return known;
}

function textIn({ values }: Row, column: string | undefined): string {
  const value = column === undefined ? undefined : values[column];
  return value === undefined ? '' : String(value).trim();
}

function numberIn(row: Row, columns: Columns, role: 'lr' | 'wd'): number {
  const value = parse(textIn(row, columns[role]), role);
  if (!Number.isFinite(value)) throw new Problem(`its ${role} is ${value}`);
  return value;
}

function seedIn(row: Row, columns: Columns): number {
  const text = textIn(row, columns.seed);
  const value = parse(text, 'seed');
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Problem(`its seed is ${text}, and must be a whole number, 0 or more`);
  return value;
}

function nextSeed(repeats: Map<string, number>, setting: readonly (string | number)[]): number {
  const key = JSON.stringify(setting);
  const seed = repeats.get(key) ?? 0;
  repeats.set(key, seed + 1);
  return seed;
}

const NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** A number as programs print it; NaN for `nan` and the infinities. */
function parse(text: string, what: Objective | 'lr' | 'wd' | 'seed' | 'train-loss'): number {
  if (text === '') throw new Problem(`it has no ${what}`);
  if (NOT_FINITE.test(text)) return NaN;
  if (!NUMBER.test(text)) throw new Problem(`its ${what} is ${JSON.stringify(text)}, which is no number`);
  return Number(text);
}

/** Numbers of the objective that are above 1, and those above 0 and at most 1: percent and shares look different. */
export function countAbove1(
  table: Table,
  columns: Columns,
): { readonly above: number; readonly within: number } {
  const { column } = objectiveIn(columns);
  const values = table.rows.map((row) => textIn(row, column)).filter((text) => NUMBER.test(text));
  const above = values.filter((text) => Number(text) > 1).length;
  return { above, within: values.filter((text) => Number(text) > 0).length - above };
}
