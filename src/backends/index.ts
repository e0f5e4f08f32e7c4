/** Choosing the engine that computes: one backend by name, or the fastest that works. */
import { engine, setBackend } from '@tensorflow/tfjs-core';
import { BackendError, type BackendName, type BackendReport } from './backend.js';
import { loadCpu } from './cpu.js';
import { probeBackend } from './probe.js';
import { loadTensorflow, tensorflowHost } from './tensorflow.js';

export { BACKEND_NAMES, BackendError, type BackendName, type BackendReport } from './backend.js';
export { identityOf } from './identity.js';
export { probeBackends } from './probe.js';

/** How many threads one operation may use, where the backend has threads. */
export interface BackendOptions {
  readonly threads?: number;
}

const loaders: Record<BackendName, (options: BackendOptions) => Promise<BackendReport>> = {
  async tensorflow({ threads }) {
    const found = await loadTensorflow({ threads });
    const { setUp } = found;
    const facts = {
      package: found.package,
      TensorFlow: `${found.tensorflow}${setUp ? `, ${setUp.kind === 'cuda' ? 'CUDA' : 'CPU'} build` : ''}`,
      ...(setUp === undefined ? {} : { 'set up in': setUp.folder }),
      ...(found.warning === undefined ? {} : { warning: found.warning }),
    };
    const { version, records } = found;
    const report = { name: 'tensorflow', available: true, version, records, facts } as const;
    if (found.device === 'GPU') return { ...report, device: 'GPU' };
    return { ...report, device: 'CPU', ...(threads === undefined ? {} : { threads }) };
  },
  async onednn({ threads = 1 }) {
    const { loadOnednn } = await import('./onednn/index.js');
    const found = await loadOnednn({ threads });
    await setBackend('onednn');
    return {
      name: 'onednn',
      available: true,
      device: found.device,
      version: found.version,
      threads: found.threads,
      facts: { 'instruction set': found.isa },
    };
  },
  async wasm() {
    const { loadWasm } = await import('./wasm/index.js');
    const { version, threads, simd } = await loadWasm();
    return {
      name: 'wasm',
      available: true,
      device: 'CPU',
      version,
      threads,
      facts: { SIMD: simd ? 'yes' : 'no' },
    };
  },
  async cpu() {
    const { version } = await loadCpu();
    return { name: 'cpu', available: true, device: 'CPU', version, threads: 1 };
  },
};

export function unavailable(name: BackendName, error: unknown): BackendReport {
  if (error instanceof BackendError)
    return { name, available: false, reason: error.reason, advice: error.advice };
  const { reason, advice } = error as { reason?: unknown; advice?: unknown };
  const message = error instanceof Error ? error.message : String(error);
  return {
    name,
    available: false,
    reason: typeof reason === 'string' ? reason : message,
    ...(typeof advice === 'string' ? { advice } : {}),
  };
}

/**
 * Makes one backend current.
 * @throws BackendError with a reason and advice if that fails
 */
export async function loadBackend(name: BackendName, options: BackendOptions = {}): Promise<BackendReport> {
  try {
    return await loaders[name](options);
  } catch (error) {
    const { reason = '', advice = 'Use `backend: auto`, or see `adamw-bench doctor`.' } = unavailable(
      name,
      error,
    );
    throw new BackendError(name, reason, advice);
  }
}

/** Tries backends in turn until one works; why the others do not is added to its facts. */
async function loadFirst(names: readonly BackendName[], options: BackendOptions, passedOver: Failures) {
  const failures = { ...passedOver };
  for (const name of names) {
    try {
      const report = await loadBackend(name, options);
      return { ...report, facts: { ...report.facts, ...failures } };
    } catch (error) {
      failures[`${name} not used`] = (error as BackendError).reason;
    }
  }
  throw new Error(`No backend works here: ${JSON.stringify(failures)}. Run \`adamw-bench doctor\`.`);
}

type Failures = Readonly<Record<string, string>>;

/** What `auto` takes on a CPU, the fastest first. TensorFlow's CPU kernels are for who asks for them. */
const onCpu: readonly BackendName[] = ['onednn', 'wasm', 'cpu'];

/**
 * TensorFlow, if it runs on a GPU here, else why not. It is tried in a process of its own: with TensorFlow's libraries
 * in this one, our oneDNN addon could not be loaded any more. Without a driver there is nothing to try.
 */
async function tryGpu(): Promise<BackendReport | Failures> {
  if (!tensorflowHost.hasNvidiaDriver()) return {};
  const report = await probeBackend('tensorflow');
  if (report.available && report.device === 'GPU') return report;
  const why = [report.reason, report.advice].filter(Boolean).join(' ') || report.facts?.['warning'];
  return { 'tensorflow not used': why ?? 'it runs on the CPU.' };
}

const isReport = (found: BackendReport | Failures): found is BackendReport => 'available' in found;

/**
 * Makes a backend the current one of tfjs and says which, on what.
 * @param name `auto` takes the first that works of: tensorflow on a GPU, onednn, wasm, cpu; why others were passed
 *   over is then in the report's facts
 * @param options `threads` inside one operation (onednn: 1 unless given; wasm and cpu have one)
 * @throws BackendError with a reason and advice if a backend named by the user cannot be used
 */
export async function useBackend(
  name: 'auto' | BackendName,
  options: BackendOptions = {},
): Promise<BackendReport> {
  const use = async () => {
    if (name !== 'auto') return loadBackend(name, options);
    const gpu = await tryGpu();
    return isReport(gpu) ? loadBackend('tensorflow', options) : loadFirst(onCpu, options, gpu);
  };
  const report = await use();
  await engine().ready();
  return report;
}

/**
 * Says what useBackend would make current, for a process that trains nothing itself. TensorFlow is not loaded for
 * that: it would take memory of the GPU, and its copies of TLS symbols do not go together with Node's, which a
 * connection to Redis may need.
 * Throws as useBackend does.
 */
export async function chooseBackend(
  name: 'auto' | BackendName,
  options: BackendOptions = {},
): Promise<BackendReport> {
  const gpu = name === 'auto' ? await tryGpu() : {};
  if (name !== 'tensorflow' && !isReport(gpu)) {
    return name === 'auto' ? loadFirst(onCpu, options, gpu) : useBackend(name, options);
  }
  const report = isReport(gpu) ? gpu : await probeBackend('tensorflow');
  if (!report.available) throw new BackendError('tensorflow', report.reason ?? '', report.advice ?? '');
  await loadBackend('cpu');
  return {
    ...report,
    ...(report.device === 'GPU' || options.threads === undefined ? {} : { threads: options.threads }),
  };
}
