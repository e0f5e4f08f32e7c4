/** Native kernels, and how each is registered before the JavaScript kernel of the same name. */
import {
  getKernel,
  registerKernel,
  type KernelFunc,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  type TensorInfo,
} from '../tfjs.js';
import { backendName, type OnednnBackend } from './backend.js';
import { markUnrepeatable } from './recorder.js';

/** What tfjs hands to a kernel; each kernel knows its own inputs and attributes. */
export interface Call<Inputs = Record<string, TensorInfo>, Attrs = Record<string, unknown>> {
  readonly inputs: Inputs;
  readonly attrs: Attrs;
  readonly backend: OnednnBackend;
}

/**
 * A native kernel. `run` returns undefined for a call that it cannot do (another dtype or layout, an empty tensor,
 * wrong arguments). Then the JavaScript kernel does it, or reports what is wrong.
 */
export interface NativeKernel {
  readonly name: string;
  readonly run: (call: Call<never, never>) => TensorInfo | TensorInfo[] | undefined;
}

/** Types a kernel for the list of NativeKernels; tfjs's own types allow `any` tensor and attribute. */
export function kernel<Inputs, Attrs>(
  name: string,
  run: (call: Call<Inputs, Attrs>) => TensorInfo | TensorInfo[] | undefined,
): NativeKernel {
  return { name, run: run };
}

/** The kernel of the JavaScript backend. It may keep its inputs, and it is not recorded. */
export function javascriptKernel(original: KernelFunc): KernelFunc {
  return (call) => {
    markUnrepeatable();
    const backend = call.backend as OnednnBackend;
    for (const input of Object.values(call.inputs) as (TensorInfo | TensorInfo[] | undefined)[]) {
      if (Array.isArray(input)) for (const one of input) backend.release(one);
      else if (input) backend.release(input);
    }
    return original(call);
  };
}

export function callKernel(
  name: string,
  backend: OnednnBackend,
  inputs: NamedTensorInfoMap,
  attrs: NamedAttrMap = {},
): TensorInfo {
  return getKernel(name, backendName).kernelFunc({ inputs, attrs, backend }) as TensorInfo;
}

/** Registers a native kernel, with `fallback` behind it if given. */
export function registerNative({ name, run }: NativeKernel, fallback: KernelFunc | undefined): void {
  registerKernel({
    kernelName: name,
    backendName,
    kernelFunc: (call) => {
      const out = run(call as unknown as Call<never, never>);
      if (out) return out;
      if (fallback) return fallback(call);
      throw new Error(`${name}: the inputs are not float32 tensors of the shapes that this kernel takes.`);
    },
  });
}
