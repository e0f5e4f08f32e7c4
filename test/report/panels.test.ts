import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decoupling } from '../../src/analysis/index.js';
import { bestCells, panelsOf, markedCells } from '../../src/report/panels.js';
import type { RunRecord } from '../../src/experiment/record.js';
import { sweepRecords } from './records.js';

const base = sweepRecords({
  labels: ['Adam'],
  lrs: [0.001, 0.002],
  wds: [0, 0.001],
  seeds: [0, 1],
  epochs: 1,
});

const outcome: fc.Arbitrary<Pick<RunRecord, 'status' | 'finalTestError'>> = fc.oneof(
  fc.record({ status: fc.constant('ok' as const), finalTestError: fc.constantFrom(0, 0.1, 0.2, 0.95) }),
  fc.constant({ status: 'diverged' as const, finalTestError: 0.9 }),
  fc.constant({ status: 'failed' as const, finalTestError: null }),
);

it('has the same best cell as the statistics, whatever diverged or failed', () => {
  fc.assert(
    fc.property(fc.array(outcome, { minLength: base.length, maxLength: base.length }), (outcomes) => {
      const records = base.map((record, i) => ({ ...record, ...outcomes[i]! }));
      const named = decoupling(records, { replicates: 20 }).optimizers[0]!.best;
      const starred = bestCells(panelsOf(records)[0]!, 1)[0];
      expect([starred?.lr, starred?.wd]).toEqual([named?.lr, named?.wd]);
      expect(starred?.mean ?? null).toBe(named?.mean ?? null);
    }),
  );
});

it('marks no cell behind the best of which every run diverged', () => {
  const records = sweepRecords({ labels: ['Adam'] }).map((record, i) =>
    i < 6 ? record : { ...record, status: 'diverged' as const, finalTestError: 0.9 },
  );
  expect(markedCells(panelsOf(records)[0]!)).toHaveLength(2);
});
