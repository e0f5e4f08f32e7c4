/**
 * Watches what the backend does while a computation runs: which kernels, in what sizes, by which numbers and constants;
 * and, if it is to be replayed, the very commands with the buffers that they are bound to.
 */
import type { RecordingPool } from './recordingPool.js';
import { dataOf, internalsOf, type TensorData, type WebgpuBackend } from './tfjsBackend.js';

/** One command of a recording. */
export type Command =
  | {
      readonly pipeline: GPUComputePipeline;
      readonly bindGroup: GPUBindGroup;
      readonly workgroups: readonly [number, number, number];
    }
  | {
      readonly from: GPUBuffer;
      readonly to: GPUBuffer;
      readonly offsets: readonly [number, number];
      readonly size: number;
    };

/** What was seen of one run. */
export class Run {
  /** A line for each kernel, its numbers, and each constant: equal in two runs that can stand for each other. */
  readonly notes: string[] = [];
  /** Empty where the run is only watched. */
  readonly commands: Command[] = [];
  /** Tensors whose values came from the processor, where the run is recorded. */
  readonly uploaded: TensorData[] = [];
  /** Why it cannot be repeated. */
  obstacle: string | undefined;

  constructor(
    /** The memory of a run that is to be replayed; undefined where it is only watched. */
    readonly pool: RecordingPool | undefined,
  ) {}

  refuse(why: string): void {
    this.obstacle ??= why;
  }
}

export class Recorder {
  private run: Run | undefined;
  private readonly pipelines = new WeakMap<GPUComputePipeline, number>();
  private pipelineCount = 0;

  /** Watches a backend from now on; where nothing is recorded its methods do what they did. */
  constructor(private readonly backend: WebgpuBackend) {
    const internals = internalsOf(backend);
    const { makeUniforms, tensorToBinding } = internals;
    const { ensureCommandEncoderReady, uploadToGPU } = backend;
    internals.makeUniforms = (values) => {
      this.run?.notes.push(JSON.stringify(values));
      return makeUniforms.call(backend, values);
    };
    internals.tensorToBinding = (tensor) => {
      const binding = tensorToBinding.call(backend, tensor);
      this.checkBinding(binding);
      return binding;
    };
    backend.uploadToGPU = (dataId) => {
      this.noteConstant(dataOf(backend, dataId));
      uploadToGPU.call(backend, dataId);
    };
    backend.ensureCommandEncoderReady = () => {
      const isNew = internals.commandEncoder === null;
      ensureCommandEncoderReady.call(backend);
      if (isNew && this.run)
        internals.commandEncoder = this.watchedEncoder(internals.commandEncoder!, this.run);
    };
  }

  /** The run that is being watched. */
  get current(): Run | undefined {
    return this.run;
  }

  /** Hands the device what is waiting, and gives back the buffers of tensors that are gone. */
  flush(): void {
    this.backend.endComputePassEncoder();
    if (internalsOf(this.backend).commandEncoder) this.backend.submitQueue();
  }

  /** Runs `compute` and watches it; its buffers come from `run.pool`. */
  watch<T>(run: Run, compute: () => T): T {
    const internals = internalsOf(this.backend);
    const before = internals.bufferManager;
    this.flush();
    this.run = run;
    if (run.pool) internals.bufferManager = run.pool;
    try {
      return compute();
    } finally {
      this.flush();
      internals.bufferManager = before;
      this.run = undefined;
    }
  }

  /** A buffer that is neither an input nor made by the run may hold something else when it is replayed. */
  private checkBinding(binding: GPUBindingResource): void {
    const pool = this.run?.pool;
    if (pool && 'buffer' in binding && !pool.owns((binding as GPUBufferBinding).buffer))
      this.run!.refuse('it uses a tensor that is no input');
  }

  private noteConstant(data: TensorData): void {
    const { values, resource } = data;
    if (!this.run || resource != null || values == null) return;
    this.run.notes.push(digestOf(values));
    if (this.run.pool) this.run.uploaded.push(data);
  }

  private numberOf(pipeline: GPUComputePipeline): number {
    const known = this.pipelines.get(pipeline);
    if (known !== undefined) return known;
    this.pipelines.set(pipeline, this.pipelineCount);
    return this.pipelineCount++;
  }

  /** Passes everything on and notes the commands. */
  private watchedEncoder(encoder: GPUCommandEncoder, run: Run): GPUCommandEncoder {
    const watched: Pick<GPUCommandEncoder, 'beginComputePass' | 'copyBufferToBuffer' | 'finish'> = {
      beginComputePass: (descriptor) => this.watchedPass(encoder.beginComputePass(descriptor), run),
      copyBufferToBuffer: (...args: unknown[]) => {
        const [from, fromOffset, to, toOffset, size] = args as [GPUBuffer, number, GPUBuffer, number, number];
        // A constant's way to the device, where its buffer had another one before, is no part of the computation.
        if ((from.usage & MAP_WRITE) === 0) run.notes.push(`copy ${size}`);
        if (run.pool) run.commands.push({ from, to, offsets: [fromOffset, toOffset], size });
        encoder.copyBufferToBuffer(from, fromOffset, to, toOffset, size);
      },
      finish: () => encoder.finish(),
    };
    return watched as GPUCommandEncoder;
  }

  private watchedPass(pass: GPUComputePassEncoder, run: Run): GPUComputePassEncoder {
    let pipeline: GPUComputePipeline;
    let bindGroup: GPUBindGroup;
    const watched = {
      setPipeline: (next: GPUComputePipeline) => pass.setPipeline((pipeline = next)),
      setBindGroup: (index: number, next: GPUBindGroup) => pass.setBindGroup(index, (bindGroup = next)),
      dispatchWorkgroups: (x: number, y = 1, z = 1) => {
        run.notes.push(`${this.numberOf(pipeline)} ${x} ${y} ${z}`);
        if (run.pool) run.commands.push({ pipeline, bindGroup, workgroups: [x, y, z] });
        pass.dispatchWorkgroups(x, y, z);
      },
      end: () => pass.end(),
    };
    return watched as unknown as GPUComputePassEncoder;
  }
}

/** The length and a checksum (FNV-1a) of the bytes of values. */
function digestOf({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  let hash = 0x811c9dc5;
  for (const byte of new Uint8Array(buffer, byteOffset, byteLength))
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return `constant ${byteLength} ${hash}`;
}

/** GPUBufferUsage.MAP_WRITE. */
const MAP_WRITE = 0x2;

/** Whether two runs have done the same. */
export const isSame = (one: Run, other: Run): boolean =>
  one.notes.length === other.notes.length && one.notes.every((note, i) => note === other.notes[i]);
