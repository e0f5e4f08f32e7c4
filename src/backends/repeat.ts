/**
 * Repeats a computation, such as a training step, with less work. A backend that supports this records a run and makes
 * later runs from the recording, which skips tfjs's work around each kernel (tape, scopes, shapes, bookkeeping of
 * memory). `onednn` calls the same kernels on the same memory (onednn/recorder.ts). `tensorflow` makes one function of
 * them (tensorflow/repeats.ts). `webgpu` sends the recorded commands again (webgpu/recordings.ts).
 */
import { engine, type Tensor } from './tfjs.js';

export interface Computation {
  /**
   * What the computation belongs to, such as a model. The recordings live until the owner is collected or `forget` is
   * called. On `onednn`, if one computation of an owner cannot be repeated, none of them is.
   */
  readonly owner: object;
  /** With the shapes of the inputs it identifies a computation of the owner. */
  readonly name: string;
  /** Everything that differs from run to run: tensors of float32 or int32, no two of which share memory. */
  readonly inputs: readonly Tensor[];
  /**
   * Computes the results: float32 tensors, none of them the result of an earlier run. It changes nothing else, since
   * `tensorflow` may run it and drop the results. It calls `unrepeatable` if it uses something that is no input and
   * differs from run to run, such as a random number. Then it runs in full every time.
   */
  run(unrepeatable: () => void): Tensor[];
}

/** The additional methods of a backend with a recorder. */
export interface RepeatingBackend {
  repeat(computation: Computation): Tensor[];
  forget(owner: object): void;
}

const repeatingBackend = (): RepeatingBackend | undefined => {
  const { backend } = engine() as unknown as { backend: Partial<RepeatingBackend> };
  return backend.repeat && (backend as RepeatingBackend);
};

/**
 * The results of `run`. On an immediate backend the caller disposes of them before the owner's next computation and
 * before `forget`, which may both write to their memory. On a deferred one (deferred.ts) they are the caller's own.
 */
export function repeat(computation: Computation): Tensor[] {
  return repeatingBackend()?.repeat(computation) ?? computation.run(() => undefined);
}

/** Drops an owner's recordings and the memory that they work in. */
export const forget = (owner: object): void => repeatingBackend()?.forget(owner);
