/** How kernels are registered under the names of backends/kernels.ts, or in the place of one of tfjs's own. */
import { getKernel, registerKernel, unregisterKernel, type KernelFunc, type TensorInfo } from '../../tfjs.js';
import type { WebgpuBackend } from '../tfjsBackend.js';

const BACKEND_NAME = 'webgpu';

/** What tfjs hands to a kernel. */
export interface Call<Inputs, Attrs> {
  readonly inputs: Inputs;
  readonly attrs: Attrs;
  readonly backend: WebgpuBackend;
}

export function register<Inputs, Attrs>(
  kernelName: string,
  run: (call: Call<Inputs, Attrs>) => TensorInfo | TensorInfo[],
): void {
  if ((getKernel(kernelName, BACKEND_NAME) as unknown) != null) unregisterKernel(kernelName, BACKEND_NAME);
  registerKernel({ kernelName, backendName: BACKEND_NAME, kernelFunc: run as unknown as KernelFunc });
}

/** The same values once more, as another result: nothing is copied. */
export function alias(backend: WebgpuBackend, { dataId, shape, dtype }: TensorInfo): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}

/** tfjs's own kernels, kept before ours stand in their places. */
const originals = new Map<string, KernelFunc>();

/**
 * Registers a kernel in the place of tfjs's own. `run` gets that one too, for what it does not do itself.
 * @throws Error where tfjs has none
 */
export function replace<Inputs, Attrs>(
  kernelName: string,
  run: (call: Call<Inputs, Attrs>, original: () => TensorInfo | TensorInfo[]) => TensorInfo | TensorInfo[],
): void {
  const kept = originals.get(kernelName) ?? getKernel(kernelName, BACKEND_NAME)?.kernelFunc;
  if (!kept) throw new Error(`tfjs-backend-webgpu has no kernel ${kernelName}; is it version 4.22?`);
  originals.set(kernelName, kept);
  register<Inputs, Attrs>(kernelName, (call) =>
    run(call, () => kept(call as unknown as Parameters<KernelFunc>[0])),
  );
}
