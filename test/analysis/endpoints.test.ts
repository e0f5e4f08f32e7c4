/** Endpoints: which outcome an interval means, where each statistic comes from, and differences of intervals. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerEndpoints, independentDifference, outcomeOf } from '../../src/analysis/endpoints.js';
import { decoupling } from '../../src/analysis/index.js';
import { decouplingCsv } from '../../src/report/csv/index.js';
import {
  endpointSchema,
  endpointsHash,
  ENDPOINT_STATISTICS,
  keepEndpoints,
  type Endpoint,
} from '../../src/experiment/endpoints.js';
import { powers, sweepRecords } from '../report/records.js';

const endpoint = (changes: object): Endpoint =>
  endpointSchema.parse({ statistic: 'separability', of: ['Adam', 'AdamW'], confirms: 'greater', ...changes });

const found = decoupling(sweepRecords({ lrs: powers(-13, 8) }), { replicates: 200 });

describe('the outcome', () => {
  const finite = fc.double({ min: -10, max: 10, noNaN: true });
  it('holds, fails or stays open by where the whole interval lies, and turns with the direction', () => {
    fc.assert(
      fc.property(finite, finite, finite, (x, y, than) => {
        const estimate = { value: (x + y) / 2, low: Math.min(x, y), high: Math.max(x, y) };
        const greater = outcomeOf(endpoint({ than }), estimate);
        const less = outcomeOf(endpoint({ than, confirms: 'less' }), estimate);
        if (estimate.low > than) expect([greater, less]).toEqual(['holds', 'does not hold']);
        else if (estimate.high < than) expect([greater, less]).toEqual(['does not hold', 'holds']);
        else expect([greater, less]).toEqual(['cannot tell', 'cannot tell']);
      }),
    );
  });

  it('cannot be told without an interval', () => {
    expect(outcomeOf(endpoint({}), { value: 3, low: null, high: null })).toBe('cannot tell');
  });
});

describe('answers', () => {
  it('have the values of decoupling.csv, for each statistic under its name there', () => {
    const rows = decouplingCsv(found)
      .split('\n')
      .map((line) => line.split(','));
    const row = (kind: string, a: string, b: string, statistic: string) =>
      rows.find((r) => r[0] === kind && r[1] === a && r[2] === b && r[3] === statistic);
    for (const [statistic, counts] of Object.entries(ENDPOINT_STATISTICS)) {
      // Those have records of their own: stepsToGeneralise.test.ts.
      if (statistic.includes('steps')) continue;
      if ((counts as readonly number[]).includes(1)) {
        const [one] = answerEndpoints([endpoint({ statistic, of: ['AdamW'] })], found);
        const cells = row('optimizer', 'AdamW', '', statistic)!;
        expect(one!.estimate.value, statistic).toBe(cells[4] === '' ? null : Number(cells[4]));
        expect(one!.estimate.low, statistic).toBe(cells[5] === '' ? null : Number(cells[5]));
      }
      const cells = row('difference', 'Adam', 'AdamW', statistic);
      if (!(counts as readonly number[]).includes(2) || !cells) continue;
      const [two] = answerEndpoints([endpoint({ statistic })], found);
      expect(two!.estimate.value, statistic).toBe(cells[4] === '' ? null : Number(cells[4]));
      expect(two!.estimate.high, statistic).toBe(cells[6] === '' ? null : Number(cells[6]));
    }
  });

  it('turn with the order of the two optimizers', () => {
    for (const [statistic, counts] of Object.entries(ENDPOINT_STATISTICS)) {
      if (!(counts as readonly number[]).includes(2)) continue;
      const [straight, turned] = answerEndpoints(
        [endpoint({ statistic }), endpoint({ statistic, of: ['AdamW', 'Adam'], confirms: 'less' })],
        found,
      );
      expect(turned!.outcome, statistic).toBe(straight!.outcome);
      if (straight!.estimate.value === null) continue;
      // A relative difference turns with its base: a third less is a half more.
      const { value, low } = straight!.estimate;
      const isRelative = statistic.endsWith('_relative') && statistic !== 'basin_relative';
      const turn = (d: number) => (isRelative ? 1 / (1 + d) - 1 : -d);
      expect(turned!.estimate.value, statistic).toBeCloseTo(turn(value), 12);
      if (low !== null) expect(turned!.estimate.high, statistic).toBeCloseTo(turn(low), 12);
    }
  });

  it('find the ridge of L2 and the basin of decoupled decay', () => {
    const answers = answerEndpoints(
      [
        endpoint({ statistic: 'ridge_slope', of: ['Adam'], confirms: 'less', than: -0.5 }),
        endpoint({ statistic: 'ridge_slope_quadratic', confirms: 'greater' }),
        endpoint({ statistic: 'separability', confirms: 'less' }),
        endpoint({ of: ['Nobody'] }),
      ],
      found,
    );
    expect(answers.map(({ outcome }) => outcome)).toEqual(['holds', 'holds', 'does not hold', 'cannot tell']);
    expect(answers[3]!.estimate.reason).toContain('Nobody');
  });
});

describe('the difference of two independent estimates', () => {
  it('is that of normal intervals where both are symmetric, and keeps what is asymmetric', () => {
    const plain = independentDifference({ value: 1, low: -2, high: 4 }, { value: 5, low: 1, high: 9 });
    expect(plain).toEqual({ value: 4, low: -1, high: 9 });
    const skewed = independentDifference({ value: 0, low: -3, high: 0 }, { value: 0, low: 0, high: 4 });
    expect(skewed).toEqual({ value: 0, low: 0, high: 5 });
  });
});

describe('what a folder keeps', () => {
  const [one, two] = [[endpoint({})], [endpoint({ than: 0.1 })]];
  const [monday, tuesday] = [new Date('2026-11-23T00:00:00Z'), new Date('2026-11-24T00:00:00Z')];

  it('stays as it is for the same list, and keeps what records have followed', () => {
    const kept = keepEndpoints(undefined, one, 0, monday)!;
    expect(kept).toMatchObject({ sha256: endpointsHash(one), records: 0, earlier: [] });
    expect(keepEndpoints(kept, one, 7, tuesday)).toBe(kept);
    expect(keepEndpoints(kept, two, 0, tuesday)).toMatchObject({ records: 0, earlier: [] });
    const amended = keepEndpoints(kept, two, 7, tuesday)!;
    expect(amended).toMatchObject({ list: two, records: 7, earlier: [{ list: one, records: 0 }] });
    expect(keepEndpoints(amended, [], 9, tuesday)!.earlier).toHaveLength(2);
  });

  it('is nothing where nothing was ever listed', () => {
    expect(keepEndpoints(undefined, [], 5, monday)).toBeUndefined();
  });
});
