/** The webgpu backend: tfjs's WebGPU kernels and our own on Dawn, for the GPUs of any maker. */
import { setBackend } from '../tfjs.js';
import { BackendError, type AdapterKind } from '../backend.js';
import { versionOf } from '../version.js';
import { findAdapter, kindOf, nameOf, TFJS_PACKAGE } from './adapter.js';
import { registerWebgpu } from './backend.js';
import { registerWebgpuKernels } from './kernels/index.js';

export interface WebgpuFacts {
  readonly version: string;
  /** The adapter's name, e.g. `nvidia geforce rtx 4090`. */
  readonly name: string;
  readonly kind: AdapterKind;
  readonly facts: Readonly<Record<string, string>>;
}

/** The limits of a device that matter here; all that the adapter has is asked for. */
const limits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20).toLocaleString('en')} MiB`;

function factsOf({ info, limits }: GPUAdapter, kind: AdapterKind): Record<string, string> {
  return {
    adapter: `${[nameOf(info), info.vendor, info.architecture].filter(Boolean).join(', ')} (${kind})`,
    ...(info.description ? { driver: info.description } : {}),
    limits: [
      `${mebibytes(limits.maxStorageBufferBindingSize)} a tensor`,
      `${limits.maxComputeInvocationsPerWorkgroup} threads and ${limits.maxComputeWorkgroupStorageSize / 1024} KiB a workgroup`,
      `${limits.maxStorageBuffersPerShaderStage} buffers a kernel`,
    ].join(', '),
  };
}

/** The start of this process's device: a second one would leave tensors behind on the first. */
let started: Promise<WebgpuFacts> | undefined;

/**
 * Makes webgpu the current tfjs backend.
 * @throws BackendError that says what is missing and what to do
 */
export async function loadWebgpu(): Promise<WebgpuFacts> {
  started ??= start();
  const facts = await started.catch((error: unknown) => {
    started = undefined;
    throw error;
  });
  if (!(await setBackend('webgpu').catch(() => false)))
    throw new BackendError('webgpu', 'tfjs could not start on the device.', 'Use `backend: auto`.');
  return facts;
}

async function start(): Promise<WebgpuFacts> {
  const { gpu, adapter } = await findAdapter();
  const kind = kindOf(adapter.info);
  const device = await adapter.requestDevice({
    requiredLimits: Object.fromEntries(limits.map((name) => [name, adapter.limits[name]])),
    requiredFeatures: adapter.features.has('timestamp-query') ? ['timestamp-query'] : [],
  });
  registerWebgpu(gpu, device, adapter.info);
  registerWebgpuKernels();
  return {
    version: versionOf(TFJS_PACKAGE),
    name: nameOf(adapter.info),
    kind,
    facts: factsOf(adapter, kind),
  };
}
