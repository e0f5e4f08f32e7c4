/** What every reader of another program's results gives: named columns, and rows that know their place in the file. */
import { ReportedError } from '../errors/reported.js';

export interface Row {
  /** For messages: `line 12`, `trial 3`. */
  readonly place: string;
  /** By column; absent or empty where the row has nothing there. */
  readonly values: Readonly<Record<string, string | number>>;
  /** What is wrong with the whole row, as the end of a sentence. */
  readonly problem?: string;
}

export interface Table {
  readonly format: 'csv' | 'optuna';
  /** In the order of the file. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** Of an Optuna storage: the studies that were read. */
  readonly studies?: readonly string[];
  /** Whether a higher objective is better, where the file says so; `some`: in a part of the studies. */
  readonly maximize?: boolean | 'some';
}

/** A file, or a row of it, that cannot be imported; the command ends with exit code 2. */
export class ImportError extends ReportedError {}
