/** The backend webgpu on a device of its own: the last test may have broken the one before. */
import { engine, setBackend } from '../../../src/backends/tfjs.js';
import { findAdapter } from '../../../src/backends/webgpu/adapter.js';
import { registerWebgpu } from '../../../src/backends/webgpu/backend.js';
import type { WebgpuBackend } from '../../../src/backends/webgpu/tfjsBackend.js';
import { registerWebgpuKernels } from '../../../src/backends/webgpu/kernels/index.js';

/** Makes it the current backend; the device and the backend before it end. */
export async function freshDevice(): Promise<{ device: GPUDevice; backend: WebgpuBackend }> {
  const { gpu, adapter } = await findAdapter();
  const device = await adapter.requestDevice();
  registerWebgpu(gpu, device, adapter.info);
  registerWebgpuKernels();
  await setBackend('webgpu');
  return { device, backend: engine().backend as WebgpuBackend };
}
