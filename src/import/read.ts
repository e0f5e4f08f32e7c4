/** A file of another program -> the records in it, and how it was read. Nothing is written here. */
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { explainingFiles } from '../files/problem.js';
import { findColumns, objectiveIn, type Columns } from './columns.js';
import { readCsv } from './csv.js';
import { isSqlite, readOptuna } from './optuna.js';
import { countAbove1, toRecords, type BadRow, type Mapped } from './records.js';
import { ImportError, type Table } from './table.js';

export interface ReadOptions {
  /** Columns by role, as the user says; others are guessed. */
  readonly columns: Columns;
  /** Of errors and accuracies; guessed where absent. */
  readonly unit?: 'percent' | 'fraction';
  /** The optimizer, where no column names it. */
  readonly optimizer?: string;
  /** What diverged runs count as. */
  readonly chance?: number;
  /** Studies of an Optuna storage. */
  readonly studies: readonly string[];
  /** Whether rows that are no runs are left out. */
  readonly skipBad: boolean;
}

export interface Reading extends Mapped {
  readonly file: string;
  readonly sha256: string;
  readonly table: Table;
  readonly columns: Columns;
  readonly percent: boolean;
  readonly chance: number | null;
}

/** Most rows: as many as a sweep may have cells. */
const MOST_ROWS = 1_000_000;
/** Bad rows that a message names. */
const SHOWN = 10;

/**
 * @throws ImportError where the file, its columns or its rows cannot be used; FileError where it cannot be read
 */
export async function readSweep(path: string, options: ReadOptions): Promise<Reading> {
  const file = basename(path);
  const bytes = await explainingFiles(path, () => readFile(path));
  // Before sql.js works on them.
  const sha256 = hash('sha256', bytes);
  const table = await tableOf(bytes, file, options.studies);
  if (table.rows.length > MOST_ROWS) {
    throw new ImportError(`${file} has ${table.rows.length} rows; at most ${MOST_ROWS} are read.`, {
      code: 'import-unreadable',
      remedy: 'Split it into several sweeps.',
    });
  }
  const columns = findColumns(table, options.columns);
  const percent = isPercent(table, columns, options.unit);
  requireChance(columns, options.chance);
  const optimizer = options.optimizer ?? 'optimizer';
  const chance = options.chance === undefined ? {} : { chance: options.chance };
  const mapped = toRecords(table, columns, { optimizer, percent, ...chance });
  requireRecords(mapped, file, options.skipBad);
  return { ...mapped, file, sha256, table, columns, percent, chance: options.chance ?? null };
}

async function tableOf(bytes: Buffer, file: string, studies: readonly string[]): Promise<Table> {
  if (isSqlite(bytes)) return readOptuna(bytes, studies, file);
  if (studies.length > 0) {
    throw new ImportError(`--study is for Optuna storages, and ${file} is no SQLite file.`, {
      code: 'import-study',
      remedy: 'Leave the option out.',
    });
  }
  if (bytes.includes(0)) {
    throw new ImportError(`${file} is neither text nor an SQLite file.`, {
      code: 'import-unreadable',
      remedy: 'Name a CSV in UTF-8, or the SQLite file of an Optuna storage.',
    });
  }
  return readCsv(bytes.toString('utf8'), file);
}

/** Percent look different from shares, unless some are above 1 and some are not. */
function isPercent(table: Table, columns: Columns, unit: ReadOptions['unit']): boolean {
  const { role, column } = objectiveIn(columns);
  if (role === 'loss') {
    if (unit === undefined) return false;
    throw new ImportError(`--unit is for errors and accuracies, and ${column} is read as a loss.`, {
      code: 'import-unit',
      remedy: 'Leave the option out, or say what the column is with --column error=NAME.',
    });
  }
  if (unit !== undefined) return unit === 'percent';
  const { above, within } = countAbove1(table, columns);
  if (above > 0 && within > 0) {
    throw new ImportError(
      `${above} values of ${column} are above 1 and ${within} are not, so it is not clear whether they are in percent.`,
      {
        code: 'import-unit',
        remedy: `Say so with --unit percent or --unit fraction, or --column loss=${column} if it is a loss.`,
      },
    );
  }
  return above > 0;
}

function requireChance(columns: Columns, chance: number | undefined): void {
  if (chance === undefined || objectiveIn(columns).role === 'loss' || chance <= 1) return;
  throw new ImportError(`--chance is ${chance}: the error of guessing is a share, from 0 to 1.`, {
    code: 'import-unit',
    remedy: 'For ten classes it is 0.9.',
  });
}

export const describeBad = (bad: readonly BadRow[]): string =>
  bad
    .slice(0, SHOWN)
    .map(({ place, problem }) => `  ${place}: ${problem}`)
    .concat(bad.length > SHOWN ? [`  and ${bad.length - SHOWN} more`] : [])
    .join('\n');

function requireRecords({ records, bad }: Mapped, file: string, skipBad: boolean): void {
  if (bad.length > 0 && !skipBad) {
    throw new ImportError(
      `${bad.length} row${bad.length === 1 ? '' : 's'} of ${file} cannot be imported:\n${describeBad(bad)}\nNothing was written.`,
      { code: 'import-rows', remedy: 'Correct them, or leave them out with --bad-rows skip.' },
    );
  }
  if (records.length > 0) return;
  const why = bad.length > 0 ? `:\n${describeBad(bad)}` : '.';
  throw new ImportError(`No row of ${file} is a run that has ended${why}`, {
    code: 'import-rows',
    remedy: 'Check which columns are read, with --column.',
  });
}
