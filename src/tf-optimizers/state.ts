/** Which variable loaded optimizer state belongs to. */
import { engine, type Variable } from '@tensorflow/tfjs-core';
import { StateError } from './errors.js';
import { maySame, pairNames } from './names.js';

/**
 * The variable of each loaded name, among a step's variables that have no state yet. A name may be left over if the
 * program has its variable elsewhere: frozen, or trained in other steps.
 *
 * @throws StateError for a name that matches no variable of the program, or several
 */
export function pairLoaded(loaded: readonly string[], waiting: readonly string[]): Map<string, string> {
  if (loaded.length === 0) return new Map();
  const found = pairNames(loaded, waiting);
  if ('ambiguity' in found) {
    const { saved, now } = found.ambiguity;
    throw new StateError(
      `The loaded optimizer state of ${saved.join(', ')} can belong to ${now.join(' and ')}: their names do not say which.`,
    );
  }
  const known = Object.keys(engine().registeredVariables);
  const lost = loaded.filter((name) => !found.pairs.has(name) && !known.some((now) => maySame(name, now)));
  if (lost.length > 0) {
    const without = waiting.filter((name) => ![...found.pairs.values()].includes(name));
    throw new StateError(
      `There is loaded optimizer state of ${lost.join(', ')}, but no such variable. ${without.length === 0 ? 'Every variable of this step has state of its own.' : `Variables without state are: ${without.join(', ')}.`}`,
    );
  }
  return found.pairs;
}

/** @throws StateError, which names the variable, if state of this shape cannot be its. */
export function requireSameShape({ name, shape }: Variable, state: string, found: readonly number[]): void {
  if (shape.join() !== found.join())
    throw new StateError(
      `The optimizer state ${state} of ${name} has shape [${found.join()}], the variable [${shape.join()}].`,
    );
}

/** The variable's name in the name of a piece of its state, e.g. `fc/kernel` of `fc/kernel/m`. */
export const variableOf = (name: string): string => name.replace(/\/[^/]*$/, '');

/**
 * The variables of saved state, which lies slot by slot in one order of the variables: a/m, b/m, a/v, b/v. Undefined
 * if the names are not in such an order.
 *
 * @throws StateError if two tensors have one name, so that nobody can tell whose they are
 */
export function orderOf(names: readonly string[]): string[] | undefined {
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  if (twice.length > 0)
    throw new StateError(`Two tensors of the optimizer state have one name: ${twice.join(', ')}.`);
  const order = [...new Set(names.map(variableOf))];
  const isRegular =
    names.length % Math.max(1, order.length) === 0 &&
    names.every((name, i) => variableOf(name) === order[i % order.length]);
  return isRegular ? order : undefined;
}
