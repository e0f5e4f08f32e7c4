/** The state vectors that an optimizer keeps for each variable, by the variable's name. */
import { tidy, zerosLike, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import type { NamedTensor } from './gradients.js';

interface Entry {
  readonly name: string;
  /** One for each slot, of the variable's shape. */
  readonly tensors: readonly Variable[];
}

export class Slots {
  private readonly claimed = new Map<string, Entry>();
  /** Entries that were loaded and that no variable has asked for yet, in their order. */
  private loaded: Entry[] = [];

  /** @param names e.g. ['m', 'v'] */
  constructor(private readonly names: readonly string[]) {}

  /** The state of a variable; zeros at first. `others` are the names of all variables in this step. */
  of(variable: Variable, others: ReadonlySet<string>): readonly Variable[] {
    let entry = this.claimed.get(variable.name) ?? this.claim(variable, others);
    entry ??= {
      name: variable.name,
      tensors: this.names.map(() => tidy(() => zerosLike<Tensor>(variable).variable(false))),
    };
    this.claimed.set(variable.name, entry);
    return entry.tensors;
  }

  /** Slot by slot, as Keras and tfjs order them: a/m, b/m, a/v, b/v. */
  weights(): NamedTensor[] {
    const entries = [...this.claimed.values(), ...this.loaded];
    return this.names.flatMap((slot, i) =>
      entries.map(({ name, tensors }) => ({ name: `${name}/${slot}`, tensor: tensors[i]! })),
    );
  }

  /** Replaces all state by what `weights` gave, here or in another process. */
  load(weights: readonly NamedTensor[]): void {
    const count = weights.length / this.names.length;
    if (!Number.isInteger(count))
      throw new Error(
        `${weights.length} state tensors cannot belong to an optimizer with ${this.names.length} for each variable.`,
      );
    this.dispose();
    this.loaded = weights.slice(0, count).map(({ name }, i) => ({
      name: name.replace(/\/[^/]*$/, ''),
      tensors: this.names.map((_, slot) => weights[slot * count + i]!.tensor.variable(false)),
    }));
  }

  dispose(): void {
    for (const { tensors } of [...this.claimed.values(), ...this.loaded])
      for (const tensor of tensors) tensor.dispose();
    this.claimed.clear();
    this.loaded = [];
  }

  /**
   * Loaded state for a variable: that under its name, else the next that bears no other variable's name and has its
   * shape, since tfjs renames the variables of a model that is loaded beside another (dense/kernel_1).
   */
  private claim(variable: Variable, others: ReadonlySet<string>): Entry | undefined {
    const shape = variable.shape.join();
    const fits = ({ tensors }: Entry) => tensors[0]!.shape.join() === shape;
    const entry =
      this.loaded.find(({ name }) => name === variable.name) ??
      this.loaded.find((candidate) => !others.has(candidate.name) && fits(candidate));
    if (!entry) return undefined;
    if (!fits(entry))
      throw new Error(
        `The loaded optimizer state of ${variable.name} has shape [${entry.tensors[0]!.shape.join()}], the variable [${shape}].`,
      );
    this.loaded = this.loaded.filter((other) => other !== entry);
    return entry;
  }
}
