/** The options of all exported classes: what is allowed is said here once. By hand, since the small package has no dependencies. */
import { fitsFloat32 } from '../experiment/float32.js';
import { CONVENTIONS } from '../experiment/optimizerSettings.js';
import type { Setting } from '../rules/settings.js';
import { OptionError } from './errors.js';
import type { Exclude, Include } from './include.js';
import type { ScheduleOption } from './schedule.js';

/** What an option may be. */
export interface Option<T> {
  /** What it must be, in words, with the test of it. The first that fails is reported. */
  readonly tests: readonly (readonly [allowed: string, test: (value: unknown) => boolean])[];
  /** What it is if it is not given. Without this it must be given. */
  readonly absent?: { readonly value: T };
}

type Schema = Readonly<Record<string, Option<unknown>>>;

/** The options that a schema lets through, with its defaults. */
export type Checked<S extends Schema> = { [K in keyof S]: S[K] extends Option<infer T> ? T : never };

const option = <T>(allowed: string, test: (value: unknown) => boolean): Option<T> => ({
  tests: [[allowed, test]],
});
const optional = <T>(one: Option<T>): Option<T | undefined> => ({ ...one, absent: { value: undefined } });
const byDefault = <T>(value: T, one: Option<T>): Option<T> => ({ ...one, absent: { value } });

const isFinite = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

const number = (allowed: string, test: (value: number) => boolean): Option<number> =>
  option(allowed, (value) => isFinite(value) && test(value));

/** A number of the arithmetic, which is in float32. */
const setting = (allowed: string, test: (value: number) => boolean): Option<number> => ({
  tests: [
    ...number(allowed, test).tests,
    ['a number that float32 can hold: 0, or from 1.4e-45 to 3.4e38', (value) => fitsFloat32(value as number)],
  ],
});

/** One of some words. */
export const oneOf = <const T extends string>(...values: readonly [T, ...T[]]): Option<T> =>
  byDefault<T>(
    values[0],
    option(`one of ${[...new Set(values)].map((value) => `'${value}'`).join(', ')}`, (value) =>
      (values as readonly unknown[]).includes(value),
    ),
  );

const rate = ['a finite number of 0 or more', (value: number) => value >= 0] as const;

/** What is allowed of each kind of setting. */
const NUMBERS: Readonly<Record<string, readonly [string, (value: number) => boolean]>> = {
  share: ['a number of 0 or more and below 1', (value) => value >= 0 && value < 1],
  positiveShare: ['a number above 0 and below 1', (value) => value > 0 && value < 1],
  positive: ['a finite number above 0', (value) => value > 0],
  atLeast0: rate,
  count: ['a whole number from 1 to 100', (value) => Number.isInteger(value) && value >= 1 && value <= 100],
};

/** An option that is a setting of a rule. null is epsilon's default, as in tfjs's own optimizers. */
export function optionOf(name: string, about: Setting): Option<string | number | boolean | null> {
  if (about.kind === 'choice') return oneOf(about.default, ...about.of);
  if (about.kind === 'flag')
    return byDefault(
      about.default,
      option('true or false', (value) => typeof value === 'boolean'),
    );
  const [allowed, test] = NUMBERS[about.kind]!;
  const { tests } = setting(name === 'epsilon' ? `${allowed}, or null for the default` : allowed, test);
  return byDefault<number | null>(about.default, {
    tests: tests.map(([words, passes]) => [
      words,
      (value) => (name === 'epsilon' && value === null) || passes(value),
    ]),
  });
}

const isNames = (value: unknown): boolean =>
  Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '');
const isChoice = (value: unknown): boolean => typeof value === 'function' || isNames(value);
/** A list of variables. */
export const list: Option<Include | undefined> = optional(
  option<Include>('a list of variable names, or a function from a variable to true or false', isChoice),
);
const exclude = optional(
  option<Exclude>(
    "'rank1', a list of variable names, or a function from a variable to true or false",
    (value) => value === 'rank1' || isChoice(value),
  ),
);

const steps = optional(number('a number of steps, 1 or more', (value) => value >= 1));

const decay = { weightDecay: setting(...rate), include: list, exclude };

/** What all classes but the extended ones take. */
export const common = {
  ...decay,
  learningRate: setting(...rate),
  convention: oneOf(...CONVENTIONS),
  cycleSteps: steps,
  schedule: optional(
    option<ScheduleOption>(
      'an object with the name, epochs and stepsPerEpoch of a schedule',
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    ),
  ),
};

/** What every class but the extended ones is given. */
export type CommonOptions = Checked<typeof common>;

/** The first argument of a class made by extendWithDecoupledWeightDecay. */
export const decayOptions = decay;

/**
 * The settings that a program may change between steps. A schedule may take a rate below what float32 can hold: such a
 * step counts as one at 0.
 */
export const stepSettings = {
  learningRate: number(...rate),
  weightDecay: number(...rate),
  eta: number(...rate),
  cycleSteps: steps,
};

/** As `stepSettings`, for a class made by extendWithDecoupledWeightDecay. */
export const decaySettings = { weightDecay: number(...rate) };

/**
 * The options of a class, checked, with their defaults.
 *
 * @throws OptionError that names each wrong option, its value and what is allowed
 */
export function checkOptions<S extends Schema>(schema: S, className: string, options: unknown): Checked<S> {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new OptionError(
      `${className} takes its options as an object, and was given ${shown(options)}.`,
      'Give it at least { learningRate, weightDecay }; a class of extendWithDecoupledWeightDecay, { weightDecay }.',
    );
  const given = options as Readonly<Record<string, unknown>>;
  const faults = Object.entries(schema).flatMap(([name, one]) => faultsOf(name, one, given));
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(schema, name));
  if (unknown.length > 0)
    faults.push(
      `there is no option ${unknown.join(', ')} (the options are ${Object.keys(schema).join(', ')})`,
    );
  if (faults.length > 0) throw new OptionError(`${className}: ${faults.join('; ')}.`);
  return Object.fromEntries(
    Object.entries(schema).map(([name, { absent }]) => [
      name,
      given[name] === undefined ? absent?.value : given[name],
    ]),
  ) as Checked<S>;
}

function faultsOf(
  name: string,
  { tests, absent }: Option<unknown>,
  given: Readonly<Record<string, unknown>>,
) {
  const value = given[name];
  if (value === undefined && absent !== undefined) return [];
  const failed = tests.find(([, test]) => !test(value));
  return failed === undefined ? [] : [fault(name, value, failed[0])];
}

const fault = (name: string, value: unknown, allowed: string): string =>
  `the option ${name} ${value === undefined ? 'is missing' : `is ${shown(value)}`}, and must be ${allowed}`;

/**
 * `normalized` decay is divided by the root of the number of steps, `timescale` decay by the steps of an epoch.
 *
 * @param run what is known of them
 * @throws OptionError if that is too little
 */
export function requireRun(
  className: string,
  convention: string,
  run: { readonly cycleSteps: number | undefined; readonly schedule: ScheduleOption | undefined },
): void {
  if (run.schedule !== undefined) return;
  const missing = (name: string, words: string) =>
    new OptionError(
      `${className}: ${fault(name, undefined, `${words}, since the convention '${convention}' needs it`)}.`,
      'A schedule says how long the run is.',
    );
  if (convention === 'timescale') throw missing('schedule', 'given');
  if (convention === 'normalized' && run.cycleSteps === undefined)
    throw missing('cycleSteps', 'a number of steps, 1 or more');
}

/** A value as a program has it, cut short. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value))
    return `[${value.slice(0, 5).map(shown).join(', ')}${value.length > 5 ? ', …' : ''}]`;
  if (value instanceof RegExp) return `the regular expression ${String(value)}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
