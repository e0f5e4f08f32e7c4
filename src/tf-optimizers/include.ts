/** Which variables of a tfjs program decay. */
import { engine, type Variable } from '@tensorflow/tfjs-core';

/**
 * The variables that decay: a list of their names, or a function that says for each. To spare biases and norm
 * parameters, as is the custom: `(variable) => variable.rank > 1`.
 */
export type Include = readonly string[] | ((variable: Variable) => boolean);

/** Whether a variable decays; without an `include`, every one does. */
export function decays(include: Include | undefined, variable: Variable): boolean {
  if (include === undefined) return true;
  return typeof include === 'function' ? include(variable) : include.includes(variable.name);
}

/**
 * @throws Error if a list names something that is no variable: a slip of the pen would otherwise switch decay off in
 * silence.
 */
export function requireKnown(include: Include | undefined): void {
  if (include === undefined || typeof include === 'function') return;
  const known = engine().registeredVariables;
  const unknown = include.filter((name) => !(name in known));
  if (unknown.length > 0)
    throw new Error(
      `include names ${unknown.join(', ')}, but there is no such variable. The variables are: ${Object.keys(known).join(', ')}.`,
    );
}

/**
 * `include` as getConfig() has it: nothing where all decay.
 *
 * @throws Error for a function, which no file can hold.
 */
export function includeConfig(include: Include | undefined): { include?: string[] } {
  if (include === undefined) return {};
  if (typeof include === 'function')
    throw new Error('An include function cannot be saved: give include as a list of variable names.');
  return { include: [...include] };
}
