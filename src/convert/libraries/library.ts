/** What the conversion knows of a library: its optimizers, their decay, and how a setting is written in it. */
import type { Convention } from '../conventions.js';
import type { StepForm } from '../steps.js';

/**
 * Settings by our names. `l2` is the argument of a penalty l2 |theta|^2 in the loss, which is L2 of strength 2 l2.
 * `rho` is the smoothing of RMSprop and Adadelta.
 */
export const PARAMS = ['lr', 'wd', 'l2', 'momentum', 'beta1', 'beta2', 'rho', 'eps'] as const;
export type Param = (typeof PARAMS)[number];
export type Values = Readonly<Partial<Record<Param, number>>>;

/** One optimizer, with one form of decay. A class that can do both has an entry for each. */
export interface LibraryOptimizer {
  /** As the library calls it. */
  readonly name: string;
  /** The arguments that choose this form of decay, where they are not the defaults. */
  readonly flags: Readonly<Record<string, boolean>>;
  readonly decay: 'l2' | Convention;
  readonly step: StepForm;
  /** The settings that it has, with the library's defaults. */
  readonly defaults: Values;
  /** How it is written, with the settings given. */
  readonly write: (values: Values) => string;
  /** What somebody who ports this optimizer should know. */
  readonly note?: string;
}

export interface Library {
  readonly name: string;
  /** As people call it. */
  readonly title: string;
  /** Where the formulas are from. */
  readonly source: string;
  readonly optimizers: readonly LibraryOptimizer[];
  /** What holds for all its optimizers. */
  readonly note?: string;
}

/** A number in Python: a whole one with a point, since Keras refuses an int. */
export const python = (value: number): string =>
  /^-?\d+$/.test(String(value)) ? `${value}.0` : String(value);

export type Names = Readonly<Partial<Record<Param, string>>>;

/** Keyword arguments in Python. Where both betas are one argument `betas`, they are written as a tuple. */
export function keywords(
  values: Values,
  names: Names,
  flags: Readonly<Record<string, boolean | string>> = {},
): string[] {
  const one = (param: Param): string[] => {
    const [value, name] = [values[param], names[param]];
    if (value === undefined || name === undefined) return [];
    if (name !== 'betas') return [`${name}=${python(value)}`];
    return param === 'beta1' ? [`betas=(${python(value)}, ${python(values.beta2!)})`] : [];
  };
  const flag = ([name, value]: [string, boolean | string]) =>
    `${name}=${value === true ? 'True' : value === false ? 'False' : value}`;
  return [...PARAMS.flatMap(one), ...Object.entries(flags).map(flag)];
}

export const call = (name: string, ...groups: readonly (readonly string[])[]): string =>
  `${name}(${groups.flat().join(', ')})`;

/** An optimizer without its `write`. */
export type Entry = Omit<LibraryOptimizer, 'write' | 'flags'> & {
  readonly flags?: Readonly<Record<string, boolean>>;
  /** Its names, where they are not those of its module. */
  readonly names?: Names;
};

/** Makes the optimizers of a module that are written `module.Name(params, lr=...)`. */
export const classesOf =
  (module: string, usual: Names, ...first: readonly string[]) =>
  ({ names = usual, flags = {}, ...rest }: Entry): LibraryOptimizer => ({
    ...rest,
    flags,
    write: (values) => call(`${module}.${rest.name}`, first, keywords(values, names, flags)),
  });

/** Both betas, as most libraries have them. */
export const BETAS = { beta1: 0.9, beta2: 0.999 } as const;
