/**
 * `repeat` (backends/repeat.ts) on WebGPU. A step of a network is hundreds of kernels, and tfjs prepares each one anew, in
 * JavaScript, which takes longer than a GPU needs for it. So the first run of a computation is watched, the second is
 * recorded with buffers of its own, and if both did the same, later runs send the recorded commands again.
 *
 * The kernels are the same in all three, and so are the bits.
 */
import { engine, util, type DataType, type Tensor } from '../tfjs.js';
import type { Computation, RepeatingBackend } from '../repeat.js';
import { isSame, Recorder, Run, type Command } from './recorder.js';
import { RecordingPool } from './recordingPool.js';
import { dataOf, internalsOf, type WebgpuBackend } from './tfjsBackend.js';

const DRAWS = 'it draws random numbers in JavaScript';

/** What replays a computation. */
interface Recording {
  readonly pool: RecordingPool;
  readonly commands: readonly Command[];
  /** Where the inputs are copied to, in their order. */
  readonly slots: readonly GPUBuffer[];
  readonly outputs: readonly Output[];
}

/** A result of a recorded run. */
interface Output {
  readonly shape: number[];
  readonly dtype: DataType;
  /** What the buffer holds: tfjs casts integers to float32 in name only. */
  readonly stored: DataType;
  readonly buffer: GPUBuffer;
}

/** How far a computation is: watched once, recorded, or not to be repeated. */
type State = { readonly watched: Run } | { readonly recording: Recording } | { readonly obstacle: string };

export class Recordings implements RepeatingBackend {
  private readonly owners = new WeakMap<object, Map<string, State>>();
  private readonly recorder: Recorder;
  /** Of all recordings, bytes. */
  private bytes = 0;

  constructor(private readonly backend: WebgpuBackend) {
    this.recorder = new Recorder(backend);
  }

  /** Memory that recordings work in, bytes. */
  get numBytes(): number {
    return this.bytes;
  }

  /** A value is read: what the caller does with it cannot be recorded. */
  noteRead(): void {
    this.recorder.current?.refuse('it reads a value');
  }

  /** How many computations of an owner are replayed, and why others are not; for tests. */
  statesOf(owner: object): { recorded: number; obstacles: string[] } {
    const states = [...(this.owners.get(owner)?.values() ?? [])];
    return {
      recorded: states.filter((state) => 'recording' in state).length,
      obstacles: states.flatMap((state) => ('obstacle' in state ? [state.obstacle] : [])),
    };
  }

  repeat({ owner, name, inputs, run }: Computation): Tensor[] {
    const { current } = this.recorder;
    // A computation within another is recorded with it.
    if (current) return run(() => current.refuse(DRAWS));
    const states = this.owners.get(owner) ?? new Map<string, State>();
    this.owners.set(owner, states);
    const key = [name, ...inputs.map((input) => this.describe(input))].join();
    const state = states.get(key);
    if (state && 'obstacle' in state) return run(() => undefined);
    if (state && 'recording' in state) return this.replay(state.recording, inputs);
    if (!state) return this.watch(inputs, run, (next) => states.set(key, next));
    return this.record(inputs, run, state.watched, (next) => states.set(key, next));
  }

  /** What kernels depend on: a tensor's type, that of the numbers in its buffer, and its shape. */
  private describe({ dataId, dtype, shape }: Tensor): string {
    return `${dtype} ${dataOf(this.backend, dataId).dtype} ${shape.join('x')}`;
  }

  forget(owner: object): void {
    for (const state of this.owners.get(owner)?.values() ?? [])
      if ('recording' in state) this.drop(state.recording.pool);
    this.owners.delete(owner);
  }

  private drop(pool: RecordingPool): void {
    this.bytes -= pool.numBytesAllocated;
    pool.destroy();
  }

  private watch(
    inputs: readonly Tensor[],
    run: Computation['run'],
    become: (state: State) => void,
  ): Tensor[] {
    const watched = new Run(undefined);
    // On their way to the device they would be taken for constants.
    for (const { dataId } of inputs) this.backend.uploadToGPU(dataId);
    const results = this.recorder.watch(watched, () => run(() => watched.refuse(DRAWS)));
    become(watched.obstacle === undefined ? { watched } : { obstacle: watched.obstacle });
    return results;
  }

  private record(
    inputs: readonly Tensor[],
    run: Computation['run'],
    watched: Run,
    become: (state: State) => void,
  ): Tensor[] {
    const pool = new RecordingPool(this.backend.device, internalsOf(this.backend).bufferManager);
    const recorded = new Run(pool);
    const slots = inputs.map(({ size }) => pool.acquireBuffer(4 * size, STORAGE));
    this.fill(slots, inputs);
    const results = this.orDestroy(pool, recorded, () =>
      this.withResources(inputs, slots, () =>
        this.recorder.watch(recorded, () => run(() => recorded.refuse(DRAWS))),
      ),
    );
    if (!isSame(watched, recorded)) recorded.refuse('two runs of it differ');
    const outputs = this.takeOut(results, pool);
    if (outputs.length < results.length) recorded.refuse('a result is an input, a number or another result');
    this.takeOutOthers(recorded, pool);
    this.bytes += pool.numBytesAllocated;
    if (recorded.obstacle === undefined) {
      become({ recording: { pool, slots, outputs, commands: recorded.commands } });
    } else {
      this.drop(pool);
      become({ obstacle: recorded.obstacle });
    }
    return results;
  }

  /** Runs `compute`; where that throws, nobody will use the pool. */
  private orDestroy<T>(pool: RecordingPool, recorded: Run, compute: () => T): T {
    try {
      return compute();
    } catch (error) {
      this.takeOutOthers(recorded, pool);
      pool.destroy();
      throw error;
    }
  }

  /** Copies the inputs' values, wherever they are, into buffers. */
  private fill(slots: readonly GPUBuffer[], inputs: readonly Tensor[]): void {
    this.recorder.flush();
    const encoder = this.backend.device.createCommandEncoder();
    this.copyIn(encoder, slots, inputs);
    this.backend.queue.submit([encoder.finish()]);
  }

  private copyIn(encoder: GPUCommandEncoder, slots: readonly GPUBuffer[], inputs: readonly Tensor[]): void {
    inputs.forEach(({ dataId, size }, i) => {
      const { resource, values } = dataOf(this.backend, dataId);
      if (resource) encoder.copyBufferToBuffer(resource, 0, slots[i]!, 0, 4 * size);
      else this.backend.queue.writeBuffer(slots[i]!, 0, values!.buffer, values!.byteOffset, 4 * size);
    });
  }

  /** Runs `compute` with the inputs' values in other buffers. */
  private withResources<T>(inputs: readonly Tensor[], slots: readonly GPUBuffer[], compute: () => T): T {
    const all = inputs.map(({ dataId }) => dataOf(this.backend, dataId));
    const before = all.map(({ resource }) => resource);
    all.forEach((data, i) => (data.resource = slots[i]!));
    try {
      return compute();
    } finally {
      all.forEach((data, i) => (data.resource = before[i] ?? null));
    }
  }

  /** Moves the results of the recorded run out of its buffers, which the next run writes to; those that are in them. */
  private takeOut(results: readonly Tensor[], pool: RecordingPool): Output[] {
    const encoder = this.backend.device.createCommandEncoder();
    const outputs = results.flatMap(({ dataId, shape, dtype, size }): Output[] => {
      const data = dataOf(this.backend, dataId);
      const buffer = data.resource;
      if (!buffer || !pool.owns(buffer)) return [];
      data.resource = this.copyOut(encoder, buffer, size);
      return [{ shape, dtype, stored: data.dtype, buffer }];
    });
    this.backend.queue.submit([encoder.finish()]);
    return outputs;
  }

  /** Moves out what the run has brought to the device and not made: it outlives the recording. */
  private takeOutOthers(recorded: Run, pool: RecordingPool): void {
    const others = recorded.uploaded.filter(({ resource }) => resource && pool.owns(resource));
    if (others.length === 0) return;
    recorded.refuse('it uses a tensor that is no input');
    const encoder = this.backend.device.createCommandEncoder();
    for (const data of others) data.resource = this.copyOut(encoder, data.resource!, data.resource!.size / 4);
    this.backend.queue.submit([encoder.finish()]);
  }

  private copyOut(encoder: GPUCommandEncoder, from: GPUBuffer, size: number): GPUBuffer {
    const to = internalsOf(this.backend).bufferManager.acquireBuffer(4 * size, STORAGE);
    encoder.copyBufferToBuffer(from, 0, to, 0, 4 * size);
    return to;
  }

  private replay({ commands, slots, outputs }: Recording, inputs: readonly Tensor[]): Tensor[] {
    this.recorder.flush();
    const encoder = this.backend.device.createCommandEncoder();
    this.copyIn(encoder, slots, inputs);
    encode(encoder, commands);
    const results = outputs.map(({ shape, dtype, stored, buffer }) => {
      const { dataId } = this.backend.makeTensorInfo(shape, stored);
      dataOf(this.backend, dataId).resource = this.copyOut(encoder, buffer, util.sizeFromShape(shape));
      return engine().makeTensorFromTensorInfo({ dataId, shape, dtype });
    });
    this.backend.queue.submit([encoder.finish()]);
    return results;
  }
}

/** As tfjs makes its buffers: STORAGE, COPY_SRC and COPY_DST (https://www.w3.org/TR/webgpu/#buffer-usage). */
const STORAGE = 0x80 | 0x4 | 0x8;

function encode(encoder: GPUCommandEncoder, commands: readonly Command[]): void {
  let pass: GPUComputePassEncoder | undefined;
  for (const command of commands) {
    if ('from' in command) {
      pass?.end();
      pass = undefined;
      const { from, to, offsets, size } = command;
      encoder.copyBufferToBuffer(from, offsets[0], to, offsets[1], size);
      continue;
    }
    pass ??= encoder.beginComputePass();
    pass.setPipeline(command.pipeline);
    pass.setBindGroup(0, command.bindGroup);
    pass.dispatchWorkgroups(...command.workgroups);
  }
  pass?.end();
}
