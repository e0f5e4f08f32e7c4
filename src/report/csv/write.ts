/**
 * How the CSV files are written: RFC 4180 with a header line, UTF-8, LF. Columns are documented in docs/csv.md.
 *
 * Numbers are printed as JavaScript prints them, the shortest decimal that reads back as the same double. Text that a
 * spreadsheet would take for a formula, there or behind a separator of another locale, gets an apostrophe in front (https://owasp.org/www-community/attacks/CSV_Injection).
 */
import { stringify } from 'csv-stringify/sync';

type Value = string | number | boolean | null;
export type Row = Readonly<Record<string, Value>>;

/**
 * Places where a spreadsheet would begin a formula: at the start, and after what another locale's import reads as the
 * end of a field or line (a quote in mid-field does not protect there).
 */
const FORMULA = /(?<=^|[;|\t\r\n])(?=[\s"]*[=+\-@＝＋－＠])|^(?=[\t\r\n])/gu;
/** Separators of other locales: text with one is quoted, as text with a comma is. */
const OTHER_SEPARATORS = /[;|\t]/;

/** Shortest decimal that reads back as the same double; empty if there is no number. */
export const numberText = (value: number | null): string => (Number.isFinite(value) ? String(value) : '');

export function write(rows: readonly Row[], columns: readonly string[], header: boolean): string {
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
