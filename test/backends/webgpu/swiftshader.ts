/**
 * SwiftShader, a software device for WebGPU, which Debian's package `chromium` brings. VK_ICD_FILENAMES names it to
 * Vulkan, and must be set before Dawn is loaded; a value that is there stays.
 */
import { existsSync } from 'node:fs';

const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** Lets WebGPU find it, where it is installed. */
export function useSoftwareDevice(): void {
  if (existsSync(SWIFTSHADER)) process.env['VK_ICD_FILENAMES'] ??= SWIFTSHADER;
}
