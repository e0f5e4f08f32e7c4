/** The parts of tfjs-node that a recorder needs, and that tfjs-core's types lack. */
import type { DataId, Tensor } from '@tensorflow/tfjs-core';

/** A tensor of the binding. Ids are never used twice. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  /** TensorFlow's number of the type. */
  readonly dtype: number;
}

/** An attribute of an operation. */
export interface OpAttribute {
  readonly name: string;
  /** One of the binding's TF_ATTR numbers. */
  readonly type: number;
  readonly value: unknown;
}

/** Values on their way to TensorFlow; texts are arrays of bytes. */
export type HostValues = ArrayBufferView | readonly Uint8Array[];

/** The native binding: every kernel of tfjs-node is a call of `executeOp`. */
export interface Binding {
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  executeOp(name: string, attributes: OpAttribute[], inputs: number[], outputs: number): TensorMetadata[];
  createTensor(shape: number[], dtype: number, values: HostValues): number;
  tensorDataSync(id: number): ArrayBufferView;
  deleteTensor(id: number): void;
  runSavedModel(...rest: unknown[]): TensorMetadata[];
}

/** tfjs-node's backend. */
export interface NodeBackend {
  binding: Binding;
  /** Uploads what has not been yet: a tensor made of JavaScript's numbers goes to TensorFlow when it is first used. */
  getInputTensorIds(tensors: readonly Tensor[]): number[];
  createOutputTensor(metadata: TensorMetadata): Tensor;
  /** How many tensors share these values. */
  refCount(dataId: DataId): number;
  readonly tensorMap: { get(dataId: DataId): TensorMetadata };
}

/** Whether a backend of tfjs is tfjs-node's. */
export const isNodeBackend = (backend: unknown): backend is NodeBackend => {
  const { binding, getInputTensorIds } = backend as Partial<NodeBackend>;
  return typeof binding?.executeOp === 'function' && typeof getInputTensorIds === 'function';
};

/** The binding's own view of some tensors, which it has after this call. */
export function metadataOf(backend: NodeBackend, tensors: readonly Tensor[]): TensorMetadata[] {
  const ids = backend.getInputTensorIds(tensors);
  return tensors.map(({ dataId, shape }, i) => ({
    id: ids[i]!,
    shape,
    dtype: backend.tensorMap.get(dataId).dtype,
  }));
}

/** Our addon (native/tensorflow/functions.cc). */
export interface FunctionsAddon {
  /**
   * Makes the nodes of a graph, a serialised GraphDef, an operation of TensorFlow with this name.
   * Throws an Error with TensorFlow's words.
   */
  add(name: string, graph: Buffer, inputs: readonly string[], outputs: readonly string[], xla: boolean): void;
  remove(name: string): void;
  /** Whether it was loaded before tfjs-node, as it has to be. */
  isReady(): boolean;
}
