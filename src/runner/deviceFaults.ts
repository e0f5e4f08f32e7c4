/** Faults of a GPU on demand (fault.ts). They are real: the backend webgpu learns of them as of any accident. */
import { deviceFailure } from '../backends/device.js';
import { engine } from '../backends/tfjs.js';

/** Each strikes the device of the current backend. */
export const deviceFaults = {
  'lose-device': (device: GPUDevice) => device.destroy(),
  'refuse-kernel': refuseKernel,
  'fill-device': fillDevice,
} as const;

export type DeviceFault = keyof typeof deviceFaults;

/** @throws Error where the backend has no device */
export function strikeDevice(fault: DeviceFault): void {
  const { backend } = engine() as unknown as { backend: { device?: GPUDevice } };
  if (!backend.device) throw new Error('the backend has no device that a fault could strike');
  deviceFaults[fault](backend.device);
}

function refuseKernel(device: GPUDevice): void {
  const module = device.createShaderModule({ code: 'no kernel' });
  device.createComputePipeline({ layout: 'auto', compute: { module } });
}

/** No GPU has as much memory as these parts together. */
const mostParts = 4096;
const partBytes = 2 ** 28;

function fillDevice(device: GPUDevice): void {
  const parts: GPUBuffer[] = [];
  while (!deviceFailure() && parts.length < mostParts)
    parts.push(device.createBuffer({ size: partBytes, usage: GPUBufferUsage.STORAGE }));
  for (const part of parts) part.destroy();
}
