/** Whether WebGPU has a device for tests; where nothing else is asked for, it is a software device (swiftshader.ts). */
import { probeBackend } from '../../../src/backends/probe.js';
import { useSoftwareDevice } from './swiftshader.js';

useSoftwareDevice();

const report = await probeBackend('webgpu');

/** Why no WebGPU device is here; undefined where there is one. */
export const whyNoDevice = report.available ? undefined : `no WebGPU device: ${report.reason ?? ''}`;
