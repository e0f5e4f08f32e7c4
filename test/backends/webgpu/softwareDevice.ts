/**
 * WebGPU on a software device, for tests: SwiftShader, which Debian's package `chromium` brings. VK_ICD_FILENAMES names
 * it to Vulkan, and must be set before Dawn is loaded; a value that is there stays.
 */
import { existsSync } from 'node:fs';
import { probeBackend } from '../../../src/backends/probe.js';

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

if (existsSync(SWIFTSHADER)) process.env['VK_ICD_FILENAMES'] ??= SWIFTSHADER;

const report = await probeBackend('webgpu');

/** Why no WebGPU device is here; undefined where there is one. */
export const whyNoDevice = report.available ? undefined : `no WebGPU device: ${report.reason ?? ''}`;
