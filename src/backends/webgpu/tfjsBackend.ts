/** tfjs's backend as it is used here: its public type, and the parts that its types call private (version 4.22.0). */
import type * as Webgpu from '@tensorflow/tfjs-backend-webgpu';
import type { DataType, TensorInfo } from '../tfjs.js';
import type { BufferManager } from './recordingPool.js';

export type WebgpuBackend = Webgpu.WebGPUBackend;

export interface Internals {
  /** Where buffers come from, and go when their tensors are gone. */
  bufferManager: BufferManager;
  readonly pipelineCache: Record<string, GPUComputePipeline>;
  /** Tensors of commands that were not handed to the device yet: their buffers must not be used again before. */
  readonly commandQueueOwnedIds: WeakSet<object>;
  commandEncoder: GPUCommandEncoder | null;
  computePassEncoder: GPUComputePassEncoder | null;
  dispatchCountInPass: number;
  tensorToBinding(tensor: TensorInfo): GPUBindingResource;
  makeUniforms(values: { type: string; data: number[] }[]): GPUBindingResource;
}

export const internalsOf = (backend: WebgpuBackend): Internals => backend as unknown as Internals;

/** tfjs's record of a tensor: its values on the processor, its buffer on the device, or both. */
export interface TensorData {
  readonly dtype: DataType;
  readonly values?: ArrayBufferView | null;
  resource?: GPUBuffer | null;
}

export const dataOf = (backend: WebgpuBackend, dataId: object): TensorData =>
  backend.tensorMap.get(dataId) as unknown as TensorData;
