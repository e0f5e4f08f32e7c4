/**
 * The tfjs backend `onednn`: tfjs's JavaScript backend, whose tensors are typed arrays, with memory from a pool. Its
 * hot kernels are native (kernels/), all others are those of the `cpu` backend.
 */
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { util, type DataType, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import type { backend_util } from '@tensorflow/tfjs-core';
import type { Computation, RepeatingBackend } from '../repeat.js';
import type { BufferPool, Block } from './pool.js';
import { markUnrepeatable, noteAllocation } from './recorder.js';
import { ReplayCache } from './replayCache.js';

export const backendName = 'onednn';

/** What the backend keeps of a tensor; MathBackendCPU's record and the block that its values lie in. */
interface Data {
  values?: backend_util.BackendValues;
  dtype: DataType;
  refCount: number;
  /** Absent if the values came from elsewhere, or if somebody else may hold on to them. */
  block?: Block | undefined;
  /** The values are written to by others. */
  borrowed?: boolean;
}

export class OnednnBackend extends MathBackendCPU implements RepeatingBackend {
  /** Where new tensors get their memory; another than `pool` within `withMemory`. */
  private source: BufferPool;
  private readonly replays = new ReplayCache(this);

  constructor(readonly pool: BufferPool) {
    super();
    this.source = pool;
    // The JavaScript backend advises Node's users, at its first tensor, to install another.
    (this as unknown as { firstUse: boolean }).firstUse = false;
  }

  /** A new float32 tensor of undefined content, and its values to be written. */
  allocate(shape: number[]): { info: TensorInfo; values: Float32Array } {
    const { values, block } = this.source.take(util.sizeFromShape(shape));
    noteAllocation(values);
    const info = this.makeTensorInfo(shape, 'float32', values);
    if (block) this.dataOf(info.dataId).block = block;
    return { info, values };
  }

  /** A new bool tensor, and its bytes to be written; they lie in a block as floats would. */
  allocateBytes(shape: number[]): { info: TensorInfo; bytes: Uint8Array } {
    const size = util.sizeFromShape(shape);
    const { values, block } = this.source.take(Math.ceil(size / 4));
    noteAllocation(values);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, size);
    const info = this.makeTensorInfo(shape, 'bool', bytes);
    if (block) this.dataOf(info.dataId).block = block;
    return { info, bytes };
  }

  /** Runs `compute`, whose tensors get their memory from `memory`. */
  withMemory<T>(memory: BufferPool, compute: () => T): T {
    const before = this.source;
    this.source = memory;
    try {
      return compute();
    } finally {
      this.source = before;
    }
  }

  /** A tensor of values that remain someone else's to write to: readers get copies. */
  view(shape: number[], values: Float32Array): TensorInfo {
    const info = this.makeTensorInfo(shape, 'float32', values);
    this.shareValues(info);
    return info;
  }

  /** From now on others may write to the tensor's values. */
  shareValues(tensor: TensorInfo): void {
    this.dataOf(tensor.dataId).borrowed = true;
  }

  repeat(computation: Computation): Tensor[] {
    return this.replays.repeat(computation);
  }

  forget(owner: object): void {
    this.replays.forget(owner);
  }

  /** The values as the backend keeps them. */
  valuesOf({ dataId }: TensorInfo): backend_util.BackendValues | undefined {
    return this.dataOf(dataId).values;
  }

  /** The tensor's values where it is float32; undefined if it is not. */
  floats(tensor: TensorInfo): Float32Array | undefined {
    if (tensor.dtype !== 'float32') return undefined;
    const { values } = this.dataOf(tensor.dataId);
    return values instanceof Float32Array ? values : undefined;
  }

  /**
   * From now on someone else may hold the tensor's values: their block, with all pieces in it, is left to the garbage
   * collector. So it must not be given to the pool, not even by taking one holder off. Borrowed values become its own.
   */
  release(tensor: TensorInfo): void {
    if (!this.data.has(tensor.dataId)) return;
    const data = this.dataOf(tensor.dataId);
    data.block = undefined;
    if (data.borrowed) data.values = (data.values as Float32Array).slice();
    data.borrowed = false;
  }

  /** The same data under another shape. */
  alias(tensor: TensorInfo, shape: number[]): TensorInfo {
    this.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape, dtype: tensor.dtype };
  }

  /** Whether the tensor is the only one that has its memory, which is the backend's. */
  owns(tensor: TensorInfo): boolean {
    const { block, refCount } = this.dataOf(tensor.dataId);
    return block?.holders === 1 && refCount === 1;
  }

  /** A tensor of `shape` whose values are `run`, a subarray of `tensor`'s: no copy, and neither may be written to. */
  part(tensor: TensorInfo, run: Float32Array, shape: number[]): TensorInfo {
    const { block, borrowed } = this.dataOf(tensor.dataId);
    const info = this.makeTensorInfo(shape, 'float32', run);
    if (block) {
      block.holders++;
      this.dataOf(info.dataId).block = block;
    }
    if (borrowed) this.dataOf(info.dataId).borrowed = true;
    return info;
  }

  /**
   * The tensor's values; a copy where they lie in a block, which stays the backend's, or are borrowed. What is done with
   * them a recording does not hold.
   */
  override readSync(dataId: object): backend_util.BackendValues {
    markUnrepeatable();
    const values = super.readSync(dataId);
    const { block, borrowed } = this.dataOf(dataId);
    return ArrayBuffer.isView(values) && (block ?? borrowed) ? values.slice() : values;
  }

  override disposeData(dataId: object, force = false): boolean {
    const block = this.data.has(dataId) ? this.dataOf(dataId).block : undefined;
    const gone = super.disposeData(dataId, force);
    if (gone && block) block.pool.giveBack(block);
    return gone;
  }

  private dataOf(dataId: object): Data {
    return this.data.get(dataId) as Data;
  }
}
