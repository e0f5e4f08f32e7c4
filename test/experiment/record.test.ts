/** The one schema of a record: what the program writes is read again, and what Redis brings must be consistent. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  failureOf,
  isFailure,
  maxReasonLength,
  recordSchema,
  resultSchema,
  type EpochMetrics,
  type RunRecord,
} from '../../src/experiment/record.js';
import { anyRecord, recordOf } from '../runner/records.js';

const share = fc.double({ min: 0, max: 1, noNaN: true });
/** What training measures, when all goes well and when it diverges. */
const measured = fc.double();
const epochs: fc.Arbitrary<EpochMetrics[]> = fc.array(
  fc.record({
    epoch: fc.integer({ min: 1, max: 1e6 }),
    lr: measured,
    trainLoss: measured,
    trainError: share,
    testLoss: measured,
    testError: share,
    thetaNorm: measured,
    imagesPerSecond: measured,
    seconds: measured,
  }),
  { maxLength: 3 },
);
const decay = fc.array(fc.record({ gradient: measured, relativeDecay: measured, count: fc.nat() }), {
  maxLength: 2,
});
const written: fc.Arbitrary<RunRecord> = fc
  .tuple(anyRecord, epochs, fc.option(decay, { nil: undefined }))
  .map(([record, measurements, buckets]) => ({
    ...record,
    epochs: measurements,
    ...(buckets === undefined ? {} : { decay: buckets }),
  }));

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** JSON writes -0 as 0 and every number that is not finite as null. */
const asJsonKeeps = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (key, of: unknown) =>
    of === null && !key.startsWith('final') ? NaN : of,
  );

describe('a record', () => {
  it('that the program writes is read as it was, with NaN for what was not finite', () => {
    fc.assert(
      fc.property(written, (record) => {
        expect(recordSchema.parse(throughJson(record))).toEqual(asJsonKeeps(record));
      }),
    );
  });

  it('with a null in place of a measurement has NaN there', () => {
    const [first] = recordOf().epochs;
    const record = throughJson(recordOf({ epochs: [{ ...first!, trainLoss: NaN, thetaNorm: Infinity }] }));
    expect(record).toMatchObject({ epochs: [{ trainLoss: null, thetaNorm: null }] });
    const [read] = recordSchema.parse(record).epochs;
    expect(read).toEqual({ ...first, trainLoss: NaN, thetaNorm: NaN });
  });

  it('is refused without any one of its fields that are always there', () => {
    const optional = new Set(['reason', 'decay']);
    for (const name of Object.keys(recordSchema.shape)) {
      const rest = throughJson({ ...recordOf(), [name]: undefined });
      expect(recordSchema.safeParse(rest).success, name).toBe(optional.has(name));
    }
  });

  it('of a failure has no result, and is one', () => {
    const about = { startedAt: '2026-01-02T03:04:05.678Z', attempts: 2, seconds: 3 };
    for (const status of ['failed', 'timeout'] as const) {
      const record = failureOf(recordOf(), status, 'it broke', about);
      expect(recordSchema.parse(throughJson(record))).toEqual(record);
      expect(record).toMatchObject({ status, finalTestError: null, epochs: [], ...about });
      expect(isFailure(record)).toBe(true);
    }
    for (const status of ['ok', 'diverged'] as const) expect(isFailure({ status })).toBe(false);
  });
});

describe('a result from a worker', () => {
  const result = (changes: object = {}) => {
    const record = { ...recordOf(), label: undefined };
    return throughJson({ ...record, cell: record.cell.id, ...changes }) as Record<string, unknown>;
  };
  const accepted = (changes: object = {}) => resultSchema.safeParse(result(changes)).success;

  it('is a record without its label, its cell by its id', () => {
    expect(resultSchema.parse(result())).toEqual(result());
  });

  it('must agree with itself', () => {
    expect(accepted({ finalTestError: 0.5 })).toBe(false);
    expect(accepted({ epochs: [] })).toBe(false);
    expect(accepted({ status: 'diverged', finalTestError: 0.9 })).toBe(true);
    expect(accepted({ status: 'diverged', finalTestError: null })).toBe(false);
    expect(accepted({ status: 'timeout', finalTestError: null })).toBe(true);
    expect(accepted({ status: 'timeout' })).toBe(false);
    // A worker that fails says so to the queue, not by a result.
    expect(accepted({ status: 'failed', finalTestError: null })).toBe(false);
  });

  it('has a reason that can be printed, and not too long a one', () => {
    expect(resultSchema.parse(result({ reason: 'a\u001b[2J\nb' })).reason).toBe('a·[2J b');
    expect(accepted({ reason: 'x'.repeat(maxReasonLength) })).toBe(true);
    expect(accepted({ reason: 'x'.repeat(maxReasonLength + 1) })).toBe(false);
  });
});
