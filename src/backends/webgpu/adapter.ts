/**
 * The GPUs that WebGPU finds here. Dawn, Chromium's WebGPU, is in the npm package `webgpu`; it talks to Vulkan on Linux,
 * Metal on macOS and Direct3D 12 on Windows.
 */
import { BackendError, type AdapterKind } from '../backend.js';

/** The packages that the backend needs. npm leaves them out where the user installs without optional dependencies. */
const DAWN_PACKAGE = 'webgpu';
export const TFJS_PACKAGE = '@tensorflow/tfjs-backend-webgpu';

/**
 * The strings by which WebGPU describes an adapter (https://www.w3.org/TR/webgpu/#gpuadapterinfo). From Dawn in Node, `device` is
 * the name in small letters and hyphens, `swiftshader-device-subzero-`, and `description` the driver's.
 */
export type AdapterStrings = Pick<GPUAdapterInfo, 'vendor' | 'architecture' | 'device' | 'description'> & {
  readonly isFallbackAdapter?: boolean;
};

/** The adapter's name in words. */
export const nameOf = ({ device, vendor }: Pick<AdapterStrings, 'device' | 'vendor'>): string =>
  device.replaceAll('-', ' ').replace(/ +/g, ' ').trim() || vendor || 'without a name';

/** Drivers that compute on the processor: SwiftShader, Mesa's lavapipe, Direct3D's WARP. */
const software = /swiftshader|llvmpipe|lavapipe|softpipe|microsoft basic render|\bwarp\b/i;

/**
 * WebGPU does not say what sort of device an adapter is, so its vendor and its name must. AMD sells both sorts under
 * the name Radeon: what follows tells them apart. Intel's discrete cards are called Arc and a letter, Battlemage or
 * Data Center GPU; its processors have an "Arc Graphics" without a number.
 */
const discrete: Readonly<Record<string, RegExp>> = {
  nvidia: /^(?!.*\btegra\b)(?!.*\borin\b)/i,
  amd: /\bradeon (rx\b|pro [wv]\d|vii\b)|\binstinct\b|\bfirepro\b|\bnavi ?[123]\d\b|\bvega ?(10|20)\b/i,
  intel: /\barc\b.* [ab]\d{2,3}\b|\bdata center gpu\b/i,
};

/** The sort of a device by its strings. */
export function kindOf(info: AdapterStrings): AdapterKind {
  const { vendor, architecture, description, isFallbackAdapter } = info;
  const name = nameOf(info);
  if (isFallbackAdapter || software.test(`${architecture} ${name} ${description}`)) return 'software';
  if (vendor === 'apple') return 'apple';
  const pattern = discrete[vendor];
  if (pattern === undefined) return 'unknown';
  if (pattern.test(name)) return 'discrete';
  return vendor === 'nvidia' ? 'integrated' : 'unknown';
}

/** Held as long as the process lives: Dawn crashes if one is collected while a device of it waits, be it for its loss. */
const held: GPU[] = [];

/** An adapter and where it was found. */
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
  held.push(gpu);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter) return { gpu, adapter };
  throw new BackendError('webgpu', 'WebGPU finds no GPU.', adviceFor(process.env), 'backend-no-gpu');
}

/** Variables that tell Vulkan which drivers there are. */
const driverVariables = ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES'];

/** What to do where no GPU is found. */
function adviceFor(env: NodeJS.ProcessEnv): string {
  if (process.platform !== 'linux') return "Install the driver of the GPU's maker; docs/gpu.md says more.";
  const set = driverVariables.find((name) => env[name] !== undefined);
  if (set !== undefined)
    return `The variable ${set} limits Vulkan to ${env[set]!}: see whether that file is there and belongs to your GPU, or unset it.`;
  return "It needs libvulkan.so.1 (Debian: `apt install libvulkan1`) and the Vulkan driver of the GPU (Debian: `mesa-vulkan-drivers`, or NVIDIA's own); docs/gpu.md says more.";
}

/** Dawn, and the names of WebGPU (`GPUBufferUsage`, ...) as globals, where tfjs looks for them. */
async function loadDawn(): Promise<typeof import('webgpu')> {
  try {
    const dawn = await import('webgpu');
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
