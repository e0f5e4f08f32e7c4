/** The state vectors that an optimizer keeps for each variable, by the variable's name. */
import { tidy, zerosLike, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { StateError } from './errors.js';
import type { NamedTensor } from './gradients.js';
import { orderOf, pairLoaded, requireSameShape } from './state.js';

interface Entry {
  readonly name: string;
  /** One for each slot, of the variable's shape. */
  readonly tensors: readonly Variable[];
}

export class Slots {
  private readonly claimed = new Map<string, Entry>();
  /** Entries that were loaded and that no variable has met yet, in their order. */
  private loaded: Entry[] = [];

  /** @param names e.g. ['m', 'v'] */
  constructor(private readonly names: readonly string[]) {}

  /**
   * Gives loaded state to the variables of a step, by name.
   *
   * @throws StateError for loaded state that belongs to no variable of the program, or to several, and for state of
   * another shape than its variable's.
   */
  match(variables: readonly Variable[]): void {
    const waiting = variables.filter(({ name }) => !this.claimed.has(name));
    const found = pairLoaded(
      this.loaded.map(({ name }) => name),
      waiting.map(({ name }) => name),
    );
    const entries = this.loaded.map((entry) => ({ entry, now: found.get(entry.name) }));
    for (const variable of variables) {
      const entry =
        this.claimed.get(variable.name) ?? entries.find(({ now }) => now === variable.name)?.entry;
      for (const [i, slot] of (entry?.tensors ?? []).entries())
        requireSameShape(variable, `${entry!.name}/${this.names[i]}`, slot.shape);
    }
    for (const { entry, now } of entries) if (now !== undefined) this.claimed.set(now, entry);
    this.loaded = entries.filter(({ now }) => now === undefined).map(({ entry }) => entry);
  }

  /** The state of a variable; zeros at first. */
  of(variable: Variable): readonly Variable[] {
    const found = this.claimed.get(variable.name);
    if (found) return found.tensors;
    const tensors = this.names.map(() => tidy(() => zerosLike<Tensor>(variable).variable(false)));
    this.claimed.set(variable.name, { name: variable.name, tensors });
    return tensors;
  }

  /** Slot by slot, as Keras and tfjs order them: a/m, b/m, a/v, b/v. */
  weights(): NamedTensor[] {
    const entries = this.named();
    return this.names.flatMap((slot, i) =>
      entries.map(({ name, tensors }) => ({ name: `${name}/${slot}`, tensor: tensors[i]! })),
    );
  }

  /** Replaces all state by what `weights` gave, here or in another process. */
  load(weights: readonly NamedTensor[]): void {
    const count = weights.length / this.names.length;
    if (!Number.isInteger(count))
      throw new StateError(
        `${weights.length} state tensors cannot belong to an optimizer with ${this.names.length} for each variable.`,
      );
    const names = orderOf(weights.map(({ name }) => name));
    if (names?.length !== count)
      throw new StateError(
        `The names of the state tensors do not say whose they are: ${weights.map(({ name }) => name).join(', ')}. They must be a variable's name and one of ${this.names.join(', ')}, slot by slot.`,
      );
    this.dispose();
    this.loaded = names.map((name, i) => ({
      name,
      tensors: this.names.map((_, slot) => weights[slot * count + i]!.tensor.variable(false)),
    }));
  }

  /** Each entry under the name that it was loaded with, or its variable's where two were loaded with one name. */
  private named(): Entry[] {
    const all = [...this.claimed, ...this.loaded.map((entry) => [entry.name, entry] as const)];
    const isTwice = (name: string) => all.filter(([, entry]) => entry.name === name).length > 1;
    return all.map(([variable, { name, tensors }]) => ({ name: isTwice(name) ? variable : name, tensors }));
  }

  dispose(): void {
    for (const { tensors } of [...this.claimed.values(), ...this.loaded])
      for (const tensor of tensors) tensor.dispose();
    this.claimed.clear();
    this.loaded = [];
  }
}
