/** How our kernels call TensorFlow's operations: by name, as tfjs-node's own kernels do. */
import { registerKernel, type KernelFunc, type Tensor, type TensorInfo } from '../../tfjs.js';

export const BACKEND_NAME = 'tensorflow';

/** An attribute in the binding's form. */
interface OpAttr {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** What our kernels use of tfjs-node's backend (dist/nodejs_kernel_backend.d.ts of the package). */
export interface TensorflowBackend {
  readonly binding: Readonly<
    Record<
      'TF_FLOAT' | 'TF_INT32' | 'TF_ATTR_TYPE' | 'TF_ATTR_FLOAT' | 'TF_ATTR_BOOL' | 'TF_ATTR_STRING',
      number
    >
  >;
  executeMultipleOutputs(name: string, attrs: OpAttr[], inputs: TensorInfo[], outputs: number): Tensor[];
  incRef(dataId: object): void;
}

/** An attribute's value. Types are those of tensors. */
type Attr =
  { readonly type: 'float32' | 'int32' } | { readonly float: number } | { readonly bool: boolean } | string;

function encode({ binding }: TensorflowBackend, name: string, attr: Attr): OpAttr {
  if (typeof attr === 'string') return { name, type: binding.TF_ATTR_STRING, value: attr };
  if ('float' in attr) return { name, type: binding.TF_ATTR_FLOAT, value: attr.float };
  if ('bool' in attr) return { name, type: binding.TF_ATTR_BOOL, value: attr.bool };
  const value = attr.type === 'float32' ? binding.TF_FLOAT : binding.TF_INT32;
  return { name, type: binding.TF_ATTR_TYPE, value };
}

export const float32 = { type: 'float32' } as const;

/** Runs one operation of TensorFlow. Its results belong to the current tidy. */
export const op = (
  backend: TensorflowBackend,
  name: string,
  attrs: Readonly<Record<string, Attr>>,
  inputs: TensorInfo[],
  outputs = 1,
): Tensor[] =>
  backend.executeMultipleOutputs(
    name,
    Object.entries(attrs).map(([key, attr]) => encode(backend, key, attr)),
    inputs,
    outputs,
  );

/** The same tensor once more, as another result: nothing is copied. */
export function alias(backend: TensorflowBackend, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}

/** What tfjs hands to a kernel. */
export interface Call<Inputs, Attrs> {
  readonly inputs: Inputs;
  readonly attrs: Attrs;
  readonly backend: TensorflowBackend;
}

/** Registers a kernel under a name of backends/kernels.ts. */
export const register = <Inputs, Attrs>(
  kernelName: string,
  run: (call: Call<Inputs, Attrs>) => TensorInfo | TensorInfo[],
): void =>
  registerKernel({ kernelName, backendName: BACKEND_NAME, kernelFunc: run as unknown as KernelFunc });
