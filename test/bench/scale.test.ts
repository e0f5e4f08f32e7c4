import fc from 'fast-check';
import { expect, test } from 'vitest';
import { experimentOf, recordOf } from '../../bench/scale/synthetic.js';
import { growth, scaleTable, type ScaleRow } from '../../bench/scale/table.js';
import { experimentSchema } from '../../src/experiment/experiment.js';
import { plan } from '../../src/experiment/plan.js';
import { decodeLine, encodeLine } from '../../src/runner/journal.js';

const planned = (cells: number) => plan(experimentSchema.parse(experimentOf(cells)), 'cpu');

test('a synthetic sweep has as many cells as asked for, in whole grids', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), (cells) => {
      const { size } = planned(cells);
      expect(size).toBeGreaterThanOrEqual(cells);
      expect(size - cells).toBeLessThan(1000);
    }),
    { numRuns: 20 },
  );
  expect(planned(1000).size).toBe(1000);
});

test('every synthetic record is one that the journal takes', () => {
  for (const job of planned(1000).jobs()) {
    const record = recordOf(job);
    expect(decodeLine(encodeLine(record).trimEnd())).toEqual(record);
  }
});

const row = (stage: ScaleRow['stage'], asked: number, seconds: number, cells = asked): ScaleRow => ({
  stage,
  asked,
  cells,
  seconds,
  cpuSeconds: seconds,
  peakBytes: 2 ** 20,
});

test('growth is of the time for one cell, from the smallest size', () => {
  const rows = [row('read', 1000, 1), row('read', 10_000, 30), row('write', 10_000, 5, 100)];
  expect(growth(rows[1]!, rows)).toBeCloseTo(3);
  expect(growth(rows[0]!, rows)).toBeUndefined();
});

test('the table says what was not finished, and why', () => {
  const late: ScaleRow = { stage: 'report', asked: 1000, failure: 'over 600 s' };
  const { rows } = scaleTable([row('write', 1000, 5, 100), late]);
  expect(rows[0]!.slice(0, 3)).toEqual(['write', '1000 (100 done)', '5.00']);
  expect(rows[1]!.slice(0, 3)).toEqual(['report', '1000', 'over 600 s']);
});
