import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGrid, byLabel } from '../../src/experiment/grid.js';
import type { RunRecord } from '../../src/experiment/record.js';
import { record } from '../analysis/synthetic.js';

const outcome: fc.Arbitrary<RunRecord> = fc
  .record({
    lr: fc.constantFrom(0.1, 0.2, 0.4),
    wd: fc.constantFrom(0, 0.01, 0.02),
    seed: fc.nat(2),
    status: fc.constantFrom('ok', 'diverged', 'failed', 'timeout'),
    error: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map(({ status, error, ...at }) =>
    record({ ...at, status, error: status === 'ok' || status === 'diverged' ? error : null }),
  );
const distinct = fc.uniqueArray(outcome, { selector: ({ cell }) => cell.id, maxLength: 27 });

describe('a grid', () => {
  it('is a full rectangle with ascending axes, and each run once in it', () => {
    fc.assert(
      fc.property(distinct, (records) => {
        const { lrs, wds, cells, runs } = buildGrid('a', records);
        expect(lrs).toEqual([...new Set(records.map(({ cell }) => cell.lr))].sort((a, b) => a - b));
        expect(wds).toEqual([...new Set(records.map(({ cell }) => cell.wd))].sort((a, b) => a - b));
        expect(cells.map((row) => row.map(({ lr, wd }) => [lr, wd]))).toEqual(
          lrs.map((lr) => wds.map((wd) => [lr, wd])),
        );
        const all = cells.flat();
        expect(new Set(all.flatMap((cell) => cell.runs))).toEqual(new Set(records));
        expect(runs).toBe(records.filter(({ finalTestError }) => finalTestError !== null).length);
        for (const { runs: here, errors, missing, diverged, mean } of all) {
          expect(errors.length + missing).toBe(here.length);
          expect(diverged).toBe(here.filter(({ status }) => status === 'diverged').length);
          expect(mean === null).toBe(errors.length === 0);
        }
      }),
    );
  });

  it('does not depend on the order of the records', () => {
    fc.assert(
      fc.property(distinct, (records) => {
        expect(buildGrid('a', records.toReversed())).toEqual(buildGrid('a', records));
      }),
    );
  });

  it('counts the later of two records of one cell', () => {
    const at = { lr: 0.1, wd: 0 };
    const { cells } = buildGrid('a', [record({ ...at, error: 0.5 }), record({ ...at, error: 0.25 })]);
    expect(cells[0]![0]).toMatchObject({ errors: [0.25], mean: 0.25, sd: null });
  });

  it('tells cells of which all, some or none diverged, and those without a result', () => {
    const at = (wd: number, statuses: ('ok' | 'diverged' | 'failed')[]) =>
      statuses.map((status, seed) =>
        record({ lr: 0.1, wd, seed, status, error: status === 'failed' ? null : 0.5 }),
      );
    const records = [
      ...at(0, ['ok', 'failed']),
      ...at(1, ['ok', 'diverged']),
      ...at(2, ['diverged', 'diverged']),
      ...at(3, ['failed']),
      record({ lr: 0.2, wd: 0, error: 0.5 }),
    ];
    const { cells } = buildGrid('a', records);
    expect(cells[0]!.map(({ status }) => status)).toEqual(['ok', 'mixed', 'diverged', 'missing']);
    expect(cells[1]!.map(({ status }) => status)).toEqual(['ok', 'missing', 'missing', 'missing']);
  });
});

it('labels keep the order in which they appear, and records their own', () => {
  const labels = ['b', 'a', 'b', 'c', 'a'];
  const groups = byLabel(labels.map((label, seed) => record({ label, lr: 1, wd: 0, seed, error: 0 })));
  expect([...groups].map(([label, of]) => [label, of.map(({ cell }) => cell.seed)])).toEqual([
    ['b', [0, 2]],
    ['a', [1, 4]],
    ['c', [3]],
  ]);
});
