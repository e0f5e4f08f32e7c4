/** Rows -> records: what is read, what is wrong with a row, and which columns are guessed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../src/import/csv.js';
import { findColumns, type Columns } from '../../src/import/columns.js';
import { toRecords } from '../../src/import/records.js';
import type { MappingOptions } from '../../src/import/records.js';

function mapped(csv: string, options: Partial<MappingOptions> = {}, given: Columns = {}) {
  const table = readCsv(csv, 'x.csv');
  return toRecords(table, findColumns(table, given), { optimizer: 'mine', percent: false, ...options });
}

const head = 'optimizer,lr,wd,seed,test_error';

describe('rows', () => {
  it('become records without training settings', () => {
    const { records, bad, unfinished } = mapped(`${head}\nAdamW,0.001,0.1,3,0.25\n`);
    expect({ bad, unfinished }).toEqual({ bad: [], unfinished: 0 });
    expect(records).toEqual([
      {
        cell: {
          id: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
          imported: { optimizer: 'AdamW', kind: 'adamw', measure: 'error' },
          lr: 0.001,
          wd: 0.1,
          seed: 3,
        },
        label: 'AdamW',
        status: 'ok',
        finalTestError: 0.25,
        finalTrainLoss: null,
        epochs: [],
      },
    ]);
  });

  it.each([
    ['adam', 'Adam+L2', 'adam'],
    ['adamw', 'AdamW', 'adamw'],
    ['Adam', 'Adam', 'adam'],
    ['torch.optim.AdamW', 'torch.optim.AdamW', 'adamw'],
    ['SGD+L2', 'SGD+L2', 'sgd'],
    ['Lion', 'Lion', undefined],
  ])('call %s %s', (name, label, kind) => {
    const [record] = mapped(`${head}\n${name},1,0,0,0.5`).records;
    expect([record!.label, record!.cell.imported.kind]).toEqual([label, kind]);
  });

  it.each([
    ['AdamW,,0,0,0.5', 'it has no lr'],
    ['AdamW,fast,0,0,0.5', 'its lr is "fast", which is no number'],
    ['AdamW,0,0,0,0.5', 'its lr is 0, and must be above 0'],
    ['AdamW,"0,1",0,0,0.5', 'its lr is "0,1", which is no number'],
    ['AdamW,1,-1,0,0.5', 'its wd is -1, and must be 0 or more'],
    ['AdamW,1,nan,0,0.5', 'its wd is NaN'],
    ['AdamW,1,0,0.5,0.5', 'its seed is 0.5, and must be a whole number, 0 or more'],
    ['AdamW,1,0,0,', 'it has no error'],
    ['AdamW,1,0,0,1.5', 'its error is 1.5, and must be from 0 to 1'],
    ['AdamW,1,0', 'it has no error'],
    // A decimal comma without quotes.
    ['AdamW,0,1,0,0,0.5', 'it has 6 fields, and there are 5 columns'],
  ])('like %s are bad', (row, problem) => {
    const { records, bad } = mapped(`${head}\nAdamW,2,0,0,0.5\n${row}\n`);
    expect(records).toHaveLength(1);
    expect(bad).toEqual([{ place: 'line 3', problem }]);
  });

  it('are named by their line, also behind fields with line breaks', () => {
    const { bad } = mapped(`${head},note\nAdamW,2,0,0,0.5,"a\nb"\n\nAdamW,x,0,0,0.5,\n`);
    expect(bad[0]!.place).toBe('line 5');
  });

  it('with the setting and seed of an earlier one are bad; without seeds they are the next seed', () => {
    const row = 'AdamW,1,0,0,0.5';
    expect(mapped(`${head}\n${row}\n${row}`).bad).toEqual([
      { place: 'line 3', problem: 'it has the optimizer, lr, wd and seed of line 2' },
    ]);
    const { records } = mapped('lr,wd,error\n1,0,0.5\n2,0,0.5\n1,0,0.6');
    expect(records.map(({ cell, label }) => [label, cell.lr, cell.seed])).toEqual([
      ['mine', 1, 0],
      ['mine', 2, 0],
      ['mine', 1, 1],
    ]);
  });

  it('of one optimizer under two spellings are numbered together', () => {
    const { records, bad } = mapped('optimizer,lr,wd,error\nadamw,1,0,0.5\nAdamW,1,0,0.6');
    expect(bad).toEqual([]);
    expect(records.map(({ cell, label }) => [label, cell.seed])).toEqual([
      ['AdamW', 0],
      ['AdamW', 1],
    ]);
  });

  it.each([
    ['finished', 'ok'],
    ['COMPLETE', 'ok'],
    ['TrialState.COMPLETE', 'ok'],
    ['crashed', 'failed'],
    ['PRUNED', 'failed'],
    ['diverged', 'diverged'],
    ['timeout', 'timeout'],
  ])('of status %s are %s', (word, status) => {
    const { records } = mapped(`lr,wd,error,State\n1,0,0.5,${word}`);
    expect(records.map((record) => record.status)).toEqual([status]);
  });

  it('that run still are left out, and unknown words are bad', () => {
    expect(mapped('lr,wd,error,state\n1,0,,running').unfinished).toBe(1);
    expect(mapped('lr,wd,error,state\n1,0,0.5,odd').bad[0]!.problem).toBe(
      'its status is "odd", which is not known',
    );
  });

  it('without a finite error diverged: they count as chance, or have no result', () => {
    const csv = 'lr,wd,error\n1,0,NaN\n2,0,-inf';
    expect(
      mapped(csv, { chance: 0.9 }).records.map(({ status, finalTestError }) => [status, finalTestError]),
    ).toEqual([
      ['diverged', 0.9],
      ['diverged', 0.9],
    ]);
    expect(mapped(csv).records.map(({ status, finalTestError }) => [status, finalTestError])).toEqual([
      ['failed', null],
      ['failed', null],
    ]);
  });

  it('of losses have no test error', () => {
    const [record] = mapped('lr,wd,val_loss\n1,0,2.5').records;
    expect(record).toMatchObject({
      finalTestError: null,
      finalLoss: 2.5,
      cell: { imported: { measure: 'loss' } },
    });
    expect(mapped('lr,wd,val_loss\n1,0,-2').bad[0]!.problem).toContain('must be 0 or more');
  });

  it('of accuracies and percent become errors as shares', () => {
    const error = (csv: string, percent: boolean) => mapped(csv, { percent }).records[0]!.finalTestError;
    expect(error('lr,wd,accuracy\n1,0,0.75', false)).toBe(0.25);
    expect(error('lr,wd,test_acc\n1,0,75', true)).toBe(0.25);
    expect(error('lr,wd,error\n1,0,25', true)).toBe(0.25);
  });

  it('never throw, whatever is in them: each is a record, bad or unfinished', () =>
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string(), { minLength: 5, maxLength: 5 }), { minLength: 1 }),
        (rows) => {
          const columns = head.split(',');
          const table = {
            format: 'csv' as const,
            columns,
            rows: rows.map((row, i) => ({
              place: `line ${i}`,
              values: Object.fromEntries(columns.map((name, k) => [name, row[k]!])),
            })),
          };
          const { records, bad, unfinished } = toRecords(table, findColumns(table, {}), {
            optimizer: 'o',
            percent: false,
          });
          expect(records.length + bad.length + unfinished).toBe(rows.length);
        },
      ),
    ));
});

describe('columns', () => {
  const found = (columns: string, given: Columns = {}) => {
    const row = columns.replace(/[^,]+/g, '1');
    return findColumns(readCsv(`${columns}\n${row}`, 'x.csv'), given);
  };

  it.each([
    ['lr,wd,error', { lr: 'lr', wd: 'wd', error: 'error' }],
    ['params.learning_rate,params.weight_decay,metrics.test_error,status', { lr: 'params.learning_rate', wd: 'params.weight_decay', error: 'metrics.test_error', status: 'status' }],
    ['Learning Rate,Weight Decay,Test Accuracy', { lr: 'Learning Rate', wd: 'Weight Decay', accuracy: 'Test Accuracy' }],
    ['params_lr,params_wd,user_attrs_val_loss', { lr: 'params_lr', wd: 'params_wd', loss: 'user_attrs_val_loss' }],
    ['lr,wd,val_loss,test_error', { lr: 'lr', wd: 'wd', error: 'test_error' }],
    ['lr,wd,loss,train_loss', { lr: 'lr', wd: 'wd', loss: 'loss', 'train-loss': 'train_loss' }],
    ['lr,wd,accuracy,loss,val_accuracy,val_loss', { lr: 'lr', wd: 'wd', accuracy: 'val_accuracy' }],
    ['lr,wd,loss,val_loss', { lr: 'lr', wd: 'wd', loss: 'val_loss' }],
    ['lr;wd;error', { lr: 'lr', wd: 'wd', error: 'error' }],
  ])('of %s are guessed', (columns, expected) => expect(found(columns.replaceAll(';', ','))).toEqual(expected)); // prettier-ignore

  it('that the user names come first', () =>
    expect(found('a,b,lr,wd,error,loss', { lr: 'a', wd: 'b', loss: 'loss' })).toEqual({
      lr: 'a',
      wd: 'b',
      loss: 'loss',
    }));

  it.each([
    ['a,wd,error', {}, 'No column looks like the lr of a run.'],
    ['a,b,c', {}, 'No column looks like the lr and the wd and the error of a run.'],
    ['lr,wd,error', { lr: 'eta' }, '--column lr=eta: there is no such column.'],
    ['params.lr,config.lr,wd,error', {}, 'Both params.lr and config.lr may be the lr.'],
    [
      'lr,wd,error,loss',
      { error: 'error', loss: 'loss' },
      '--column names error and loss, but one objective is read.',
    ],
  ])('of %s are refused', (columns, given, message) => {
    expect(() => found(columns, given)).toThrow(
      expect.objectContaining({
        code: 'import-columns',
        message: expect.stringContaining(message) as string,
      }) as Error,
    );
  });
});

describe('CSV', () => {
  it('may have a byte order mark, semicolons and CRLF', () => {
    const { columns, rows } = readCsv('\ufefflr;wd;error\r\n1;0;0.5\r\n', 'x.csv');
    expect(columns).toEqual(['lr', 'wd', 'error']);
    expect(rows).toEqual([{ place: 'line 2', values: { lr: '1', wd: '0', error: '0.5' } }]);
  });

  it.each([
    ['', 'has no rows'],
    ['lr,wd\n', 'has no rows'],
    ['lr,wd\n"1,2', 'cannot be read as CSV'],
    ['lr,lr\n1,2', 'has two columns named lr'],
  ])('like %j is refused', (text, message) => expect(() => readCsv(text, 'x.csv')).toThrow(message));
});
