/** The `repeat` of the tensorflow backend (backends/repeat.ts): a computation becomes a function of TensorFlow. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Computation, RepeatingBackend } from '../repeat.js';
import { metadataOf, type TensorMetadata } from './binding.js';
import { RecordedComputation, type Recorder } from './computation.js';
import { xlaError } from './errors.js';
import { currentRecording } from './recorder.js';
import type { StepFunction } from './stepFunction.js';

const DRAWS = 'it draws random numbers in JavaScript';

/** An owner's computations. */
type Owned = Map<string, RecordedComputation>;

const dispose = (owned: Owned): void => owned.forEach((computation) => computation.dispose());

/** Type and shape of each input, and which of them are the same tensor: a function stands for one such list. */
export function signatureOf(inputs: readonly TensorMetadata[]): string {
  const ids = inputs.map(({ id }) => id);
  return inputs
    .map(({ id, dtype, shape }, i) => {
      const first = ids.indexOf(id);
      return first < i ? `=${first}` : `${dtype}:${shape.join('x')}`;
    })
    .join();
}

/** Calls a function. @throws ReportedError where XLA does not compile it; other errors are TensorFlow's */
export function callFunction(step: StepFunction, ids: readonly number[], xla: boolean): Tensor[] {
  try {
    return step.call(ids);
  } catch (error) {
    throw xla ? xlaError(error as Error) : error;
  }
}

/**
 * Its results are ordinary tensors, which live until they are disposed of. Each computation counts for itself: if one of
 * an owner cannot be repeated, the others still are.
 *
 * With XLA a computation is a function from its first run on: XLA's numbers differ from those of TensorFlow's kernels in
 * the last digits, and a run that is continued must give the same ones as a run that was not interrupted. So it is
 * recorded, its results are dropped, and the function computes them again.
 */
export class StepFunctions implements RepeatingBackend {
  private readonly owners = new WeakMap<object, Owned>();
  private readonly collected = new FinalizationRegistry<Owned>(dispose);

  /** Whether XLA compiles the computations from now on. */
  xla = false;

  constructor(private readonly recorder: Recorder) {}

  repeat({ owner, name, inputs, run }: Computation): Tensor[] {
    // A computation within another is recorded with it.
    const outer = currentRecording();
    if (outer) return run(() => outer.refuse(DRAWS));
    const given = metadataOf(this.recorder.backend, inputs);
    const computation = this.computationOf(owner, `${this.xla ? 'xla ' : ''}${name} ${signatureOf(given)}`);
    if (computation.obstacle !== undefined) return run(() => undefined);
    const ids = given.map(({ id }) => id);
    if (computation.function) return callFunction(computation.function, ids, this.xla);
    const results = computation.record(
      given,
      () => run(() => currentRecording()?.refuse(DRAWS)),
      (tensors) => tensors,
    );
    const trusted = this.xla ? computation.trust() : undefined;
    if (!trusted) return results;
    results.forEach((tensor) => tensor.dispose());
    return callFunction(trusted, ids, true);
  }

  forget(owner: object): void {
    const owned = this.owners.get(owner);
    if (!owned) return;
    this.owners.delete(owner);
    this.collected.unregister(owned);
    dispose(owned);
  }

  private computationOf(owner: object, key: string): RecordedComputation {
    let owned = this.owners.get(owner);
    if (!owned) {
      owned = new Map();
      this.owners.set(owner, owned);
      this.collected.register(owner, owned, owned);
    }
    let computation = owned.get(key);
    if (!computation) owned.set(key, (computation = new RecordedComputation(this.recorder, this.xla)));
    return computation;
  }
}
