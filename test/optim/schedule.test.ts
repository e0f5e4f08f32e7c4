/**
 * Schedules: their values at the places where one could be off by a step, warm-up-stable-decay as PyTorch's schedulers
 * make it (fixtures/optim/make_schedules.py), and properties of them all.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Schedule } from '../../src/experiment/specs.js';
import { decayTimescale } from '../../src/optim/timescale.js';
import { makeSchedule } from '../../src/optim/schedule.js';
import { RULE } from './drive.js';
import { scheduleAt } from './paper.js';

const values = (schedule: Schedule, epochs: number, stepsPerEpoch: number, warmup = 0) => {
  const at = makeSchedule(schedule, { epochs, stepsPerEpoch, warmup });
  return Array.from({ length: epochs * stepsPerEpoch }, (_, i) => at(i + 1));
};
const etas = (...args: Parameters<typeof values>) => values(...args).map(({ eta }) => eta);
const near = (expected: number[]) => expected.map((eta) => expect.closeTo(eta, 12) as number);

const schedules: fc.Arbitrary<Schedule> = fc.oneof(
  fc.constant<Schedule>({ name: 'constant' }),
  fc.constant<Schedule>({ name: 'cosine' }),
  fc.record({
    name: fc.constant('step' as const),
    at: fc.array(
      fc.integer({ min: 0, max: 20 }).map((n) => n / 20),
      { minLength: 1, maxLength: 4 },
    ),
    factor: fc.constantFrom(0.1, 0.5),
  }),
  fc.record({
    name: fc.constant('wsd' as const),
    decay: fc.constantFrom(0.01, 0.2, 0.5, 1),
    shape: fc.constantFrom('linear' as const, '1-sqrt' as const),
  }),
  fc.record({
    name: fc.constant('warm-restarts' as const),
    firstCycle: fc.constantFrom(0.5, 1, 1.25, 3, 100),
    multiply: fc.constantFrom(1, 1.5, 2),
  }),
);
const shapes = fc.record({
  epochs: fc.integer({ min: 1, max: 12 }),
  stepsPerEpoch: fc.integer({ min: 2, max: 30 }),
});

const torch = JSON.parse(
  readFileSync(new URL('../fixtures/optim/schedules.json', import.meta.url), 'utf8'),
) as { warmup: number; epochs: number; decay: number; shape: 'linear' | '1-sqrt'; etas: number[] }[];

test.each(torch)(
  "wsd is PyTorch's: warm-up $warmup, $epochs epochs, decay $decay, $shape",
  ({ warmup, epochs, decay, shape, etas: theirs }) => {
    expect(etas({ name: 'wsd', decay, shape }, epochs, 10, warmup)).toEqual(near(theirs));
  },
);

test.each([
  ['linear', 1 / 2],
  ['1-sqrt', 1 / 3],
] as const)('under wsd %s the total decay is what docs/decay.md says', (shape, share) => {
  const [epochs, stepsPerEpoch, warmup, wd] = [30, 1000, 3, 0.1];
  const rates = { lr: 0.01, wd };
  const rule = { name: 'adamw', convention: 'timescale' } as const;
  const found = decayTimescale(
    rule,
    rates,
    { name: 'wsd', decay: 0.2, shape },
    { epochs, stepsPerEpoch, warmup },
  )!;
  const [stable, fall] = [0.8 * 27, 0.2 * 27];
  expect(found.tau).toBeCloseTo(1 / wd, 9);
  expect(found.total).toBeCloseTo((stable + share * fall + warmup / 2) * wd, 3);
});

describe('values', () => {
  test('cosine is read at (t-1)/T: 1 first, small but not 0 last', () => {
    expect(etas({ name: 'cosine' }, 2, 2)).toEqual(
      near([1, (1 + Math.SQRT1_2) / 2, 0.5, (1 - Math.SQRT1_2) / 2]),
    );
  });

  test('step drops after the given fraction of the run, also where the fraction is not exact in binary', () => {
    const got = etas({ name: 'step', at: [0.3, 0.6, 0.8], factor: 0.1 }, 100, 1);
    const drops = got.flatMap((eta, i) => (i > 0 && eta < got[i - 1]! ? [i + 1] : []));
    expect(drops).toEqual([31, 61, 81]);
    expect([got[29], got[59], got[79], got[99]]).toEqual(near([1, 0.1, 0.01, 0.001]));
  });

  test('wsd is constant, then falls along a line or a root, and ends one step before 0', () => {
    const linear = { name: 'wsd', decay: 0.5, shape: 'linear' } as const;
    expect(etas(linear, 2, 4)).toEqual(near([1, 1, 1, 1, 1, 0.75, 0.5, 0.25]));
    expect(etas({ ...linear, shape: '1-sqrt' }, 2, 4)).toEqual(
      near([1, 1, 1, 1, 1, 0.5, 1 - Math.SQRT1_2, 1 - Math.sqrt(0.75)]),
    );
    expect(etas({ ...linear, decay: 1 }, 1, 4)).toEqual(near([1, 0.75, 0.5, 0.25]));
  });

  test('a share of the run below half a step leaves wsd constant', () => {
    expect(etas({ name: 'wsd', decay: 0.01, shape: 'linear' }, 1, 4)).toEqual([1, 1, 1, 1]);
  });

  test('warm restarts begin each cycle at 1 and tell its length; the last one is cut', () => {
    const got = values({ name: 'warm-restarts', firstCycle: 0.5, multiply: 2 }, 4, 4);
    const starts = got.flatMap(({ eta }, i) => (eta === 1 ? [i] : []));
    expect(starts).toEqual([0, 2, 6, 14]);
    expect(got.map(({ cycleSteps }) => cycleSteps)).toEqual([
      2, 2, 4, 4, 4, 4, 8, 8, 8, 8, 8, 8, 8, 8, 16, 16,
    ]);
    expect(got[10]!.eta).toBeCloseTo(0.5, 12);
  });

  test('a cycle that is no whole number of steps long ends at the nearest step', () => {
    const got = etas({ name: 'warm-restarts', firstCycle: 0.5, multiply: 1 }, 2, 5);
    expect(got.flatMap((eta, i) => (eta === 1 ? [i] : []))).toEqual([0, 3, 5, 8]);
  });

  test("the paper's restarts: T_0 = 100 epochs, T_mult = 2, 391 steps an epoch", () => {
    const schedule = { name: 'warm-restarts', firstCycle: 100, multiply: 2 } as const;
    const at = makeSchedule(schedule, { epochs: 701, stepsPerEpoch: 391, warmup: 0 });
    for (const [before, length, after] of [
      [100, 100, 200],
      [300, 200, 400],
      [700, 400, 800],
    ] as const) {
      const last = before * 391;
      expect(at(last)).toEqual({ eta: expect.closeTo(0, 7), cycleSteps: length * 391 });
      expect(at(last - (length * 391) / 2 + 1).eta, 'half way').toBeCloseTo(0.5, 12);
      expect(at(last + 1)).toEqual({ eta: 1, cycleSteps: after * 391 });
    }
  });

  test('after a warm-up the first cycle begins, whole; until then its length counts', () => {
    const got = values({ name: 'warm-restarts', firstCycle: 1, multiply: 2 }, 5, 2, 1);
    const cosines = (n: number) => Array.from({ length: n }, (_, i) => (1 + Math.cos((Math.PI * i) / n)) / 2);
    expect(got.map(({ eta }) => eta)).toEqual(
      near([0.5, 1, ...cosines(2), ...cosines(4), ...cosines(8).slice(0, 2)]),
    );
    expect(got.map(({ cycleSteps }) => cycleSteps)).toEqual([2, 2, 2, 2, 4, 4, 4, 4, 8, 8]);
  });

  test('warm-up rises linearly and precedes the whole schedule', () => {
    expect(etas({ name: 'constant' }, 2, 3, 1)).toEqual(near([1 / 3, 2 / 3, 1, 1, 1, 1]));
    expect(etas({ name: 'cosine' }, 3, 2, 1)).toEqual(near([0.5, 1, ...etas({ name: 'cosine' }, 2, 2)]));
    expect(etas({ name: 'constant' }, 1, 4, 0.5)).toEqual(near([0.5, 1, 1, 1]));
  });

  test('without restarts the cycle is the run, warm-up included', () => {
    expect(new Set(values({ name: 'cosine' }, 3, 4, 1).map((v) => v.cycleSteps))).toEqual(new Set([12]));
  });
});

describe('properties', () => {
  test('every schedule follows the formulas of the paper', () => {
    fc.assert(
      fc.property(schedules, shapes, (schedule, shape) => {
        const run = { rule: RULE, lr: 1, wd: 0, schedule, ...shape };
        values(schedule, shape.epochs, shape.stepsPerEpoch).forEach(({ eta, cycleSteps }, i) => {
          const expected = scheduleAt(run, i + 1);
          expect(eta).toBeCloseTo(expected.eta, 10);
          expect(cycleSteps).toBe(
            schedule.name === 'warm-restarts' ? expected.steps : run.epochs * run.stepsPerEpoch,
          );
        });
      }),
    );
  });

  test('eta stays in (0, 1] and a run begins at 1, with or without restarts', () => {
    fc.assert(
      fc.property(schedules, shapes, fc.constantFrom(0, 0.5), (schedule, shape, warmup) => {
        const got = etas(schedule, shape.epochs, shape.stepsPerEpoch, warmup);
        for (const eta of got) expect(eta > 0 && eta <= 1).toBe(true);
        if (warmup === 0 && schedule.name !== 'step') expect(got[0]).toBe(1);
      }),
    );
  });
});

describe('refusals', () => {
  const shape = { epochs: 2, stepsPerEpoch: 3, warmup: 0 };
  test.each([
    ['a warm-up as long as the run', () => makeSchedule({ name: 'cosine' }, { ...shape, warmup: 2 })],
    ['a run of no steps', () => makeSchedule({ name: 'cosine' }, { ...shape, epochs: 0 })],
    [
      'a first cycle below one step',
      () => makeSchedule({ name: 'warm-restarts', firstCycle: 0.1, multiply: 2 }, shape),
    ],
    ['step 0', () => makeSchedule({ name: 'cosine' }, shape)(0)],
    ['a step after the last', () => makeSchedule({ name: 'cosine' }, shape)(7)],
    ['half a step', () => makeSchedule({ name: 'cosine' }, shape)(1.5)],
  ])('%s', (_what, act) => {
    expect(act).toThrow(RangeError);
  });
});
