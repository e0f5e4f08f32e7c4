/**
 * Optuna's SQLite storages (https://optuna.readthedocs.io, `RDBStorage`), read with sql.js: SQLite as WebAssembly, in
 * memory. The file is not changed. Columns have the names that Optuna's `trials_dataframe()` gives them.
 */
import initSqlJs, { type Database, type SqlValue } from 'sql.js';
import { ImportError, type Row, type Table } from './table.js';

type Fields = Readonly<Record<string, SqlValue>>;

const header = 'SQLite format 3\0';
/** Whether bytes are an SQLite file. */
export const isSqlite = (bytes: Uint8Array): boolean =>
  Buffer.from(bytes.subarray(0, header.length)).toString('latin1') === header;

/**
 * @param studies the names of those to read; none: the only one
 * @param file for messages
 * @throws ImportError where the file is no Optuna storage, or it is not clear which study is meant
 */
export async function readOptuna(
  bytes: Uint8Array,
  studies: readonly string[],
  file: string,
): Promise<Table> {
  const { Database: Opened } = await initSqlJs();
  let database: Database | undefined;
  try {
    database = new Opened(bytes);
    return readStorage(database, studies, file);
  } catch (error) {
    if (error instanceof ImportError) throw error;
    throw new ImportError(`${file} cannot be read as an Optuna storage: ${(error as Error).message}.`, {
      code: 'import-unreadable',
      cause: error,
      remedy: 'Name the file of an sqlite:/// storage, which no process is writing to.',
    });
  } finally {
    database?.close();
  }
}

function readStorage(database: Database, wanted: readonly string[], file: string): Table {
  const chosen = choose(query(database, 'select study_id, study_name from studies'), wanted, file);
  const rows = chosen.flatMap(({ id, name }) => trialsOf(database, id, name, chosen.length > 1));
  const columns = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  const maximized = chosen.filter(({ id }) => isMaximized(database, id)).length;
  return {
    format: 'optuna',
    columns,
    rows,
    studies: chosen.map(({ name }) => name),
    maximize: maximized > 0 && (maximized === chosen.length || 'some'),
  };
}

/** Every row that a statement gives, by column. */
function query(database: Database, sql: string, parameters: readonly SqlValue[] = []): Fields[] {
  const statement = database.prepare(sql, [...parameters]);
  const rows: Fields[] = [];
  while (statement.step()) rows.push(statement.getAsObject());
  statement.free();
  return rows;
}

interface Study {
  readonly id: number;
  readonly name: string;
}

function choose(found: readonly Fields[], wanted: readonly string[], file: string): Study[] {
  const all = found.map(({ study_id, study_name }) => ({ id: Number(study_id), name: String(study_name) }));
  const names = all.map(({ name }) => name).join(', ');
  const unknown = wanted.find((name) => all.every((study) => study.name !== name));
  if (unknown !== undefined || all.length === 0) {
    const what = unknown === undefined ? 'has no study' : `has no study named ${unknown}`;
    throw new ImportError(`${file} ${what}.`, {
      code: 'import-study',
      remedy: all.length === 0 ? 'Name another storage.' : `Name one of these with --study: ${names}.`,
    });
  }
  if (wanted.length === 0 && all.length > 1) {
    throw new ImportError(`${file} has ${all.length} studies: ${names}.`, {
      code: 'import-study',
      remedy: 'Name one with --study, or several by repeating it.',
    });
  }
  return wanted.length === 0 ? all : all.filter(({ name }) => wanted.includes(name));
}

/** One for each objective. */
const directionsOf = (database: Database, study: number): Fields[] =>
  query(database, 'select direction from study_directions where study_id = ?', [study]);

const isMaximized = (database: Database, study: number): boolean =>
  directionsOf(database, study).some(({ direction }) => direction === 'MAXIMIZE');

/** One row a trial. Each kind of value is read at once: a study may have thousands of trials. */
function trialsOf(database: Database, study: number, name: string, several: boolean): Row[] {
  const of = (table: string) =>
    byTrial(
      query(
        database,
        `select t.* from ${table} t join trials on trials.trial_id = t.trial_id where trials.study_id = ?`,
        [study],
      ),
    );
  const [params, values, attributes] = [of('trial_params'), of('trial_values'), of('trial_user_attributes')];
  const trials = query(
    database,
    'select trial_id, number, state from trials where study_id = ? order by number',
    [study],
  );
  const single = directionsOf(database, study).length < 2;
  return trials.map(({ trial_id, number, state }) => ({
    place: `trial ${String(number)}${several ? ` of ${name}` : ''}`,
    values: {
      number: Number(number),
      ...objectives(values.get(Number(trial_id)) ?? [], single),
      ...Object.fromEntries((params.get(Number(trial_id)) ?? []).map(parameter)),
      ...Object.fromEntries((attributes.get(Number(trial_id)) ?? []).map(attribute)),
      state: String(state),
      study: name,
    },
  }));
}

function byTrial(rows: readonly Fields[]): Map<number, Fields[]> {
  const groups = new Map<number, Fields[]>();
  for (const row of rows) {
    const trial = Number(row['trial_id']);
    const group = groups.get(trial);
    if (group) group.push(row);
    else groups.set(trial, [row]);
  }
  return groups;
}

/** `value`, or `values_0`, `values_1` ... where a study has several objectives. */
function objectives(rows: readonly Fields[], single: boolean): Record<string, number | string> {
  const sorted = rows.toSorted((a, b) => Number(a['objective']) - Number(b['objective']));
  return Object.fromEntries(
    sorted.map((row) => [single ? 'value' : `values_${String(row['objective'])}`, valueOf(row)]),
  );
}

/** Infinite values have a type instead of a number (since Optuna 3.0). */
function valueOf({ value, value_type: type }: Fields): number | string {
  if (type === 'INF_POS') return Infinity;
  if (type === 'INF_NEG') return -Infinity;
  return typeof value === 'number' ? value : '';
}

/** A categorical parameter is stored as the position of its choice. */
function parameter({ param_name, param_value, distribution_json }: Fields): [string, string | number] {
  const { name, attributes } = JSON.parse(String(distribution_json)) as {
    readonly name: string;
    readonly attributes: { readonly choices?: readonly unknown[] };
  };
  const value = Number(param_value);
  const chosen = name === 'CategoricalDistribution' ? attributes.choices?.[value] : value;
  return [`params_${String(param_name)}`, plain(chosen)];
}

const attribute = ({ key, value_json }: Fields): [string, string | number] => [
  `user_attrs_${String(key)}`,
  plain(JSON.parse(String(value_json).replace(/^-?(NaN|Infinity)$/, '"$&"'))),
];

/** Numbers and text as they are; anything else is no value of ours. */
function plain(value: unknown): string | number {
  if (typeof value === 'number' || typeof value === 'string') return value;
  return value === null || value === undefined ? '' : JSON.stringify(value);
}
