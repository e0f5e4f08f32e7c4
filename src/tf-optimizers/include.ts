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

/** An `include` in use: it finds the variables of each step. */
export class Inclusion {
  /** Names that have met a variable of the very name: those stand for no other. */
  private readonly met = new Set<string>();

  constructor(private readonly include: Include | undefined) {}

  /**
   * The variables of a step that decay; without an `include`, all.
   *
   * @throws IncludeError if a listed name matches no variable, or several (a typing mistake would otherwise switch
   *   decay off silently)
   */
  of(variables: readonly Variable[]): ReadonlySet<Variable> {
    const { include } = this;
    if (include === undefined) return new Set(variables);
    if (typeof include === 'function') return new Set(variables.filter((variable) => include(variable)));
    const chosen = this.named(include, new Set(variables.map(({ name }) => name)));
    return new Set(variables.filter(({ name }) => chosen.has(name)));
  }

  private named(include: readonly string[], now: Set<string>): Set<string> {
    for (const name of include) if (now.has(name)) this.met.add(name);
    const chosen = new Set(include.filter((name) => now.has(name)));
    const renamed = include.filter((name) => !this.met.has(name));
    const found = pairNames(
      renamed,
      [...now].filter((name) => !chosen.has(name)),
    );
    if ('ambiguity' in found) throw ambiguous(found.ambiguity.saved, found.ambiguity.now);
    const left = renamed.filter((name) => !found.pairs.has(name));
    const converted = new Set(left.flatMap((name) => [...now].filter((other) => converts(other, name))));
    requireKnown(left);
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

function requireKnown(names: readonly string[]): void {
  if (names.length === 0) return;
  const known = Object.keys(engine().registeredVariables);
  const unknown = names.filter((name) => !known.some((now) => maySame(name, now) || converts(now, name)));
  if (unknown.length > 0)
    throw new IncludeError(
      `include names ${unknown.join(', ')}, but there is no such variable. The variables are: ${known.join(', ')}.`,
    );
}

const ambiguous = (names: readonly string[], variables: readonly string[]) =>
  new IncludeError(
    `include names ${names.join(', ')}, which can mean ${variables.join(' and ')}: list the variables by their full names.`,
  );

/**
 * `include` for getConfig(): absent if all decay. When tfjs loads a model it camel-cases every string of a config,
 * except the `name` of an object.
 *
 * @throws OptionError for a function, which no file can hold
 */
export function includeConfig(include: Include | undefined): { include?: { name: string }[] } {
  if (include === undefined) return {};
  if (typeof include === 'function')
    throw new OptionError('An include function cannot be saved: give include as a list of variable names.');
  return { include: include.map((name) => ({ name })) };
}

/** The `include` of a config; earlier versions saved the bare names. What it is not is left for the options' check. */
export function includeFromConfig(saved: unknown): unknown {
  if (!Array.isArray(saved)) return saved;
  return saved.map((entry: unknown) =>
    typeof entry === 'object' && entry !== null && 'name' in entry ? entry.name : entry,
  );
}
