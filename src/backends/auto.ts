/** What `backend: auto` takes: the fastest that works, found without a measurement of time. */
import {
  NOT_USED,
  type BackendError,
  type BackendName,
  type BackendReport,
  type PassedOver,
} from './backend.js';
import { graphicsDevice, nvidiaDriver } from './gpus.js';
import { probeBackend } from './probe.js';

/** What `auto` has learned on its way to a backend. */
interface Search {
  readonly passed: readonly PassedOver[];
  /** What the user did not expect, by the backend's name: it becomes a notice. */
  readonly failures: Readonly<Record<string, string>>;
}

/** The GPU that `auto` takes; else what was learned. */
type GpuSearch = Search & { readonly report?: BackendReport };

/**
 * TensorFlow on a GPU, else WebGPU on one that is faster than the processor beside it for certain. No time is measured:
 * the same machine always gets the same backend, which is part of what a cell is. Each is tried in a process of its
 * own: with TensorFlow's libraries in this one, our oneDNN addon could not be loaded any more.
 * @param probe tries a backend
 */
export async function findGpu(probe: typeof probeBackend = probeBackend): Promise<GpuSearch> {
  const cuda = await tryTensorflow(probe);
  if (cuda.report) return cuda;
  const { report, why } = await tryWebgpu(probe);
  const passed = [...cuda.passed, ...(why === undefined ? [] : [{ name: 'webgpu', why } as const])];
  return { passed, failures: cuda.failures, ...(report && { report: { ...report, passed } }) };
}

/** Without a driver there is nothing to try. */
async function tryTensorflow(probe: typeof probeBackend): Promise<GpuSearch> {
  if (!nvidiaDriver.isThere())
    return { passed: [{ name: 'tensorflow', why: 'there is no NVIDIA driver.' }], failures: {} };
  const report = await probe('tensorflow');
  if (report.available && report.device === 'GPU') return { passed: [], failures: {}, report };
  const why =
    [report.reason, report.advice].filter(Boolean).join(' ') ||
    report.facts?.['warning'] ||
    'it runs on the CPU.';
  return { passed: [{ name: 'tensorflow', why }], failures: { [`tensorflow${NOT_USED}`]: why } };
}

async function tryWebgpu(probe: typeof probeBackend): Promise<{ report?: BackendReport; why?: string }> {
  if (!graphicsDevice.isThere()) return { why: 'there is no graphics device.' };
  const report = await probe('webgpu');
  if (!report.available) return { why: [report.reason, report.advice].filter(Boolean).join(' ') };
  if (report.adapter === 'discrete' || report.adapter === 'apple') return { report };
  return {
    why: `its device (${report.facts?.['adapter'] ?? ''}) need not be faster than this processor: \`backend: webgpu\` takes it all the same.`,
  };
}

/** What `auto` takes on a CPU, the fastest first. TensorFlow's CPU kernels are for who asks for them. */
const onCpu: readonly BackendName[] = ['onednn', 'wasm', 'cpu'];

/** Loads or describes the backends of a CPU in turn until one works; why others do not is added to its report. */
export async function firstOnCpu(
  before: Search,
  load: (name: BackendName) => Promise<BackendReport>,
): Promise<BackendReport> {
  const passed = [...before.passed];
  const failures = { ...before.failures };
  for (const name of onCpu) {
    try {
      const report = await load(name);
      return { ...report, passed, facts: { ...report.facts, ...failures } };
    } catch (error) {
      const { reason } = error as BackendError;
      passed.push({ name, why: reason });
      failures[`${name}${NOT_USED}`] = reason;
    }
  }
  throw new Error(`No backend works here: ${JSON.stringify(failures)}. Run \`adamw-bench doctor\`.`);
}
