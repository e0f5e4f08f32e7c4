/**
 * Against the libraries: 300 steps under a changing learning rate, which the scripts test/fixtures/rules/make_*.py had
 * them take in float64. The rules in float64 agree to 1e-9, on tensors in float32 to 1e-5 (Muon: 5e-5).
 */
import '@tensorflow/tfjs-backend-cpu';
import { readdirSync, readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { familyOf } from '../../src/experiment/placement.js';
import { optimizerSchema } from '../../src/experiment/optimizerSpec.js';
import { makeOptimizer, type OptimizerSettings } from '../../src/optim/index.js';
import { RULE_NAMES } from '../../src/rules/index.js';
import { walk } from '../optim/drive.js';
import { relativeDistance } from '../optim/problem.js';
import { float64Walk } from './float64.js';
import { valley } from './valley.js';

interface Run {
  readonly settings: OptimizerSettings;
  readonly lr: number;
  readonly wd: number;
  /** theta after so many steps. */
  readonly theta: Readonly<Record<string, number[]>>;
  /** The end of the library's own run in float32. */
  readonly float32?: number[];
  /** So many parameters are compared, the first ones; absent: all. */
  readonly only?: number;
  /** How far apart the paths in float64 may be; absent: 1e-9. */
  readonly tolerance?: number;
  /** In what the library differs from its own formula. */
  readonly difference?: string;
}

interface Fixture {
  readonly versions: Readonly<Record<string, string>>;
  readonly steps: number;
  readonly theta0: number[];
  readonly runs: readonly Run[];
}

const read = (library: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/rules/${library}.json`, import.meta.url), 'utf8')) as Fixture;

/** The libraries whose runs have been written down. */
const LIBRARIES = readdirSync(new URL('../fixtures/rules', import.meta.url))
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length));

const LAYOUT = [[3, 4], [3]];

/** The settings of a run, with what a configuration would fill in. */
const settled = ({ settings }: Run) => optimizerSchema.parse(settings) as OptimizerSettings;

const stepsOf = ({ steps }: Fixture) =>
  Array.from({ length: steps }, (_, i) => ({
    t: i + 1,
    eta: 0.5 * (1 + Math.cos((Math.PI * i) / steps)),
    cycleSteps: steps,
  }));

/** The largest relative distance from the library, over the steps that it kept. */
const worst = (path: readonly number[][], { theta, only }: Run) =>
  Math.max(
    ...Object.entries(theta).map(([t, wanted]) => relativeDistance(path[Number(t)]!, wanted.slice(0, only))),
  );

const inDoubles = (fixture: Fixture, run: Run) =>
  float64Walk(
    settled(run),
    { lr: run.lr, wd: run.wd, layout: LAYOUT },
    fixture.theta0,
    valley,
    stepsOf(fixture),
  );

const onTensors = (fixture: Fixture, run: Run) => {
  const optimizer = makeOptimizer(settled(run), { lr: run.lr, wd: run.wd, layout: LAYOUT });
  return walk(optimizer, fixture.theta0, valley, stepsOf(fixture));
};

beforeAll(() => tf.setBackend('cpu'));

describe.each(LIBRARIES)('%s', (library) => {
  const fixture = read(library);
  const agreeing = fixture.runs.filter(({ difference }) => difference === undefined);

  test.each(agreeing.map((run) => ({ run, title: JSON.stringify(run.settings) })))('$title', ({ run }) => {
    expect(worst(inDoubles(fixture, run), run)).toBeLessThan(run.tolerance ?? 1e-9);
    const floats = onTensors(fixture, run);
    // Muon's iteration makes the small singular values of a matrix large, and their rounding with them.
    const most = settled(run).name === 'muon' ? 5e-5 : 1e-5;
    expect(worst(floats, run)).toBeLessThan(Math.max(most, 2 * (run.tolerance ?? 0)));
    if (run.float32) expect(relativeDistance(floats.at(-1)!, run.float32)).toBeLessThan(most);
  });
});

/** By how much a library differs from its own formula: more than rounding, and no more than is known. */
const KNOWN: Readonly<Record<string, readonly [least: number, most: number]>> = {
  'Muon in bfloat16': [1e-4, 5e-3],
  'NAdam with mu_product in float32': [1e-10, 1e-5],
  'optax corrects the bias in Muon': [1e-4, 0.5],
};

const DIFFERING = LIBRARIES.flatMap((library) => {
  const fixture = read(library);
  return fixture.runs.flatMap((run) =>
    run.difference === undefined ? [] : [{ library, fixture, run, what: run.difference }],
  );
});

test.each(DIFFERING)('$library differs from its own formula: $what', ({ fixture, run, what }) => {
  const [least, most] = KNOWN[what]!;
  const distance = worst(inDoubles(fixture, run), run);
  expect(distance).toBeGreaterThan(least);
  expect(distance).toBeLessThan(most);
});

test('every rule that PyTorch has is compared with it', () => {
  const compared = LIBRARIES.flatMap((library) =>
    read(library).runs.map(({ settings }) => familyOf(settings)),
  );
  const missing = RULE_NAMES.filter((name) => !compared.includes(name) && name !== 'lion');
  expect(missing).toEqual([]);
});
