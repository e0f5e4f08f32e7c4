/** What `adamw-bench import` does. */
import { join, parse } from 'node:path';
import { buildGrid, byLabel } from '../../experiment/grid.js';
import { printable } from '../../experiment/printable.js';
import type { ImportedRecord } from '../../experiment/record.js';
import {
  describeBad,
  objectiveIn,
  readSweep,
  ROLES,
  writeFolder,
  type Columns,
  type Reading,
  type Role,
} from '../../import/index.js';
import { commandText } from '../commandText.js';
import { UsageError, exitCode } from '../exit.js';

export interface ImportFlags {
  readonly out?: string;
  readonly column: readonly string[];
  readonly unit?: 'percent' | 'fraction';
  readonly optimizer?: string;
  readonly chance?: number;
  readonly study: readonly string[];
  readonly badRows: 'refuse' | 'skip';
  readonly dryRun?: boolean;
  readonly force?: boolean;
}

/** Makes a results folder of a file; returns the exit code. */
export async function importFile(file: string, flags: ImportFlags): Promise<number> {
  if (flags.out === '') throw new UsageError('--out is empty: name a folder, or leave the option out.');
  const given = columnsIn(flags.column);
  const { unit, optimizer, chance } = flags;
  const reading = await readSweep(file, {
    columns: given,
    ...(unit === undefined ? {} : { unit }),
    ...(optimizer === undefined ? {} : { optimizer }),
    ...(chance === undefined ? {} : { chance }),
    studies: flags.study,
    skipBad: flags.badRows === 'skip',
  });
  console.log(summary(reading, given, flags));
  for (const note of notes(reading)) console.error(note);
  if (flags.dryRun) return exitCode.ok;
  const dir = flags.out ?? join('results', folderName(file));
  await writeFolder(reading, { dir, command: commandLine(file, flags), force: flags.force ?? false });
  console.log(
    `\n${count(reading.records.length, 'record')} in ${dir}. Statistics and figures: adamw-bench report ${dir}`,
  );
  return exitCode.ok;
}

/** `--column lr=eta` by role. */
function columnsIn(options: readonly string[]): Columns {
  const columns: Partial<Record<Role, string>> = {};
  for (const option of options) {
    const at = option.indexOf('=');
    const role = ROLES.find((one) => one === option.slice(0, at));
    if (at < 0 || role === undefined || option.length === at + 1) {
      throw new UsageError(
        `--column ${option}: write WHAT=NAME, with one of ${ROLES.join(', ')}, e.g. --column lr=learning_rate.`,
      );
    }
    if (columns[role] !== undefined) throw new UsageError(`--column names the ${role} twice.`);
    columns[role] = option.slice(at + 1);
  }
  return columns;
}

const count = (n: number, what: string) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;

/** A folder's name that needs no quotes. */
const folderName = (file: string) => parse(file).name.replace(/[^A-Za-z0-9._-]+/g, '-') || 'import';

/** What was read, from which columns, and what is in it. */
function summary(reading: Reading, given: Columns, flags: ImportFlags): string {
  const { table, file, columns, records } = reading;
  const kind = table.format === 'optuna' ? `Optuna, ${table.studies!.join(', ')}` : 'CSV';
  const rows = count(table.rows.length, table.format === 'optuna' ? 'trial' : 'row');
  const lines = ROLES.flatMap((role) => roleLine(role, reading, given, flags));
  const grids = [...byLabel(records)].map(([label, own]) => gridLine(label, own));
  return [printable(`${file}: ${rows} (${kind})`), ...lines, ...grids]
    .filter((line) => columns && line !== '')
    .join('\n');
}

/** What stands for a role that no column has. */
const WITHOUT: Readonly<Partial<Record<Role, string>>> = {
  seed: 'no column: equal settings are numbered in the order of the rows',
  status: 'no column: every row is a finished run',
  'train-loss': 'no column: no comparison at equal training loss',
};

function roleLine(role: Role, { columns, percent }: Reading, given: Columns, flags: ImportFlags): string[] {
  const column = columns[role];
  const name = `  ${role.padEnd(11)}`;
  if (column === undefined) {
    if (role === 'optimizer') return [`${name}no column: ${flags.optimizer ?? 'all rows are one optimizer'}`];
    return WITHOUT[role] === undefined ? [] : [`${name}${WITHOUT[role]}`];
  }
  const isGuess = given[role] === undefined;
  const isObjective = objectiveIn(columns).role === role;
  const unit = !isObjective || role === 'loss' ? '' : percent ? ', in percent' : ', as fractions';
  const unitGuess = unit !== '' && flags.unit === undefined ? ' (guessed)' : '';
  return [`${name}${printable(column)}${isGuess ? ' (guessed)' : ''}${unit}${unitGuess}`];
}

function gridLine(label: string, records: readonly ImportedRecord[]): string {
  const { scattered, lrs, wds, seeds, cells } = buildGrid(label, records);
  const runs = count(records.length, 'run');
  const shape = scattered
    ? `${count(cells.flat().length, 'trial')}, which are not a grid`
    : `a grid of ${lrs.length} lr x ${wds.length} wd, ${count(seeds, 'seed')}`;
  return `${printable(label)}: ${shape}, ${runs}`;
}

function notes({ bad, unfinished, records }: Reading): string[] {
  const failed = records.filter(({ status }) => status === 'failed' || status === 'timeout').length;
  return [
    ...(bad.length > 0
      ? [`note: ${count(bad.length, 'row')} left out:\n${printableLines(describeBad(bad))}`]
      : []),
    ...(unfinished > 0 ? [`note: ${count(unfinished, 'run')} had not ended: left out.`] : []),
    ...(failed > 0 ? [`note: ${count(failed, 'run')} without a result: runs.csv will say why.`] : []),
  ];
}

const printableLines = (text: string) => text.split('\n').map(printable).join('\n');

function commandLine(file: string, flags: ImportFlags): string {
  const option = (name: string, value: string | number | undefined) =>
    value === undefined ? [] : [name, String(value)];
  return commandText([
    'adamw-bench',
    'import',
    file,
    ...flags.column.flatMap((column) => option('--column', column)),
    ...option('--unit', flags.unit),
    ...option('--optimizer', flags.optimizer),
    ...option('--chance', flags.chance),
    ...flags.study.flatMap((study) => option('--study', study)),
    ...(flags.badRows === 'skip' ? ['--bad-rows', 'skip'] : []),
    ...option('--out', flags.out),
  ]);
}
