/** The check of records by hand says what the schemas say. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hasValidId, identify } from '../../src/experiment/cell.js';
import { metricsSchema, recordSchema } from '../../src/experiment/record.js';
import { isMetrics, isValidRecord } from '../../src/runner/validRecord.js';
import { anyRecord, cellOf, recordOf } from './records.js';

const good = recordOf().epochs[0]!;
const keys = Object.keys(metricsSchema.shape);

/** What JSON can hold in a place, infinity too (1e999). */
const value = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.constantFrom(
    null,
    undefined,
    true,
    0,
    -0,
    1,
    1.5,
    -1,
    2 ** 53,
    Infinity,
    'ok',
    'failed',
    '2026-01-02T03:04:05Z',
  ),
  fc.string(),
  fc.constantFrom(
    [],
    {},
    [null],
    [{ gradient: 1, relativeDecay: null, count: 2 }],
    [{ gradient: 1, count: 2 }],
  ),
  fc.constantFrom({ name: 'constant' }, { name: 'cnn' }, { name: 'mlp', hidden: [8], batchNorm: true }),
);

it('epochs fit by hand where they fit the schema', () => {
  fc.assert(
    fc.property(fc.constantFrom(...keys, 'other'), value, (key, changed) => {
      const epoch = { ...good, [key]: changed };
      expect(isMetrics(epoch)).toBe(metricsSchema.safeParse(epoch).success);
    }),
    { numRuns: 500 },
  );
});

const required = keys.filter(
  (key) => !metricsSchema.shape[key as keyof typeof good].safeParse(undefined).success,
);

it.each(required)('an epoch without %s does not fit', (key) => {
  const epoch = Object.fromEntries(Object.entries(good).filter(([name]) => name !== key));
  expect([isMetrics(epoch), isValidRecord({ ...recordOf(), epochs: [epoch] })]).toEqual([false, false]);
});

/** What `isValidRecord` is a faster way of. */
const fits = (record: unknown): boolean => {
  const parsed = recordSchema.safeParse(record);
  return parsed.success && hasValidId((record as { cell: Parameters<typeof hasValidId>[0] }).cell);
};

it('records fit by hand where they fit the schema', () => {
  const topKeys = [...Object.keys(recordSchema.shape), 'other'];
  const cellKeys = [...Object.keys(cellOf()), 'other'];
  const change = fc.oneof(
    fc.record({ of: fc.constant('record' as const), key: fc.constantFrom(...topKeys) }),
    fc.record({
      of: fc.constantFrom('cell' as const, 'cell, its id kept' as const),
      key: fc.constantFrom(...cellKeys),
    }),
  );
  let good = 0;
  fc.assert(
    fc.property(anyRecord, change, value, (record, { of, key }, changed) => {
      const { id, ...settings } = { ...record.cell, [key]: changed };
      const cell = of === 'cell' && key !== 'id' ? identify(settings as never) : { id, ...settings };
      const tried = of === 'record' ? { ...record, [key]: changed } : { ...record, cell };
      // As the journal reads it: fields that are undefined are absent.
      const read = JSON.parse(JSON.stringify(tried)) as unknown;
      const exact = key in tried && changed === Infinity ? tried : read;
      expect(isValidRecord(exact)).toBe(fits(exact));
      if (fits(exact)) good++;
    }),
    { numRuns: 1000 },
  );
  expect(good).toBeGreaterThan(30);
});

it('a cell whose settings were checked before is still checked against its id', () => {
  const record = recordOf();
  expect(isValidRecord(record)).toBe(true);
  const other = { ...record, cell: { ...record.cell, lr: record.cell.lr * 2 } };
  expect(isValidRecord(other)).toBe(false);
});
