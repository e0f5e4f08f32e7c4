/** In what the libraries differ from each other: docs/optimizers.md lists it, and each entry is a test here. */
import { describe, expect, test } from 'vitest';
import { farthest, fixtureOf, inDoubles, LIBRARIES, settled, type Run } from './fixtures.js';

/**
 * A library's way, which one of our settings has. The library's run agrees with ours (libraries.test.ts), and with the
 * setting of another library instead it does not, by `least` or more.
 */
interface Choice {
  readonly library: 'keras' | 'optax' | 'torch';
  /** Settings that its run has, in whatever else it differs from the others. */
  readonly of: Readonly<Record<string, unknown>>;
  readonly instead: Readonly<Record<string, unknown>>;
  readonly least?: number;
}

const CHOICES: readonly Choice[] = [
  // Epsilon before the correction of the bias.
  { library: 'keras', of: { name: 'adamw', eps: 1e-3 }, instead: { epsForm: 'paper' } },
  { library: 'keras', of: { name: 'amsgrad', eps: 1e-3 }, instead: { epsForm: 'paper' } },
  { library: 'torch', of: { name: 'radam', eps: 1e-4 }, instead: { epsForm: 'paper' }, least: 1e-5 },
  { library: 'optax', of: { name: 'radam' }, instead: { epsForm: 'torch7' }, least: 1e-5 },
  // Epsilon inside the root.
  { library: 'keras', of: { name: 'rmsprop', eps: 1e-3 }, instead: { epsForm: 'outside' } },
  { library: 'optax', of: { name: 'rmsprop', epsForm: 'inside' }, instead: { epsForm: 'outside' } },
  { library: 'keras', of: { name: 'adamax', eps: 1e-3 }, instead: { epsForm: 'inside' }, least: 1e-5 },
  // What Adagrad's sum of squares begins with.
  { library: 'keras', of: { name: 'adagrad' }, instead: { initial: 0 } },
  { library: 'optax', of: { name: 'adagrad' }, instead: { initial: 0 } },
  // The maximum of v, or of vhat.
  { library: 'optax', of: { name: 'amsgrad' }, instead: { maxOf: 'v' } },
  // How fast NAdam's momentum rises.
  { library: 'torch', of: { name: 'nadam', momentumDecay: 0.004 }, instead: { momentumDecay: 1 } },
  { library: 'keras', of: { name: 'nadam' }, instead: { momentumDecay: 0.004 } },
  { library: 'optax', of: { name: 'nadam' }, instead: { momentumDecay: 0.004 } },
  // The learning rate inside the momentum, or outside.
  { library: 'keras', of: { name: 'sgdw' }, instead: { momentumForm: 'torch' } },
  { library: 'keras', of: { name: 'nesterov' }, instead: { momentumForm: 'torch' } },
  { library: 'keras', of: { name: 'rmsprop', momentum: 0.9 }, instead: { momentumForm: 'torch' } },
  { library: 'torch', of: { name: 'sgd' }, instead: { momentumForm: 'paper' } },
  { library: 'optax', of: { name: 'nesterov' }, instead: { momentumForm: 'paper' } },
  // The length of Muon's step.
  { library: 'torch', of: { name: 'muon', scale: 'original' }, instead: { scale: 'match-rms' } },
  { library: 'optax', of: { name: 'muon', scale: 'original' }, instead: { scale: 'match-rms' } },
  { library: 'keras', of: { name: 'muon' }, instead: { scale: 'original' } },
];

const has = (run: Run, of: Choice['of']) => {
  const settings = settled(run.settings) as unknown as Readonly<Record<string, unknown>>;
  return Object.entries(of).every(([key, value]) => settings[key] === value);
};

describe('the way of a library is not that of the others', () => {
  test.each(
    CHOICES.map((choice) => ({
      ...choice,
      title: `${JSON.stringify(choice.of)} is no ${JSON.stringify(choice.instead)}`,
    })),
  )('$library: $title', ({ library, of, instead, least = 1e-4 }) => {
    const fixture = fixtureOf(library);
    const run = fixture.runs.find((one) => one.difference === undefined && has(one, of))!;
    const [key] = Object.keys(instead);
    expect(settled(run.settings)).not.toMatchObject(instead);
    expect(settled(run.settings)).toHaveProperty(key!);
    const settings = { ...run.settings, ...instead } as Run['settings'];
    expect(farthest(inDoubles(fixture, { ...run, settings }), run)).toBeGreaterThan(least);
  });
});

/** What no setting of ours does: by how much a library differs, more than rounding, and no more than is known. */
const KNOWN: Readonly<Record<string, readonly [least: number, most: number]>> = {
  'Muon in bfloat16': [1e-4, 5e-3],
  'NAdam with mu_product in float32': [1e-10, 1e-5],
  'optax corrects the bias in Muon': [1e-4, 0.5],
  'optax steps by NAdamW what is no matrix': [1e-4, 0.5],
  "Keras' Muon decays by adam_weight_decay what is no matrix": [1e-3, 0.1],
};

const DIFFERING = LIBRARIES.flatMap((library) => {
  const fixture = fixtureOf(library);
  return fixture.runs.flatMap((run) =>
    run.difference === undefined ? [] : [{ library, fixture, run, what: run.difference }],
  );
});

describe('a library differs from our rule', () => {
  test.each(DIFFERING)('$library: $what', ({ fixture, run, what }) => {
    const [least, most] = KNOWN[what]!;
    const distance = farthest(inDoubles(fixture, run), run);
    expect(distance).toBeGreaterThan(least);
    expect(distance).toBeLessThan(most);
  });

  test('in all that is known', () =>
    expect(DIFFERING.map(({ what }) => what).sort()).toEqual(Object.keys(KNOWN).sort()));
});
