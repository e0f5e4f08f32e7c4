/**
 * Access to tfjs's wasm backend below the level of tensors: its kernels and its heap. It saves the bookkeeping of
 * tensors between the steps of a kernel. Nothing is collected: release every Block that you make.
 */
import { getKernel, util, type NamedAttrMap, type TensorInfo } from '../tfjs.js';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/** A tensor of the wasm heap, without tfjs's reference to it. */
export type Block = TensorInfo;

/** The parts of BackendWasm that tfjs declares private and `withWindow` needs. */
interface Internals {
  dataIdNextNumber: number;
}

type Kernel = NonNullable<ReturnType<typeof getKernel>>['kernelFunc'];

/** tfjs's own kernels, kept before ours are registered under the same names. */
const originals = new Map<string, Kernel>();

/** Keeps tfjs's kernel of this name for `runOriginal`. @throws Error if there is none */
export function keepOriginal(name: string): void {
  if (originals.has(name)) return;
  const kernel = getKernel(name, 'wasm');
  if (kernel == null) throw new Error(`tfjs-backend-wasm has no kernel ${name}; is it version 4.22?`);
  originals.set(name, kernel.kernelFunc);
}

/** Runs one of tfjs's own wasm kernels of a single output. */
export function runOriginal(
  backend: BackendWasm,
  name: string,
  inputs: Record<string, Block>,
  attrs: object = {},
): Block {
  keepOriginal(name);
  const kernel = originals.get(name) as Kernel;
  // tfjs declares the types of attributes per kernel; this map type covers all of them.
  const out = kernel({ inputs, attrs: attrs as NamedAttrMap, backend });
  return Array.isArray(out) ? (out[0] as Block) : out;
}

/** A new block; its contents are whatever the heap held there. */
export const allocate = (backend: BackendWasm, shape: readonly number[]): Block =>
  backend.makeOutput([...shape], 'float32');

export const release = (backend: BackendWasm, block: Block): void => {
  backend.disposeData(block.dataId);
};

/**
 * The block's values, in place. An allocation may grow the heap and detach the array: take it after the last
 * allocation, and do not keep it.
 */
export const values = (backend: BackendWasm, block: Block): Float32Array =>
  backend.typedArrayFromHeap(block) as Float32Array;

/** The same block under another shape of the same size; release only one of the two. */
export const reshaped = (block: Block, shape: readonly number[]): Block => ({
  dataId: block.dataId,
  shape: [...shape],
  dtype: block.dtype,
});

/**
 * Calls `use` with a window on the contiguous part of `block` that starts at element `offset`. Nothing is copied; the
 * window is gone afterwards.
 */
export function withWindow<T>(
  backend: BackendWasm,
  block: Block,
  offset: number,
  shape: readonly number[],
  use: (window: Block) => T,
): T {
  const internals = backend as unknown as Internals;
  const id = internals.dataIdNextNumber++;
  const dataId = { id };
  const owner = block.dataId;
  const memoryOffset = backend.getMemoryOffset(owner) + offset * Float32Array.BYTES_PER_ELEMENT;
  const window: Block = { dataId, shape: [...shape], dtype: 'float32' };
  backend.dataIdMap.set(dataId, { id, memoryOffset, shape: window.shape, dtype: 'float32', refCount: 1 });
  backend.wasm.tfjs.registerTensor(id, util.sizeFromShape(window.shape), memoryOffset);
  try {
    return use(window);
  } finally {
    // disposeData would free memory that belongs to the block.
    backend.wasm.tfjs.disposeData(id);
    backend.dataIdMap.delete(dataId);
  }
}
