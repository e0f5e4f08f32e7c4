/** The options of all exported classes, as one schema: what is allowed is said here once. */
import { z } from 'zod';
import type { Placement } from '../experiment/placement.js';
import { fitsFloat32 } from '../experiment/float32.js';
import { OptionError } from './errors.js';
import type { Include } from './include.js';

/** What an issue's message says is what the option must be. */
const custom = <T>(allowed: string, test: (value: unknown) => boolean) =>
  z.custom<T>(test, { error: allowed, abort: true });

const number = (allowed: string, test: (value: number) => boolean) =>
  custom<number>(allowed, (value) => typeof value === 'number' && Number.isFinite(value) && test(value));

const setting = (allowed: string, test: (value: number) => boolean) =>
  number(allowed, test).refine(fitsFloat32, {
    error: 'a number that float32 can hold: 0, or from 1.4e-45 to 3.4e38',
  });

const oneOf = <const T extends string>(...values: readonly T[]) =>
  custom<T>(`one of ${values.map((value) => `'${value}'`).join(', ')}`, (value) =>
    (values as readonly unknown[]).includes(value),
  );

const rate = ['a finite number of 0 or more', (value: number) => value >= 0] as const;
const share = ['a number of 0 or more and below 1', (value: number) => value >= 0 && value < 1] as const;
const steps = number('a number of steps, 1 or more', (value) => value >= 1).optional();

const isNames = (value: unknown): boolean =>
  Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '');
const include = custom<Include>(
  'a list of variable names, or a function from a variable to true or false',
  (value) => typeof value === 'function' || isNames(value),
).optional();

const DEFAULT_EPSILON = 1e-8;

const decay = { weightDecay: setting(...rate), include };

const common = {
  ...decay,
  learningRate: setting(...rate),
  convention: oneOf('paper', 'lr', 'constant', 'normalized').default('paper'),
  cycleSteps: steps,
};

/** `normalized` decay is divided by the number of steps. */
const withCycle = <T extends z.ZodType<{ convention: string; cycleSteps?: number | undefined }>>(schema: T) =>
  schema.refine(({ convention, cycleSteps }) => convention !== 'normalized' || cycleSteps !== undefined, {
    path: ['cycleSteps'],
    error: "a number of steps, 1 or more, since the convention 'normalized' needs it",
  });

/** The first is the default. (zod cannot see that `first` is one of the choices, hence the cast.) */
const placementOf = <const P extends Placement>(first: P, ...others: readonly P[]) =>
  oneOf(first, ...others).default(first as never);

const adamOptions = <const P extends Placement>(...placements: readonly [P, ...P[]]) =>
  withCycle(
    z.strictObject({
      ...common,
      placement: placementOf(...placements),
      beta1: setting(...share).default(0.9),
      beta2: setting(...share).default(0.999),
      epsilon: setting('a finite number above 0, or null for the default', (value) => value > 0)
        .nullable()
        .default(DEFAULT_EPSILON)
        .transform((epsilon) => epsilon ?? DEFAULT_EPSILON),
      epsForm: oneOf('paper', 'torch7').default('paper'),
    }),
  );

export const adamWOptions = adamOptions('decoupled', 'cautious');
export const adamL2Options = adamOptions('l2', 'l2-in-m', 'l2-in-v');

const sgdOptions = <const P extends Placement>(...placements: readonly [P, ...P[]]) =>
  withCycle(
    z.strictObject({
      ...common,
      placement: placementOf(...placements),
      momentum: setting(...share).default(0.9),
      momentumForm: oneOf('paper', 'torch').default('paper'),
    }),
  );

export const sgdWOptions = sgdOptions('decoupled', 'cautious');
export const sgdL2Options = sgdOptions('l2');

/** The first argument of a class made by extendWithDecoupledWeightDecay. */
export const decayOptions = z.strictObject(decay);

/**
 * The settings that a program may change between steps. A schedule may take a rate below what float32 can hold: such a
 * step counts as one at 0.
 */
export const stepSettings = withCycle(
  z.object({
    learningRate: number(...rate),
    weightDecay: number(...rate),
    eta: number(...rate),
    convention: z.string(),
    cycleSteps: steps,
  }),
);

/** As `stepSettings`, for a class made by extendWithDecoupledWeightDecay. */
export const decaySettings = z.object({ weightDecay: number(...rate) });

/**
 * The options of a class, checked, with their defaults.
 *
 * @throws OptionError that names each wrong option, its value and what is allowed
 */
export function checkOptions<T extends z.ZodType>(
  schema: T,
  className: string,
  options: unknown,
): z.output<T> {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw new OptionError(
      `${className} takes its options as an object, and was given ${shown(options)}.`,
      'Give it at least { learningRate, weightDecay }; a class of extendWithDecoupledWeightDecay, { weightDecay }.',
    );
  const result = schema.safeParse(options);
  if (result.success) return result.data;
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const faults = result.error.issues.map((issue) => fault(issue, options as Record<string, unknown>, known));
  throw new OptionError(`${className}: ${faults.join('; ')}.`);
}

function fault(issue: z.core.$ZodIssue, options: Record<string, unknown>, known: readonly string[]): string {
  if (issue.code === 'unrecognized_keys')
    return `there is no option ${issue.keys.join(', ')} (the options are ${known.join(', ')})`;
  const name = String(issue.path[0]);
  const given = name in options ? `is ${shown(options[name])}` : 'is missing';
  return `the option ${name} ${given}, and must be ${issue.message}`;
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
