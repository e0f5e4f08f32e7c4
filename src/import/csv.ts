/**
 * CSV files: one row a run, the columns named in the first line. Exports of Weights & Biases ("Export table as CSV"), of
 * MLflow (`mlflow experiments csv`) and of pandas (Optuna's `trials_dataframe().to_csv()`) are such files.
 */
import { parse, CsvError } from 'csv-parse/sync';
import { ImportError, type Row, type Table } from './table.js';

/** One record of csv-parse with `info`. */
interface Parsed {
  readonly info: { readonly lines: number };
  readonly record: readonly string[];
}

/**
 * @param file for messages
 * @throws ImportError where the text is no CSV, has no rows, or names a column twice
 */
export function readCsv(text: string, file: string): Table {
  const [head, ...body] = parsed(text, file);
  if (!head || body.length === 0) {
    throw new ImportError(`${file} has no rows below its line of column names.`, {
      code: 'import-unreadable',
      remedy: 'Export the table of runs again, one row a run.',
    });
  }
  const columns = head.record.map((name) => name.trim());
  requireDistinct(columns, file);
  return { format: 'csv', columns, rows: body.map((one) => rowOf(one, columns)) };
}

function parsed(text: string, file: string): Parsed[] {
  try {
    // With `info` each row comes with its line, which the types of csv-parse do not tell.
    return parse(text, {
      bom: true,
      info: true,
      delimiter: delimiterOf(text),
      skip_empty_lines: true,
      relax_column_count: true,
    }) as unknown as Parsed[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new ImportError(`${file} cannot be read as CSV: ${error.message}.`, {
      code: 'import-unreadable',
      cause: error,
      remedy: 'Export it again as CSV, with quotes around fields that hold commas or line breaks.',
    });
  }
}

/** A comma, unless the first line has none and has semicolons or tabs: spreadsheets of some countries write those. */
function delimiterOf(text: string): string {
  const head = text.slice(0, text.search(/[\r\n]|$/));
  if (head.includes(',')) return ',';
  return [';', '\t'].find((one) => head.includes(one)) ?? ',';
}

function requireDistinct(columns: readonly string[], file: string): void {
  const twice = columns.find((name, i) => name !== '' && columns.indexOf(name) !== i);
  if (twice === undefined) return;
  throw new ImportError(`${file} has two columns named ${twice}.`, {
    code: 'import-columns',
    remedy: 'Rename or remove one of them.',
  });
}

/** `info.lines` is the line on which a record ends: a quoted field may hold line breaks. */
function rowOf({ info, record }: Parsed, columns: readonly string[]): Row {
  const place = `line ${info.lines}`;
  const entries = columns.map((name, i) => [name, (record[i] ?? '').trim()] as const);
  const values = Object.fromEntries(entries.filter(([name]) => name !== ''));
  const isLonger = record.slice(columns.length).some((field) => field.trim() !== '');
  // A comma within a number or a text has shifted what follows.
  const problem = `it has ${record.length} fields, and there are ${columns.length} columns`;
  return { place, values, ...(isLonger ? { problem } : {}) };
}
