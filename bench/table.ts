/** Tables: aligned for the terminal, in Markdown for documents, as CSV for programs. */
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { writeAtomically } from '../src/files/atomic.js';
import { makeFolder } from '../src/files/folder.js';

export interface Table {
  readonly heads: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Aligned columns, the first `words` to the left and the numbers to the right. */
export function aligned({ heads, rows }: Table, words = 2): string {
  const all = [heads, ...rows];
  const widths = heads.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  const cell = (text: string, i: number) => (i < words ? text.padEnd(widths[i]!) : text.padStart(widths[i]!));
  return all.map((row) => row.map(cell).join('  ').trimEnd()).join('\n');
}

/** The same as a Markdown table. */
export function markdown({ heads, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A number with `n` decimals; nothing where it is not known. */
export const decimals = (value: number | undefined, n: number): string =>
  value === undefined ? '' : value.toFixed(n);

/** Significant digits, without an exponent. */
export const significant = (value: number, n = 3): string =>
  value >= 10 ** (n - 1) ? value.toFixed(0) : value.toPrecision(n);

export const percent = (share: number | undefined): string =>
  share === undefined ? '?' : `${decimals(share * 100, 0)} %`;

export const mebibytes = (bytes: number): string => `${decimals(bytes / 2 ** 20, 0)} MiB`;

/** Objects of one form as CSV, the keys of the first being the heads. undefined is an empty cell. */
export const csvOf = (rows: readonly object[]): string => stringify([...rows], { header: true });

/** Writes files into a folder, which is made: names and texts. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await makeFolder(folder);
  for (const [name, text] of Object.entries(files)) await writeAtomically(join(folder, name), text);
}
