/**
 * Repeats a computation, such as a training step, with less work: a backend that supports this records which kernels the
 * first run calls, and on which memory. Later runs make only those calls. They skip what tfjs does around a kernel (tape,
 * scopes, shapes, bookkeeping of memory), a sixth of the step of a small network. `onednn` is such a backend: its
 * recorder is onednn/recorder.ts.
 */
import { engine, type Tensor } from '@tensorflow/tfjs-core';

export interface Computation {
  /**
   * What the computation belongs to: a model. Its recordings live until it is collected or `forget` is called. If one
   * computation of an owner cannot be repeated, none of them is.
   */
  readonly owner: object;
  /** Tells an owner's computations apart, together with the shapes of the inputs. */
  readonly name: string;
  /** Everything that differs from run to run: tensors of float32 or int32, no two of which share memory. */
  readonly inputs: readonly Tensor[];
  /**
   * Computes the results, float32 tensors that must not be results of an earlier run. It calls `unrepeatable` if it uses
   * something that differs from run to run and is no input, such as a random number. Then it runs in full every time.
   */
  run(unrepeatable: () => void): Tensor[];
}

/** The methods that a backend with a recorder has beyond those of tfjs. */
export interface RepeatingBackend {
  repeat(computation: Computation): Tensor[];
  forget(owner: object): void;
}

const repeatingBackend = (): RepeatingBackend | undefined => {
  const { backend } = engine() as unknown as { backend: Partial<RepeatingBackend> };
  return backend.repeat && (backend as RepeatingBackend);
};

/**
 * The results of `run`. The caller disposes of them before the owner's next computation and before `forget`: both may
 * write to their memory.
 */
export function repeat(computation: Computation): Tensor[] {
  return repeatingBackend()?.repeat(computation) ?? computation.run(() => undefined);
}

/** Drops an owner's recordings and the memory that they work in. */
export const forget = (owner: object): void => repeatingBackend()?.forget(owner);
