/** Computations that are recorded when they are first run and played from then on (backends/repeat.ts). */
import { engine, type Tensor } from '@tensorflow/tfjs-core';
import type { Computation } from '../repeat.js';
import type { OnednnBackend } from './backend.js';
import { Loan } from './pool.js';
import { isRecording, record, spoil } from './recorder.js';
import type { Recording, Values } from './recording.js';

interface Program {
  readonly recording: Recording;
  readonly outputs: readonly { readonly shape: number[]; readonly values: Float32Array }[];
}

/** What an owner's programs share: they never run at the same time, so neither need they have memory of their own. */
interface Owned {
  readonly programs: Map<string, Program>;
  readonly memory: Loan;
}

export class Repeats {
  private readonly owners = new WeakMap<object, Owned | 'unrepeatable'>();

  constructor(private readonly backend: OnednnBackend) {}

  repeat(computation: Computation): Tensor[] {
    const { owner, inputs, run } = computation;
    // As a part of another, it is recorded with that.
    if (isRecording()) return run(spoil);
    const owned = this.owned(owner);
    if (owned === 'unrepeatable') return run(() => undefined);
    const values = inputs.map((input) => this.valuesOf(input));
    const key = [computation.name, ...inputs.map(({ shape, dtype }) => `${dtype} ${shape.join('x')}`)].join();
    const program = owned.programs.get(key);
    if (program) return this.play(program, values);
    const { out, recording } = record(values, () => this.backend.withMemory(owned.memory, () => run(spoil)));
    const made = recording.complete ? this.programOf(recording, out) : undefined;
    if (made) owned.programs.set(key, made);
    else this.giveUp(owner);
    return out;
  }

  forget(owner: object): void {
    const owned = this.owners.get(owner);
    this.owners.delete(owner);
    if (owned && owned !== 'unrepeatable') owned.memory.close();
  }

  private valuesOf({ dataId, dtype }: Tensor): Values {
    const { values } = this.backend.data.get(dataId);
    if (values instanceof Float32Array || values instanceof Int32Array) return values;
    throw new Error(`repeat: an input is of type ${dtype}; float32 and int32 are known.`);
  }

  private owned(owner: object): Owned | 'unrepeatable' {
    const known = this.owners.get(owner);
    if (known) return known;
    const fresh = { programs: new Map<string, Program>(), memory: new Loan(this.backend.pool) };
    this.owners.set(owner, fresh);
    return fresh;
  }

  private giveUp(owner: object): void {
    this.forget(owner);
    this.owners.set(owner, 'unrepeatable');
  }

  private programOf(recording: Recording, out: readonly Tensor[]): Program | undefined {
    const results = out.map((tensor) => this.backend.floats(tensor));
    // An input that comes out again would have to be replaced, too; no computation here does that.
    if (!results.every((values) => values && !recording.isInput(values))) return undefined;
    const places = recording.finish(results as Float32Array[]);
    out.forEach((tensor) => this.backend.lend(tensor));
    return { recording, outputs: out.map(({ shape }, k) => ({ shape, values: places[k]! })) };
  }

  private play({ recording, outputs }: Program, inputs: readonly Values[]): Tensor[] {
    recording.play(inputs);
    // Its calls are made in memory of its own, but as time goes they count as requests.
    this.backend.pool.tick(recording.length);
    return outputs.map(({ shape, values }) =>
      engine().makeTensorFromTensorInfo(this.backend.view(shape, values)),
    );
  }
}
