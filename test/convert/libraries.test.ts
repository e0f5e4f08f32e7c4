/**
 * Against the libraries: fixtures/convert/make.py had this program convert settings, and trained both ends of each in
 * PyTorch, Keras, optax and timm (TensorFlow Addons and apex as transcribed formulas).
 */
import '@tensorflow/tfjs-backend-cpu';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { convert, LIBRARIES, named, readSetting, type Run, type Values } from '../../src/convert/index.js';
import { experimentSchema } from '../../src/config/index.js';
import type { Schedule } from '../../src/experiment/specs.js';
import { makeOptimizer, makeSchedule } from '../../src/optim/index.js';
import { walk } from '../optim/drive.js';
import * as problem from '../optim/problem.js';

type Trajectory = Readonly<Record<string, readonly number[]>>;

interface Pair {
  readonly from: string;
  readonly to: string;
  readonly words: readonly string[];
  readonly schedule: string;
  readonly converted: {
    readonly optimizer: string;
    readonly flags: Readonly<Record<string, boolean>>;
    readonly settings: Values;
    readonly snippet: string;
  };
  readonly theta: Readonly<Record<'float64' | 'float32', readonly [Trajectory, Trajectory]>>;
}

const { pairs: trained, versions } = JSON.parse(
  readFileSync(new URL('../fixtures/convert/pairs.json', import.meta.url), 'utf8'),
) as { pairs: readonly Pair[]; versions: Readonly<Record<string, string>> };

/** 300 steps, as make.py has them. */
const runOf = (schedule: string): Run => ({
  schedule: parse(schedule.startsWith('{') ? schedule : `{name: ${schedule}}`) as Schedule,
  warmup: 0,
  length: { epochs: 10, batchSize: 32, images: 951 },
});

const pairs = trained.map((pair) => {
  const conversion = convert(readSetting(pair.from, pair.words), named(pair.to), runOf(pair.schedule));
  return {
    ...pair,
    conversion,
    title: `${pair.from} -> ${pair.to} ${pair.words.join(' ')} ${pair.schedule}`,
  };
});

const farthest = ([a, b]: readonly [Trajectory, Trajectory]): number =>
  Math.max(...Object.entries(a).map(([t, theta]) => problem.relativeDistance(theta, b[t]!)));

describe('a converted pair', () => {
  it.each(pairs)('$title: what was trained is what the program says', ({ conversion, converted }) => {
    const { setting, written } = conversion.to!;
    expect({
      optimizer: setting.optimizer.name,
      flags: setting.optimizer.flags,
      settings: written,
      snippet: setting.optimizer.write(written),
    }).toEqual(converted);
  });

  const same = pairs.filter(({ conversion }) => conversion.differences.length === 0);
  it.each(same)('$title: trains the same weights', ({ theta }) => {
    expect(farthest(theta.float64)).toBeLessThan(1e-6);
    expect(farthest(theta.float32)).toBeLessThan(1e-5);
    // And they moved.
    expect(problem.relativeDistance(theta.float64[0]['300']!, theta.float64[0]['1']!)).toBeGreaterThan(0.1);
  });

  const other = pairs.filter(({ conversion }) => conversion.differences.length > 0);
  it.each(other)('$title: differs, as the program says', ({ theta }) => {
    expect(farthest(theta.float64)).toBeGreaterThan(1e-5);
  });

  it('is there for every library, exact and not', () => {
    const names = new Set(same.flatMap(({ from, to }) => [from, to].map((name) => name.split('.')[0]!)));
    expect([...names].sort()).toEqual(LIBRARIES.map(({ name }) => name).sort());
    expect(other.length).toBeGreaterThan(3);
    expect(Object.keys(versions).sort()).toEqual(['jax', 'keras', 'numpy', 'optax', 'timm', 'torch']);
    expect(readFileSync('docs/decay.md', 'utf8')).toContain(` ${same.length} settings`);
  });
});

/** An experiment with the entry of `optimizers` that the program prints. */
const experimentWith = (entry: string) =>
  experimentSchema.safeParse({
    name: 'converted',
    dataset: { name: 'mnist' },
    model: { name: 'mlp' },
    train: { epochs: 10 },
    optimizers: [parse(entry)],
    grid: { lr: [1], wd: [1] },
  });

describe('our own optimizers, by the entry of a configuration that the program prints', () => {
  beforeAll(() => tf.setBackend('cpu'));
  const own = pairs.filter(
    ({ to, converted }) =>
      /^(paper|normalized|timescale)/.test(to) && experimentWith(converted.snippet).success,
  );

  it('know every convention of the paper and of the time scale', () => {
    const conventions = own.map(({ to }) => to.split('.')[0]!);
    expect([...new Set(conventions)].sort()).toEqual(['normalized', 'paper', 'timescale']);
    expect(own).toHaveLength(pairs.filter(({ to }) => /^(paper|normalized|timescale)/.test(to)).length);
  });

  it.each(own)("$title: walk the library's path", ({ converted, schedule, theta }) => {
    const { lr, wd, ...rule } = experimentWith(converted.snippet).data!.optimizers[0]!;
    const rates = { lr: first(lr), wd: first(wd), stepsPerEpoch: 30 };
    const at = makeSchedule(runOf(schedule).schedule, { epochs: 10, stepsPerEpoch: 30, warmup: 0 });
    const steps = Array.from({ length: 300 }, (_, i) => ({ t: i + 1, ...at(i + 1) }));
    const path = walk(makeOptimizer(rule, rates), problem.theta0, problem.gradient, steps);
    for (const [t, expected] of Object.entries(theta.float32[0])) {
      expect(problem.relativeDistance(path[Number(t)]!, expected), `step ${t}`).toBeLessThan(1e-5);
    }
  });
});

const first = (axis: unknown): number => (axis as number[])[0]!;
