/** What holds for every conversion: there and back, step by step, and none only where there is none. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  convert,
  CONVENTIONS,
  conventionOf,
  conventionTable,
  decayArgument,
  LIBRARIES,
  named,
  readSetting,
  type Library,
  type LibraryOptimizer,
  type Run,
  type Setting,
} from '../../src/convert/index.js';
import { exactly } from '../../src/convert/exact.js';
import type { Schedule } from '../../src/experiment/specs.js';
import { factors } from './formula.js';

/** Numbers as people write them: up to twelve digits. */
const written = fc
  .tuple(fc.integer({ min: 1, max: 10 ** 12 - 1 }), fc.integer({ min: -14, max: 2 }))
  .map(([digits, exponent]) => Number(`${digits}e${exponent}`));
/** Some with few digits, as most are. */
const plain = fc
  .tuple(fc.integer({ min: 1, max: 999 }), fc.integer({ min: -7, max: 1 }))
  .map(([digits, exponent]) => Number(`${digits}e${exponent}`));
const number = fc.oneof(written, plain);

const schedule: fc.Arbitrary<Schedule> = fc.oneof(
  fc.constantFrom<Schedule>(
    { name: 'constant' },
    { name: 'cosine' },
    { name: 'step', at: [0.5], factor: 0.1 },
  ),
  fc.record({
    name: fc.constant('warm-restarts' as const),
    firstCycle: fc.integer({ min: 1, max: 4 }),
    multiply: fc.constantFrom(1, 2),
  }),
);
const length = fc.record({
  epochs: fc.integer({ min: 2, max: 6 }),
  batchSize: fc.integer({ min: 1, max: 40 }),
  images: fc.integer({ min: 41, max: 300 }),
});
const run: fc.Arbitrary<Run> = fc.record({ schedule, warmup: fc.constantFrom(0, 0, 1), length });

const forms = LIBRARIES.flatMap((library) => library.optimizers.map((optimizer) => ({ library, optimizer })));
const form = fc.constantFrom(...forms);

const nameOf = (library: Library, { name }: LibraryOptimizer) => `${library.name}.${name}`;

/** As on a command line: the numbers given and the flags of the form. */
const words = (optimizer: LibraryOptimizer, numbers: Readonly<Record<string, number>>) => [
  ...Object.entries(numbers).map(([key, value]) => `${key}=${value}`),
  ...Object.entries(optimizer.flags).map(([key, on]) => `${key}=${on}`),
];

const setting = (
  { library, optimizer }: (typeof forms)[number],
  lr: number,
  decay: number,
  momentum: number | undefined = undefined,
): Setting =>
  readSetting(
    nameOf(library, optimizer),
    words(optimizer, {
      lr,
      [decayArgument(optimizer)]: decay,
      ...(momentum !== undefined && 'momentum' in optimizer.defaults ? { momentum } : {}),
    }),
  );

describe('there and back', () => {
  it('gives the same number, whatever the libraries are', () => {
    let exact = 0;
    fc.assert(
      fc.property(form, form, number, number, run, fc.constantFrom(0, 0.9), (a, b, lr, wd, at, momentum) => {
        const from = setting(a, lr, wd, momentum);
        const there = convert(from, named(nameOf(b.library, b.optimizer)), at).to;
        if (!there) return;
        const { library, optimizer } = there.setting;
        const again = readSetting(nameOf(library, optimizer), words(optimizer, { ...there.written }));
        expect(again.optimizer).toBe(optimizer);
        expect(again.values).toEqual(there.setting.values);
        const back = convert(again, named(nameOf(a.library, a.optimizer)), at).to!.setting;
        // With two arguments that mean one thing (plain SGD in Keras) the way back may end at the other.
        if (back.optimizer.decay === 'l2' ? a.optimizer.decay === 'l2' : a.optimizer.decay !== 'l2') {
          expect(back.values[decayArgument(back.optimizer)]).toBe(wd);
          exact += 1;
        }
        expect(back.values.lr).toBe(lr);
      }),
      { numRuns: 3000 },
    );
    expect(exact).toBeGreaterThan(200);
  });

  it('is exact for any factor, and changes no number of more digits by more than its rounding', () => {
    const factor = fc.double({ min: 1e-8, max: 1e8, noNaN: true });
    fc.assert(
      fc.property(number, factor, (value, by) => {
        const forth = (x: number) => x * by;
        const back = (x: number) => x / by;
        const there = exactly(forth, back, value);
        expect(Math.abs(there / (value * by) - 1)).toBeLessThan(1e-14);
        expect(exactly(back, forth, there)).toBe(value);
      }),
      { numRuns: 5000 },
    );
  });

  it('writes the number that people would write', () => {
    const times = (by: number) => [(x: number) => x * by, (x: number) => x / by] as const;
    expect(0.1 * 3e-4).not.toBe(3e-5);
    expect(exactly(...times(3e-4), 0.1)).toBe(3e-5);
    expect(exactly(...times(1 / 3), 0.1)).toBe(0.1 * (1 / 3));
  });
});

describe('an equal setting', () => {
  it('takes the same from a weight in every step; there is none only if no number would', () => {
    const counts = { equal: 0, none: 0 };
    fc.assert(
      fc.property(form, form, number, number, run, (a, b, lr, wd, at) => {
        const from = setting(a, lr, wd);
        const convention = conventionOf(from);
        const { to, none } = convert(from, named(nameOf(b.library, b.optimizer)), at);
        if (convention === undefined || none?.kind === 'other-rule' || none?.kind === 'l2-against-decoupled')
          return;
        const own = factors(convention, { lr, wd: wd * (decayArgument(a.optimizer) === 'l2' ? 2 : 1) }, at);
        if (to) {
          const target = conventionOf(to.setting)!;
          const strength = to.setting.values[decayArgument(to.setting.optimizer)]!;
          const units = decayArgument(to.setting.optimizer) === 'l2' ? 2 : 1;
          const theirs = factors(target, { lr, wd: strength * units }, at);
          own.forEach((value, t) => expect(Math.abs(theirs[t]! - value)).toBeLessThanOrEqual(1e-14 * value));
          counts.equal += 1;
        } else {
          const theirs = factors(b.optimizer.decay === 'l2' ? 'lr' : b.optimizer.decay, { lr, wd: 1 }, at);
          const ratios = own.map((value, t) => value / theirs[t]!);
          expect(Math.max(...ratios) / Math.min(...ratios)).toBeGreaterThan(1 + 1e-9);
          counts.none += 1;
        }
      }),
      { numRuns: 2000 },
    );
    expect(counts.equal).toBeGreaterThan(100);
    expect(counts.none).toBeGreaterThan(20);
  });

  it('has the same tau and total, and the constant that is offered instead has the same total', () => {
    fc.assert(
      fc.property(fc.constantFrom(...CONVENTIONS), number, number, run, (convention, lr, wd, at) => {
        const owner = forms.find(({ optimizer }) => optimizer.decay === convention)!;
        const from = setting(owner, lr, wd);
        const total = factors(convention, { lr, wd }, at).reduce((sum, one) => sum + one, 0);
        for (const { convention: other, wd: equal, sameTotal } of conventionTable(from, at)) {
          if (other === 'l2' || (equal ?? sameTotal) === null) continue;
          const theirs = factors(other, { lr, wd: (equal ?? sameTotal)! }, at);
          const sum = theirs.reduce((all, one) => all + one, 0);
          expect(Math.abs(sum / total - 1)).toBeLessThan(1e-9);
        }
        const decay = convert(from, named(nameOf(owner.library, owner.optimizer)), at).decay!;
        expect(decay.run!.total / total).toBeCloseTo(1, 9);
        expect(decay.run!.tau).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  it('is the wd that a scheduled decay needs, where a constant one cannot be equal', () => {
    fc.assert(
      fc.property(number, number, length, (lr, wd, size) => {
        const at: Run = { schedule: { name: 'cosine' }, warmup: 0, length: size };
        const { none, instead } = convert(readSetting('pytorch', [`lr=${lr}`, `wd=${wd}`]), named('tfa'), at);
        expect(none!.kind).toBe('scheduled-against-constant');
        const { wd: full, power } = instead!.scheduled!;
        const eta = factors('paper', { lr: 1, wd: 1 }, at);
        factors('lr', { lr, wd }, at).forEach((value, t) =>
          expect(Math.abs(full * eta[t]! ** power - value)).toBeLessThanOrEqual(1e-14 * value),
        );
      }),
      { numRuns: 100 },
    );
  });
});
