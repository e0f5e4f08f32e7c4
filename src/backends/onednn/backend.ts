/**
 * The tfjs backend `onednn`. It extends tfjs's JavaScript backend, whose tensors are typed arrays, and takes their
 * memory from a pool. The hot kernels are native (kernels/); all others are those of the `cpu` backend.
 */
import { MathBackendCPU } from '../tfjsCpu.js';
import { util, type DataType, type Tensor, type TensorInfo } from '../tfjs.js';
import type { backend_util } from '@tensorflow/tfjs-core';
import type { Computation, RepeatingBackend } from '../repeat.js';
import type { BufferPool, Block } from './pool.js';
import { markUnrepeatable, noteAllocation } from './recorder.js';
import { ReplayCache } from './replayCache.js';

export const backendName = 'onednn';

/** The backend's record of a tensor: MathBackendCPU's, and the block that its values lie in. */
interface Data {
  values?: backend_util.BackendValues;
  dtype: DataType;
  refCount: number;
  /** Absent if the values came from elsewhere, or if somebody else may hold on to them. */
  block?: Block | undefined;
  shared?: boolean;
}

export class OnednnBackend extends MathBackendCPU implements RepeatingBackend {
  /** Where new tensors get their memory: `pool`, or another one within `withMemory`. */
  private source: BufferPool;
  private readonly replays = new ReplayCache(this);

  constructor(readonly pool: BufferPool) {
    super();
    this.source = pool;
    // At its first tensor the JavaScript backend advises users of Node to install another one.
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

  /** A new bool tensor, and its bytes to be written; they lie in a block like floats. */
  allocateBytes(shape: number[]): { info: TensorInfo; bytes: Uint8Array } {
    const size = util.sizeFromShape(shape);
    const { values, block } = this.source.take(Math.ceil(size / 4));
    noteAllocation(values);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, size);
    const info = this.makeTensorInfo(shape, 'bool', bytes);
    if (block) this.dataOf(info.dataId).block = block;
    return { info, bytes };
  }

  /** Runs `compute`; its tensors get their memory from `memory`. */
  withMemory<T>(memory: BufferPool, compute: () => T): T {
    const before = this.source;
    this.source = memory;
    try {
      return compute();
    } finally {
      this.source = before;
    }
  }

  /** A tensor of values that others may write to: readers get copies. */
  view(shape: number[], values: Float32Array): TensorInfo {
    const info = this.makeTensorInfo(shape, 'float32', values);
    this.shareValues(info);
    return info;
  }

  /** From now on others may write to the tensor's values. */
  shareValues(tensor: TensorInfo): void {
    this.dataOf(tensor.dataId).shared = true;
  }

  repeat(computation: Computation): Tensor[] {
    return this.replays.repeat(computation);
  }

  forget(owner: object): void {
    this.replays.forget(owner);
  }

  valuesOf({ dataId }: TensorInfo): backend_util.BackendValues | undefined {
    return this.dataOf(dataId).values;
  }

  /** The tensor's values if it is float32, else undefined. */
  floats(tensor: TensorInfo): Float32Array | undefined {
    if (tensor.dtype !== 'float32') return undefined;
    const { values } = this.dataOf(tensor.dataId);
    return values instanceof Float32Array ? values : undefined;
  }

  /**
   * From now on somebody else may hold the tensor's values. So the block under them, with all pieces in it, is left to
   * the garbage collector: it keeps this holder and never returns to the pool. Shared values are copied.
   */
  release(tensor: TensorInfo): void {
    if (!this.data.has(tensor.dataId)) return;
    const data = this.dataOf(tensor.dataId);
    data.block = undefined;
    if (data.shared) data.values = (data.values as Float32Array).slice();
    data.shared = false;
  }

  alias(tensor: TensorInfo, shape: number[]): TensorInfo {
    this.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape, dtype: tensor.dtype };
  }

  /** Whether the backend made the tensor's memory, and no other tensor has it. */
  owns(tensor: TensorInfo): boolean {
    const { block, refCount } = this.dataOf(tensor.dataId);
    return block?.holders === 1 && refCount === 1;
  }

  /**
   * A tensor of `shape` with the values `run`, a subarray of `tensor`'s. Nothing is copied, so neither may be written
   * to.
   */
  part(tensor: TensorInfo, run: Float32Array, shape: number[]): TensorInfo {
    const { block, shared } = this.dataOf(tensor.dataId);
    const info = this.makeTensorInfo(shape, 'float32', run);
    if (block) {
      block.holders++;
      this.dataOf(info.dataId).block = block;
    }
    if (shared) this.dataOf(info.dataId).shared = true;
    return info;
  }

  /**
   * The values of a tensor: a copy if they lie in a block, which stays the backend's, or are shared. A recording does
   * not see what the caller does with them.
   */
  override readSync(dataId: object): backend_util.BackendValues {
    markUnrepeatable();
    const values = super.readSync(dataId);
    const { block, shared } = this.dataOf(dataId);
    return ArrayBuffer.isView(values) && (block ?? shared) ? values.slice() : values;
  }

  override disposeData(dataId: object, force = false): boolean {
    const block = this.data.has(dataId) ? this.dataOf(dataId).block : undefined;
    const gone = super.disposeData(dataId, force);
    if (gone && block) block.pool.giveBack(block);
    return gone;
  }

  private dataOf(dataId: object): Data {
    return this.data.get(dataId);
  }
}
