/** The check of epochs by hand says what the schema says. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { metricsSchema } from '../../src/experiment/record.js';
import { isMetrics, isValidRecord } from '../../src/runner/validRecord.js';
import { recordOf } from './records.js';

const good = recordOf().epochs[0]!;
const keys = Object.keys(metricsSchema.shape);

it('epochs fit by hand where they fit the schema', () => {
  const jsonNumber = fc.double({ noNaN: true, noDefaultInfinity: true });
  const value = fc.oneof(
    jsonNumber,
    fc.integer(),
    fc.constantFrom(null, undefined, 0, 1, 1.5, -1),
    fc.string(),
  );
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
