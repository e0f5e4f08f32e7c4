/** Which variables of a tfjs program decay. */
import { engine, type Variable } from '@tensorflow/tfjs-core';
import { IncludeError, OptionError } from './errors.js';
import { maySame, pairNames } from './names.js';

/**
 * The variables that decay: a list of their names, or a function that decides for each. It is usual to exclude biases
 * and norm parameters: `(variable) => variable.rank > 1`. A name also matches the variable that tfjs has renamed
 * since, `fc/kernel_1` for `fc/kernel`, unless the step has a variable of exactly that name.
 */
export type Include = readonly string[] | ((variable: Variable) => boolean);

/** The variables that do not decay: as `Include`, or `'rank1'`: biases and the parameters of norms, all of rank 0 and 1. */
export type Exclude = Include | 'rank1';

/** The variables that decay: those that are included and not excluded. */
export class Inclusion {
  private readonly included: Selection | undefined;
  private readonly excluded: Selection | undefined;

  constructor(include: Include | undefined, exclude: Exclude | undefined) {
    this.included = include && new Selection('include', include);
    this.excluded = exclude && new Selection('exclude', exclude === 'rank1' ? isOfRank1 : exclude);
  }

  /**
   * The variables of a step that decay; without lists, all.
   *
   * @throws IncludeError as `Selection.of`
   */
  of(variables: readonly Variable[]): ReadonlySet<Variable> {
    const included = this.included?.of(variables) ?? new Set(variables);
    const excluded = this.excluded?.of(variables) ?? new Set<Variable>();
    return new Set([...included].filter((variable) => !excluded.has(variable)));
  }
}

const isOfRank1 = ({ shape }: Variable): boolean => shape.length <= 1;

/** A list or a function in use: it finds the variables of each step. */
export class Selection {
  /** Names that have met a variable of the very name: those stand for no other. */
  private readonly met = new Set<string>();

  /** @param option what it is called, for messages */
  constructor(
    private readonly option: string,
    private readonly choice: Include,
  ) {}

  /**
   * The variables of a step that are meant.
   *
   * @throws IncludeError if a listed name matches no variable, or several (a typing mistake would otherwise switch
   *   decay off silently)
   */
  of(variables: readonly Variable[]): ReadonlySet<Variable> {
    const { choice } = this;
    if (typeof choice === 'function') return new Set(variables.filter((variable) => choice(variable)));
    const chosen = this.named(choice, new Set(variables.map(({ name }) => name)));
    return new Set(variables.filter(({ name }) => chosen.has(name)));
  }

  private named(list: readonly string[], now: Set<string>): Set<string> {
    for (const name of list) if (now.has(name)) this.met.add(name);
    const chosen = new Set(list.filter((name) => now.has(name)));
    const renamed = list.filter((name) => !this.met.has(name));
    const found = pairNames(
      renamed,
      [...now].filter((name) => !chosen.has(name)),
    );
    if ('ambiguity' in found) throw ambiguous(this.option, found.ambiguity.saved, found.ambiguity.now);
    const left = renamed.filter((name) => !found.pairs.has(name));
    const converted = new Set(left.flatMap((name) => [...now].filter((other) => converts(other, name))));
    requireKnown(this.option, left);
    return new Set([...chosen, ...found.pairs.values(), ...converted]);
  }
}

/**
 * The form that tfjs gave a name in older saved configs: it read `dense_Dense1/kernel` back as `denseDense1/kernel`.
 */
const camelCased = (name: string): string =>
  name.replace(/_+(\w|$)/g, (_, next: string) => next.toUpperCase());

const converts = (now: string, listed: string): boolean =>
  camelCased(now) === listed || camelCased(now.replace(/_\d+$/, '')) === listed;

function requireKnown(option: string, names: readonly string[]): void {
  if (names.length === 0) return;
  const known = Object.keys(engine().registeredVariables);
  const unknown = names.filter((name) => !known.some((now) => maySame(name, now) || converts(now, name)));
  if (unknown.length > 0)
    throw new IncludeError(
      `${option} names ${unknown.join(', ')}, but there is no such variable. The variables are: ${known.join(', ')}.`,
    );
}

const ambiguous = (option: string, names: readonly string[], variables: readonly string[]) =>
  new IncludeError(
    `${option} names ${names.join(', ')}, which can mean ${variables.join(' and ')}: list the variables by their full names.`,
  );

/** A list as a config has it. */
export type SavedNames = { name: string }[];

/**
 * `include`, `exclude` and other lists for getConfig(): absent where they are not given. When tfjs loads a model it
 * camel-cases every string of a config, except the `name` of an object.
 *
 * @throws OptionError for a function, which no file can hold
 */
export function includeConfig(
  lists: Readonly<Record<string, Exclude | undefined>>,
): Record<string, SavedNames | 'rank1'> {
  return Object.fromEntries(
    Object.entries(lists).flatMap(([option, list]) =>
      list === undefined ? [] : [[option, list === 'rank1' ? list : savedNames(option, list)]],
    ),
  );
}

function savedNames(option: string, list: Include): SavedNames {
  if (typeof list === 'function')
    throw new OptionError(
      `A function as ${option} cannot be saved: give ${option} as a list of variable names.`,
    );
  return list.map((name) => ({ name }));
}

/** A list of a config; earlier versions saved the bare names. What it is not is left for the options' check. */
export function includeFromConfig(saved: unknown): unknown {
  if (!Array.isArray(saved)) return saved;
  return saved.map((entry: unknown) =>
    typeof entry === 'object' && entry !== null && 'name' in entry ? entry.name : entry,
  );
}
