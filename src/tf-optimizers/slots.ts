/**
 * The state tensors that an optimizer keeps for each variable, by the variable's name. While variables are trained together,
 * their state lies joined in groups (groups.ts); it is parted again to be saved, or if other variables are trained.
 */
import { dispose, tidy, zeros, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { StateError } from './errors.js';
import type { NamedTensor } from './gradients.js';
import { join, separate, type Arranged } from './groups.js';
import { orderOf, pairLoaded, requireSameShape } from './state.js';

interface Entry {
  readonly name: string;
  readonly shapes: readonly (readonly number[])[];
  /** One for each slot, of the variable's shape. Undefined: zeros, or in a group. Out of date: in a group, too. */
  tensors: readonly Variable[] | undefined;
  /** Whether somebody has been given the tensors and may still read them. */
  isShown: boolean;
}

/** A group with its joined state. */
export interface Group extends Arranged {
  readonly slots: readonly Variable[];
}

export class Slots {
  private readonly claimed = new Map<string, Entry>();
  /** Entries that were loaded and that no variable has met yet, in their order. */
  private loaded: Entry[] = [];
  private groups: Group[] = [];

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
      for (const [i, shape] of (entry?.shapes ?? []).entries())
        requireSameShape(variable, `${entry!.name}/${this.names[i]}`, shape);
    }
    for (const { entry, now } of entries) if (now !== undefined) this.claimed.set(now, entry);
    this.loaded = entries.filter(({ now }) => now === undefined).map(({ entry }) => entry);
  }

  /** Groups with their state, which is zeros at first. */
  of(wanted: readonly Arranged[]): readonly Group[] {
    if (!isSame(wanted, this.groups)) {
      this.separate();
      this.groups = wanted.map((group) => ({ ...group, slots: this.joined(group.variables) }));
    }
    return this.groups;
  }

  /** Slot by slot, as Keras and tfjs order them: a/m, b/m, a/v, b/v. The tensors stay the optimizer's. */
  weights(): NamedTensor[] {
    this.separate();
    const entries = this.named();
    for (const [, entry] of entries) entry.isShown = true;
    return this.names.flatMap((slot, i) =>
      entries.map(([name, { tensors }]) => ({ name: `${name}/${slot}`, tensor: tensors![i]! })),
    );
  }

  /** Replaces all state by what `weights` gave, here or in another process. */
  load(weights: readonly NamedTensor[]): void {
    const slots = this.names;
    const count = weights.length / slots.length;
    if (!Number.isInteger(count))
      throw new StateError(
        `${weights.length} state tensors cannot belong to an optimizer with ${slots.length} for each variable.`,
      );
    const names = orderOf(weights.map(({ name }) => name));
    if (names?.length !== count)
      throw new StateError(
        `The names of the state tensors do not say whose they are: ${weights.map(({ name }) => name).join(', ')}. They must be a variable's name and one of ${slots.join(', ')}, slot by slot.`,
      );
    // Made before the old ones go, which may be the very same.
    const loaded = names.map((name, i) => {
      const tensors = slots.map((_, slot) => weights[slot * count + i]!.tensor.variable(false));
      return { name, shapes: tensors.map(({ shape }) => shape), tensors, isShown: false };
    });
    this.dispose();
    this.loaded = loaded;
  }

  dispose(): void {
    for (const { slots } of this.groups) dispose([...slots]);
    for (const { tensors } of [...this.claimed.values(), ...this.loaded]) dispose([...(tensors ?? [])]);
    this.groups = [];
    this.claimed.clear();
    this.loaded = [];
  }

  /** Each entry under the name that it was loaded with, or its variable's where two were loaded with one name. */
  private named(): [string, Entry][] {
    const all = [...this.claimed, ...this.loaded.map((entry) => [entry.name, entry] as const)];
    const isTwice = (name: string) => all.filter(([, entry]) => entry.name === name).length > 1;
    return all.map(([variable, entry]) => [isTwice(entry.name) ? variable : entry.name, entry]);
  }

  private entryOf({ name, shape }: Variable): Entry {
    const found = this.claimed.get(name);
    if (found) return found;
    const shapes = this.names.map(() => shape);
    const entry: Entry = { name, shapes, tensors: undefined, isShown: false };
    this.claimed.set(name, entry);
    return entry;
  }

  /** The state of variables, joined. */
  private joined(variables: readonly Variable[]): Variable[] {
    const entries = variables.map((variable) => this.entryOf(variable));
    const joined = this.names.map((_, i) =>
      tidy(() => {
        const tensors = entries.map(({ shapes, tensors }): Tensor => tensors?.[i] ?? zeros([...shapes[i]!]));
        return join(tensors).variable(false);
      }),
    );
    for (const entry of entries.filter(({ isShown }) => !isShown)) {
      dispose([...(entry.tensors ?? [])]);
      entry.tensors = undefined;
    }
    return joined;
  }

  /** Brings all state back to the entries. */
  private separate(): void {
    for (const { variables, slots } of this.groups) {
      const entries = variables.map((variable) => this.entryOf(variable));
      tidy(() => {
        const pieces = slots.map((slot) =>
          separate(
            slot,
            entries.map(({ shapes }) => shapes[0]!),
          ),
        );
        for (const [i, entry] of entries.entries())
          if (entry.tensors) entry.tensors.forEach((tensor, slot) => tensor.assign(pieces[slot]![i]!));
          else entry.tensors = pieces.map((piece) => piece[i]!.variable(false));
      });
      dispose([...slots]);
    }
    this.groups = [];
  }
}

/** Whether the groups are of these very variables. */
const isSame = (wanted: readonly Arranged[], groups: readonly Group[]): boolean =>
  wanted.length === groups.length &&
  wanted.every(({ variables, decays, layout }, i) => {
    const group = groups[i]!;
    return (
      decays === group.decays &&
      String(layout) === String(group.layout) &&
      variables.length === group.variables.length &&
      variables.every((variable, j) => variable === group.variables[j])
    );
  });
