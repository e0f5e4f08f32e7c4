/**
 * The GPUs that WebGPU finds here. Dawn, Chromium's WebGPU, is in the npm package `webgpu`; it talks to Vulkan on Linux,
 * Metal on macOS and Direct3D 12 on Windows.
 */
import { BackendError } from '../backend.js';

/** The packages that the backend needs. npm leaves them out where the user installs without optional dependencies. */
export const DAWN_PACKAGE = 'webgpu';
export const TFJS_PACKAGE = '@tensorflow/tfjs-backend-webgpu';

/** What sort of device an adapter is. `unknown`: the name does not tell a discrete device from an integrated one. */
export type AdapterKind = 'discrete' | 'apple' | 'integrated' | 'software' | 'unknown';

/** The strings by which WebGPU describes an adapter (https://www.w3.org/TR/webgpu/#gpuadapterinfo). */
export type AdapterStrings = Pick<GPUAdapterInfo, 'vendor' | 'architecture' | 'description'> & {
  readonly isFallbackAdapter?: boolean;
};

/** Drivers that compute on the processor: SwiftShader, Mesa's lavapipe, Direct3D's WARP. */
const software = /swiftshader|llvmpipe|lavapipe|softpipe|microsoft basic render|\bwarp\b/i;

/**
 * WebGPU does not say what sort of device an adapter is, so its vendor and its name must. AMD sells both sorts under
 * the name Radeon: what follows tells them apart. Intel's discrete cards are called Arc and a letter, Battlemage or
 * Data Center GPU; its processors have an "Arc Graphics" without a number.
 */
const discrete: Readonly<Record<string, RegExp>> = {
  nvidia: /^(?!.*\btegra\b)(?!.*\borin\b)/i,
  amd: /\bradeon (rx|pro (w|v)|vii)\b|\binstinct\b|\bfirepro\b|\bnavi ?[123]\d\b|\bvega ?(10|20)\b/i,
  intel: /\barc\b.* [ab]\d{2,3}\b|\bdata center gpu\b/i,
};

/** The sort of a device by its strings. */
export function kindOf({ vendor, architecture, description, isFallbackAdapter }: AdapterStrings): AdapterKind {
  if (isFallbackAdapter || software.test(`${architecture} ${description}`)) return 'software';
  if (vendor === 'apple') return 'apple';
  const pattern = discrete[vendor];
  if (pattern === undefined) return 'unknown';
  if (pattern.test(description)) return 'discrete';
  return vendor === 'nvidia' ? 'integrated' : 'unknown';
}

/** Whether `auto` may take such a device: one that is faster than the processor beside it for certain. */
export const isFast = (kind: AdapterKind): boolean => kind === 'discrete' || kind === 'apple';

/** An adapter and what keeps it alive: Dawn works as long as somebody holds its `GPU`. */
export interface Found {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
}

/**
 * Dawn zeroes workgroup memory by a loop, as it does without Vulkan, not by Vulkan's extension: SwiftShader makes one
 * instruction of each value then, and compiles a kernel for up to a second instead of a tenth of it.
 */
const dawnOptions = ['disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension'];

/**
 * The adapter that WebGPU calls the most powerful one.
 * @throws BackendError where the package is missing or there is no adapter
 */
export async function findAdapter(): Promise<Found> {
  const gpu = (await loadDawn()).create(dawnOptions);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter) return { gpu, adapter };
  throw new BackendError(
    'webgpu',
    'WebGPU finds no GPU.',
    process.platform === 'linux'
      ? 'It needs libvulkan.so.1 (Debian: `apt install libvulkan1`) and the Vulkan driver of the GPU (Debian: `mesa-vulkan-drivers`, or NVIDIA\'s own); docs/gpu.md says more.'
      : "Install the driver of the GPU's maker; docs/gpu.md says more.",
    'backend-no-gpu',
  );
}

/** Dawn, and the names of WebGPU (`GPUBufferUsage`, ...) as globals, where tfjs looks for them. */
async function loadDawn(): Promise<typeof import('webgpu')> {
  try {
    const dawn = await import(DAWN_PACKAGE as 'webgpu');
    Object.assign(globalThis, dawn.globals);
    return dawn;
  } catch (error) {
    throw missing(DAWN_PACKAGE, error);
  }
}

/** Why a package could not be loaded. */
export function missing(name: string, error: unknown): BackendError {
  const { code, message } = error as { code?: string; message: string };
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
    return new BackendError(
      'webgpu',
      `the package ${name} is not installed.`,
      'Install adamw-bench again without --omit=optional.',
      'backend-not-installed',
    );
  return new BackendError(
    'webgpu',
    `the package ${name} does not load (${message.split('\n')[0]!}).`,
    `It has binaries for Linux, macOS and Windows on x64 and arm64; this is ${process.platform} ${process.arch}.`,
    'backend-library-missing',
  );
}
