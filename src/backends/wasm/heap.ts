/**
 * The border to tfjs's wasm backend: running its kernels below the tensor level, and seeing its heap.
 *
 * What is written in terms of these pays no tensor bookkeeping between the steps of a kernel. Nothing here is
 * collected for you: every Block made must be released.
 */
import { getKernel, util, type NamedAttrMap, type TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/** A tensor of the wasm heap, without tfjs's reference to it. */
export type Block = TensorInfo;

/** The parts of BackendWasm that tfjs declares private, and that a window on a block needs. */
interface Internals {
  dataIdNextNumber: number;
}

type Kernel = NonNullable<ReturnType<typeof getKernel>>['kernelFunc'];

/** tfjs's own kernels, kept here before ours are registered under the same names. */
const originals = new Map<string, Kernel>();

/** Remembers tfjs's kernel of this name, so that ours may stand on it. Throws an Error if there is none. */
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
  // Attributes are plain data whose types tfjs declares per kernel; the map type is their common envelope.
  const out = kernel({ inputs, attrs: attrs as NamedAttrMap, backend });
  return Array.isArray(out) ? (out[0] as Block) : out;
}

/** A new block; its contents are whatever the heap held there. */
export const allocate = (backend: BackendWasm, shape: readonly number[]): Block =>
  backend.makeOutput([...shape], 'float32');

/** Gives a block's memory back. */
export const release = (backend: BackendWasm, block: Block): void => {
  backend.disposeData(block.dataId as object);
};

/**
 * The block's values, in place. Any allocation may grow the heap and detach the array: take it after the last
 * allocation, and do not keep it.
 */
export const values = (backend: BackendWasm, block: Block): Float32Array =>
  backend.typedArrayFromHeap(block) as Float32Array;

/** The same block under another shape of the same size; it shares the block's life. */
export const reshaped = (block: Block, shape: readonly number[]): Block => ({
  dataId: block.dataId,
  shape: [...shape],
  dtype: block.dtype,
});

/**
 * Calls `use` with a window on the contiguous part of `block` that starts at element `offset`, copying nothing.
 * The window is gone afterwards.
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
  const owner = block.dataId as object;
  const memoryOffset = backend.getMemoryOffset(owner) + offset * Float32Array.BYTES_PER_ELEMENT;
  const window: Block = { dataId, shape: [...shape], dtype: 'float32' };
  backend.dataIdMap.set(dataId, { id, memoryOffset, shape: window.shape, dtype: 'float32', refCount: 1 });
  backend.wasm.tfjs.registerTensor(id, util.sizeFromShape(window.shape), memoryOffset);
  try {
    return use(window);
  } finally {
    // Not disposeData: that would free memory which belongs to the block.
    backend.wasm.tfjs.disposeData(id);
    backend.dataIdMap.delete(dataId);
  }
}
