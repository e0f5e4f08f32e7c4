/**
 * tfjs's own optimizers keep state by position: the i-th gradient of a step uses the i-th state, of whichever
 * variable. This gives each variable its own position: that of its loaded state, if there is any.
 */
import { engine, type Tensor } from '@tensorflow/tfjs-core';
import type { NamedTensor, VariableGradients } from './gradients.js';
import { orderOf, pairLoaded, requireSameShape, variableOf } from './state.js';

interface Position {
  /** The variable's name, or its name when it was saved until it has been met. */
  name: string;
  /** State that waits for its variable. */
  loaded: readonly NamedTensorShape[];
}

interface NamedTensorShape {
  readonly name: string;
  readonly shape: readonly number[];
}

export class Positions {
  private order: Position[] = [];

  /** Takes the positions of what `setWeights` gets, without the number of steps. */
  load(weights: readonly NamedTensor[]): void {
    const shapes = weights.map(({ name, tensor }) => ({ name, shape: tensor.shape }));
    const names = orderOf(weights.map(({ name }) => name));
    // Another program's optimizer class may name its state otherwise; then its order is kept.
    this.order = (names ?? []).map((name) => ({
      name,
      loaded: shapes.filter((piece) => variableOf(piece.name) === name),
    }));
  }

  /**
   * The gradients in the order of the state. A variable that is not in this step gets a place without a gradient, as
   * tfjs does for a variable that the loss does not depend on.
   *
   * @throws StateError as `pairLoaded` and `requireSameShape`
   */
  place(gradients: VariableGradients): VariableGradients {
    const given = new Map(entries(gradients));
    this.match([...given.keys()]);
    const known = new Set(this.order.map(({ name }) => name));
    for (const name of given.keys()) if (!known.has(name)) this.order.push({ name, loaded: [] });
    const names = [...given.keys()];
    const inPlace =
      this.order.length === names.length && this.order.every(({ name }, i) => name === names[i]);
    return inPlace ? gradients : this.order.map(({ name }) => ({ name, tensor: given.get(name) as Tensor }));
  }

  private match(names: readonly string[]): void {
    const waiting = this.order.filter(({ loaded }) => loaded.length > 0);
    const found = pairLoaded(
      waiting.map(({ name }) => name),
      names.filter((name) => !this.has(name)),
    );
    const matched = waiting.flatMap((position) => {
      const variable = engine().registeredVariables[found.get(position.name) ?? ''];
      return variable ? [{ position, variable }] : [];
    });
    for (const { position, variable } of matched)
      for (const { name, shape } of position.loaded) requireSameShape(variable, name, shape);
    for (const { position, variable } of matched) {
      position.name = variable.name;
      position.loaded = [];
    }
  }

  /** Whether a variable has met its position. */
  private has(variable: string): boolean {
    return this.order.some(({ name, loaded }) => name === variable && loaded.length === 0);
  }
}

const entries = (gradients: VariableGradients): [string, Tensor | undefined][] =>
  Array.isArray(gradients)
    ? (gradients as NamedTensor[]).map(({ name, tensor }) => [name, tensor])
    : Object.entries(gradients as Readonly<Record<string, Tensor | undefined>>);
