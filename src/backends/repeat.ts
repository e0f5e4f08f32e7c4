/**
 * The same computation again and again, as a training step is: a backend that can records which kernels the first run
 * called, and on what memory, and from then on calls those alone. What tfjs does around a kernel (tape, scopes, shapes,
 * bookkeeping of memory) is a sixth of the step of a small network.
 */
import { engine, type Tensor } from '@tensorflow/tfjs-core';

export interface Computation {
  /**
   * Whose it is: a model. Recordings live as long as it does, or until `forget`. If one of its computations turns out
   * not to be repeatable, none of them is repeated.
   */
  readonly owner: object;
  /** Tells an owner's computations apart; so do the shapes of the inputs. */
  readonly name: string;
  /** Everything that is another the next time: tensors of float32 or int32, no two of which share memory. */
  readonly inputs: readonly Tensor[];
  /**
   * Float32 tensors, which must not be results of an earlier run. Calls `unrepeatable` when it makes use of anything
   * that will be another next time and is no input, such as a random number: then it is run anew every time.
   */
  run(unrepeatable: () => void): Tensor[];
}

/** What a backend that records has beyond tfjs's. */
export interface Repeating {
  repeat(computation: Computation): Tensor[];
  forget(owner: object): void;
}

const repeating = (): Repeating | undefined => {
  const { backend } = engine() as unknown as { backend: Partial<Repeating> };
  return backend.repeat && (backend as Repeating);
};

/**
 * The tensors that `run` gives. They are the caller's to dispose of, before the owner's next computation, and before
 * `forget`: both may have their memory written to.
 */
export function repeat(computation: Computation): Tensor[] {
  return repeating()?.repeat(computation) ?? computation.run(() => undefined);
}

/** Lets go of an owner's recordings and of the memory that they work in. */
export const forget = (owner: object): void => repeating()?.forget(owner);
