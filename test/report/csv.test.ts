import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decoupling } from '../../src/analysis/index.js';
import { decouplingCsv, epochsCsv, runsCsv, TIMING_COLUMNS } from '../../src/report/csv/index.js';
import { ruleOf } from '../experiment/rule.js';
import { sweepRecords } from './records.js';

const small = sweepRecords({ lrs: [0.001, 0.002, 0.004], wds: [0, 0.001, 0.002], seeds: [0, 1], epochs: 3 });

/** A strict reader of RFC 4180, so that what is written is read back by other code than wrote it. */
function parse(text: string): string[][] {
  const rows: string[][] = [];
  for (const line of text.matchAll(/((?:"(?:[^"]|"")*"|[^",\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\n]*))*)\n/g)) {
    const fields = [...`${line[1]!},`.matchAll(/("(?:[^"]|"")*"|[^",]*),/g)].map((m) => m[1]!);
    rows.push(fields.map((f) => (f.startsWith('"') ? f.slice(1, -1).replaceAll('""', '"') : f)));
  }
  return rows;
}

const column = (rows: string[][], name: string): string[] =>
  rows.slice(1).map((row) => row[rows[0]!.indexOf(name)]!);

describe('runsCsv', () => {
  it('has one row per record with every number as it was', () => {
    const rows = parse(runsCsv(small));
    expect(rows).toHaveLength(small.length + 1);
    expect(column(rows, 'final_test_error').map(Number)).toEqual(small.map((r) => r.finalTestError));
    expect(column(rows, 'lr').map(Number)).toEqual(small.map((r) => r.cell.lr));
  });

  it('tells the stages apart where there is a second one', () => {
    const fresh = small.slice(0, 2).map((r) => ({ ...r, cell: { ...r.cell, seed: 1000 } }));
    const both = parse(runsCsv(small, fresh));
    expect(column(both, 'stage')).toEqual([...small.map(() => 'grid'), 'confirmation', 'confirmation']);
    expect(column(both, 'seed').slice(-2)).toEqual(['1000', '1000']);
    expect(parse(runsCsv(small))[0]).not.toContain('stage');
  });

  it('gives the settings that have no column as JSON, where a rule has some', () => {
    const [plain] = small;
    const rmsprop = { ...plain!, label: 'RMSProp', cell: { ...plain!.cell, optimizer: ruleOf('rmsprop') } };
    const [, other] = column(parse(runsCsv([plain!, rmsprop])), 'settings');
    const own = { rho: 0.99, centered: false, momentum: 0 };
    expect(JSON.parse(other!)).toEqual(own);
    expect(column(parse(runsCsv([plain!, rmsprop])), 'settings')[0]).toBe('');
    expect(parse(runsCsv([plain!]))[0]).not.toContain('settings');
  });

  it('is the same whatever the order in which runs finished, within one label order', () => {
    const first = small.filter((r) => r.label === 'Adam');
    expect(runsCsv(first.toReversed())).toBe(runsCsv(first));
  });

  it('ends with the timing columns, so that cutting them leaves what must be reproducible', () => {
    const header = parse(runsCsv(small))[0]!;
    expect(header.slice(-TIMING_COLUMNS.length)).toEqual([...TIMING_COLUMNS]);
    const later = small.map((r) => ({
      ...r,
      seconds: 9,
      startedAt: '2030-01-01T00:00:00Z',
      attempts: 2,
      peakMemory: 1,
    }));
    const kept = (text: string): string[][] => parse(text).map((row) => row.slice(0, -TIMING_COLUMNS.length));
    expect(kept(runsCsv(later))).toEqual(kept(runsCsv(small)));
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', ' =1', '\tx', '\rx', '＝1'])('defuses the formula %j', (label) => {
    const rows = parse(runsCsv([{ ...small[0]!, label, reason: label }]));
    expect(column(rows, 'label')).toEqual([`'${label}`]);
    expect(column(rows, 'reason')).toEqual([`'${label}`]);
  });

  it.each([
    ['x;=1+1', "x;'=1+1"],
    ['x; =1+1', "x;' =1+1"],
    ['x|@SUM(A1)', "x|'@SUM(A1)"],
    ['x\t-1', "x\t'-1"],
    ['x;"=1+1"', `x;'"=1+1"`],
    ['\t=1', "'\t'=1"],
    ['x;y', 'x;y'],
  ])('quotes %j and defuses what another locale would split off it', (label, expected) => {
    const text = runsCsv([{ ...small[0]!, label }]);
    expect(column(parse(text), 'label')).toEqual([expected]);
    expect(text.split('\n')[1]!.startsWith('"')).toBe(true);
    expect(
      epochsCsv([{ ...small[0]!, label }])
        .split('\n')[1]!
        .startsWith('"'),
    ).toBe(true);
  });

  it('keeps any label and any double through a strict reader', () => {
    const property = fc.property(
      fc.string({ minLength: 1 }).filter((s) => !/[\r\n]/.test(s)),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      (label, loss) => {
        const rows = parse(runsCsv([{ ...small[0]!, label, finalTrainLoss: loss }]));
        expect(column(rows, 'label')[0]!.replaceAll("'", '')).toBe(label.replaceAll("'", ''));
        expect(Number(column(rows, 'final_train_loss')[0]) === loss).toBe(true);
      },
    );
    fc.assert(property);
  });
});

describe('epochsCsv', () => {
  it('has one row per epoch', () => {
    const rows = parse(epochsCsv(small));
    expect(rows).toHaveLength(1 + small.reduce((sum, r) => sum + r.epochs.length, 0));
    expect(column(rows, 'test_error').map(Number)).toEqual(
      small.flatMap((r) => r.epochs.map((e) => e.testError)),
    );
  });
});

describe('decouplingCsv', () => {
  it('has the statistics of each optimizer and each pair, negative numbers as numbers', () => {
    const statistics = decoupling(sweepRecords({ epochs: 2 }), { replicates: 200 });
    const rows = parse(decouplingCsv(statistics));
    const slope = rows.find((r) => r[1] === 'Adam' && r[3] === 'ridge_slope')!;
    expect(Number(slope[4])).toBe(statistics.optimizers[0]!.ridge.slope.value);
    expect(slope[4]).toMatch(/^-/);
    expect(rows.some((r) => r[0] === 'difference' && r[3] === 'error_at_equal_loss')).toBe(true);
  });

  it('has the trend over budgets, and why an optimum is missing', () => {
    const statistics = decoupling(sweepRecords({ epochs: 2 }), { replicates: 200 });
    const slope = { value: null, low: null, high: null, reason: 'no trend' };
    const transfer = { value: 0.02, low: 0.01, high: 0.03 };
    const outside = { value: null, low: null, high: null, reason: 'at the edge' };
    const optima = [
      {
        epochs: 5,
        wd: { value: 0.25, low: 0.125, high: 0.5 },
        tau: { value: 8, low: 4, high: 16 },
        status: 'used' as const,
        lowest: 0.5,
        cliff: 1,
        runs: 9,
      },
      {
        epochs: 15,
        wd: outside,
        tau: outside,
        status: 'edge' as const,
        lowest: null,
        cliff: null,
        runs: 8,
      },
    ];
    const budgets = [{ name: 'adamw, paper, cosine', labels: ['T=5', 'T=15'], optima, slope, transfer }];
    const rows = parse(decouplingCsv({ ...statistics, budgets }));
    const of = ['budget', 'adamw, paper, cosine', 'T=5 | T=15'];
    const where = 'The lowest error is at wd 0.5, next to a cliff that begins before wd 1.';
    expect(rows.filter((r) => r[0] === 'budget')).toEqual([
      [...of, 'best_wd_at_5_epochs', '0.25', '0.125', '0.5', '9', where],
      [...of, 'best_tau_at_5_epochs', '8', '4', '16', '9', ''],
      [...of, 'best_wd_at_15_epochs', '', '', '', '8', 'at the edge'],
      [...of, 'best_tau_at_15_epochs', '', '', '', '8', 'at the edge'],
      [...of, 'budget_slope', '', '', '', '1', 'no trend'],
      [...of, 'budget_transfer', '0.02', '0.01', '0.03', '2', ''],
    ]);
  });
});
