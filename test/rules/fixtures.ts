/** The runs of other libraries in test/fixtures/rules/, and the same runs by our rules. */
import { readdirSync, readFileSync } from 'node:fs';
import { optimizerSchema } from '../../src/experiment/optimizerSpec.js';
import { makeOptimizer, type OptimizerSettings } from '../../src/optim/index.js';
import { walk } from '../optim/drive.js';
import { relativeDistance } from '../optim/problem.js';
import { float64Walk } from './float64.js';
import { valley } from './valley.js';

export interface Run {
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
  /** In what the library differs from our rule. */
  readonly difference?: string;
}

export interface Fixture {
  readonly versions: Readonly<Record<string, string>>;
  readonly steps: number;
  readonly theta0: number[];
  readonly runs: readonly Run[];
}

const folder = new URL('../fixtures/rules/', import.meta.url);

/** The libraries whose runs have been written down. */
export const LIBRARIES = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length));

const fixtures = new Map(
  LIBRARIES.map((library) => [
    library,
    JSON.parse(readFileSync(new URL(`${library}.json`, folder), 'utf8')) as Fixture,
  ]),
);
export const fixtureOf = (library: string): Fixture => fixtures.get(library)!;

const LAYOUT = [[3, 4], [3]];

/** Settings with what a configuration would fill in. */
export const settled = (settings: object) => optimizerSchema.parse(settings) as OptimizerSettings;

const stepsOf = ({ steps }: Fixture) =>
  Array.from({ length: steps }, (_, i) => ({
    t: i + 1,
    eta: 0.5 * (1 + Math.cos((Math.PI * i) / steps)),
    cycleSteps: steps,
  }));

/** The largest relative distance from the library, over the steps that it kept. */
export const farthest = (path: readonly number[][], { theta, only }: Run): number =>
  Math.max(
    ...Object.entries(theta).map(([t, wanted]) => relativeDistance(path[Number(t)]!, wanted.slice(0, only))),
  );

export const inDoubles = (fixture: Fixture, { settings, lr, wd }: Run): number[][] =>
  float64Walk(settled(settings), { lr, wd, layout: LAYOUT }, fixture.theta0, valley, stepsOf(fixture));

export const onTensors = (fixture: Fixture, { settings, lr, wd }: Run): number[][] =>
  walk(
    makeOptimizer(settled(settings), { lr, wd, layout: LAYOUT }),
    fixture.theta0,
    valley,
    stepsOf(fixture),
  );
