/** Optuna's storages: what a real one gives, and what small changes to it give. */
import { readFileSync } from 'node:fs';
import initSqlJs from 'sql.js';
import { describe, expect, it } from 'vitest';
import { findColumns } from '../../src/import/columns.js';
import { isSqlite, readOptuna } from '../../src/import/optuna.js';

const search = readFileSync('test/fixtures/import/optuna-search.db');

/** The storage after some SQL. sql.js writes into the bytes that it is given. */
async function changed(...sql: string[]): Promise<Uint8Array> {
  const { Database } = await initSqlJs();
  const database = new Database(Buffer.from(search));
  for (const statement of sql) database.run(statement);
  return database.export();
}

const tpe = (bytes: Uint8Array) => readOptuna(bytes, ['tpe'], 'x.db');

describe('a storage of Optuna', () => {
  it('has a row for each trial, with parameters, value and state', async () => {
    const { rows, columns, studies, maximize } = await tpe(search);
    expect({ studies, maximize }).toEqual({ studies: ['tpe'], maximize: false });
    expect(columns).toEqual(['number', 'value', 'params_lr', 'params_wd', 'state', 'study']);
    expect(rows).toHaveLength(61);
    expect(rows.map(({ place }) => place).slice(0, 2)).toEqual(['trial 0', 'trial 1']);
    const states = [0, 3, 5, 60].map((i) => rows[i]!.values['state']);
    expect(states).toEqual(['COMPLETE', 'PRUNED', 'FAIL', 'RUNNING']);
    expect(rows[7]!.values).toMatchObject({ value: Infinity, state: 'COMPLETE' });
  });

  it('is read to the last digit', async () => {
    const [first] = (await readOptuna(search, ['random'], 'x.db')).rows;
    const { params_lr: lr, params_wd: wd, value } = first!.values as Record<string, number>;
    const [x, y] = [Math.log2(lr!) + 8, Math.log2(wd!) + 10];
    expect(value).toBeCloseTo(0.05 * Math.exp(0.02 * x ** 2 + 0.03 * (y + 0.5 * x) ** 2), 14);
  });

  it('has the choices of categorical parameters, and attributes', async () => {
    const grid = await readOptuna(readFileSync('test/fixtures/import/optuna-grid.db'), [], 'x.db');
    expect(new Set(grid.rows.map(({ values }) => values['params_optimizer']))).toEqual(
      new Set(['Adam+L2', 'AdamW']),
    );
    expect(grid.rows.every(({ values }) => Number(values['user_attrs_train_loss']) > 0)).toBe(true);
    expect(findColumns(grid, {})).toEqual({
      optimizer: 'params_optimizer',
      lr: 'params_lr',
      wd: 'params_weight_decay',
      seed: 'params_seed',
      error: 'value',
      'train-loss': 'user_attrs_train_loss',
      status: 'state',
    });
  });

  it('takes its objective for an accuracy, an error or a loss', async () => {
    const maximized = await tpe(await changed("update study_directions set direction = 'MAXIMIZE'"));
    expect(findColumns(maximized, {}).accuracy).toBe('value');
    const large = await tpe(await changed('update trial_values set value = value * 100'));
    expect(findColumns(large, {}).loss).toBe('value');
    expect(findColumns(large, { error: 'value' })).toMatchObject({ error: 'value' });
  });

  it('of studies that pull in opposite directions has no objective that could be guessed', async () => {
    const sql =
      "update study_directions set direction = 'MAXIMIZE' where study_id = (select study_id from studies where study_name = 'tpe')";
    const mixed = await readOptuna(await changed(sql), ['tpe', 'random'], 'x.db');
    expect(() => findColumns(mixed, {})).toThrow('Some of these studies are maximised and some minimised');
    expect(findColumns(mixed, { loss: 'value' }).loss).toBe('value');
  });

  it('of several objectives has numbered values, none of which is guessed', async () => {
    const two = await tpe(
      await changed(
        "insert into study_directions (direction, study_id, objective) select 'MINIMIZE', study_id, 1 from studies",
        "insert into trial_values (trial_id, objective, value, value_type) select trial_id, 1, 2, 'FINITE' from trials",
      ),
    );
    expect(two.columns).toContain('values_1');
    expect(() => findColumns(two, {})).toThrow('No column looks like the error of a run.');
    expect(findColumns(two, { loss: 'values_1' }).loss).toBe('values_1');
  });

  it('of before Optuna 3.0 has no types of values', async () => {
    const { rows } = await tpe(await changed('alter table trial_values drop column value_type'));
    expect(rows[0]!.values['value']).toBeGreaterThan(0);
    expect(rows[7]!.values['value']).toBe('');
  });

  it.each([
    [['none'], 'has no study named none. Name one of these with --study: random, tpe.'],
    [[], 'has 2 studies'],
  ])('is refused for the studies %j', async (studies, message) =>
    expect(readOptuna(search, studies, 'x.db')).rejects.toThrow(message),
  );

  it('is refused where it is another SQLite file', async () =>
    expect(tpe(await changed('drop table trials'))).rejects.toThrow(
      'x.db cannot be read as an Optuna storage: no such table: trials.',
    ));

  it('is known by its first bytes', () => {
    expect(isSqlite(search)).toBe(true);
    expect(isSqlite(Buffer.from('lr,wd'))).toBe(false);
  });
});
