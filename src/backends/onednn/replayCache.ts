/** Records a computation when it first runs and replays it afterwards: the contract of backends/repeat.ts. */
import { engine, type Tensor, type TensorInfo } from '../tfjs.js';
import type { Computation, RepeatingBackend } from '../repeat.js';
import { ReservedPool, type BufferPool } from './pool.js';
import { isRecording, markUnrepeatable, record, type Recording, type Values } from './recorder.js';

/** What the cache needs of the backend: access to the tensors' memory. */
interface TensorMemory {
  readonly pool: BufferPool;
  /** The backend's values of a tensor. */
  valuesOf(tensor: TensorInfo): unknown;
  /** Runs `compute`; new tensors take their memory from `memory`. */
  withMemory<T>(memory: BufferPool, compute: () => T): T;
  /** A tensor whose values others may write to. */
  view(shape: number[], values: Float32Array): TensorInfo;
  /** Allows others to write to the tensor's values from now on. */
  shareValues(tensor: TensorInfo): void;
}

interface Program {
  readonly recording: Recording;
  readonly outputs: readonly { readonly shape: number[]; readonly values: Float32Array }[];
}

/** An owner's programs. They never run at the same time, so they share their memory. */
interface OwnerState {
  readonly programs: Map<string, Program>;
  readonly memory: ReservedPool;
}

export class ReplayCache implements RepeatingBackend {
  private readonly owners = new WeakMap<object, OwnerState | 'unrepeatable'>();

  constructor(private readonly backend: TensorMemory) {}

  repeat(computation: Computation): Tensor[] {
    const { owner, inputs, run } = computation;
    // A computation within another is recorded with it.
    if (isRecording()) return run(markUnrepeatable);
    const state = this.stateOf(owner);
    if (state === 'unrepeatable') return run(() => undefined);
    const values = inputs.map((input) => this.inputValues(input));
    const key = [computation.name, ...inputs.map(({ shape, dtype }) => `${dtype} ${shape.join('x')}`)].join();
    const program = state.programs.get(key);
    if (program) return this.replay(program, values);
    const { out, recording } = record(values, () =>
      this.backend.withMemory(state.memory, () => run(markUnrepeatable)),
    );
    const made = recording.repeatable ? this.programOf(recording, out) : undefined;
    if (made) state.programs.set(key, made);
    else this.neverRepeat(owner);
    return out;
  }

  forget(owner: object): void {
    const state = this.owners.get(owner);
    this.owners.delete(owner);
    if (state && state !== 'unrepeatable') state.memory.close();
  }

  private inputValues(tensor: Tensor): Values {
    const values = this.backend.valuesOf(tensor);
    if (values instanceof Float32Array || values instanceof Int32Array) return values;
    throw new Error(`repeat: an input is of type ${tensor.dtype}; it must be float32 or int32.`);
  }

  private stateOf(owner: object): OwnerState | 'unrepeatable' {
    const known = this.owners.get(owner);
    if (known) return known;
    const state = { programs: new Map<string, Program>(), memory: new ReservedPool(this.backend.pool) };
    this.owners.set(owner, state);
    return state;
  }

  private neverRepeat(owner: object): void {
    this.forget(owner);
    this.owners.set(owner, 'unrepeatable');
  }

  private programOf(recording: Recording, out: readonly Tensor[]): Program | undefined {
    const results = out.map((tensor) => this.backend.valuesOf(tensor));
    // A replay does not replace an input that is also a result. No computation here has one.
    const areOurs = results.every((values) => values instanceof Float32Array && !recording.isInput(values));
    if (!areOurs) return undefined;
    const places = recording.finish(results as Float32Array[]);
    out.forEach((tensor) => this.backend.shareValues(tensor));
    return { recording, outputs: out.map(({ shape }, k) => ({ shape, values: places[k]! })) };
  }

  private replay({ recording, outputs }: Program, inputs: readonly Values[]): Tensor[] {
    recording.replay(inputs);
    // The calls use reserved memory, but the pool must count them as requests: that is its measure of time.
    this.backend.pool.tick(recording.length);
    return outputs.map(({ shape, values }) =>
      engine().makeTensorFromTensorInfo(this.backend.view(shape, values)),
    );
  }
}
