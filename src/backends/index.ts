/** Choosing the engine that computes: one backend by name, or the fastest that works. */
import { findGpu, firstOnCpu } from './auto.js';
import { BackendError, type BackendName, type BackendReport } from './backend.js';
import type { OnednnFacts } from './onednn/facts.js';
import { probeBackend } from './probe.js';
import { versionOf } from './version.js';

export { BACKEND_NAMES, BackendError, passedOver, type BackendName, type BackendReport } from './backend.js';
export { identityOf } from './identity.js';
export { probeBackends } from './probe.js';

/** How many threads one operation may use, where the backend has threads. */
export interface BackendOptions {
  readonly threads?: number;
}

const loaders: Record<BackendName, (options: BackendOptions) => Promise<BackendReport>> = {
  async tensorflow({ threads }) {
    const { loadTensorflow } = await import('./tensorflow.js');
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
  async webgpu() {
    const { loadWebgpu } = await import('./webgpu/index.js');
    const { version, name, kind, facts } = await loadWebgpu();
    return {
      name: 'webgpu',
      available: true,
      device: `${kind === 'software' ? 'in software' : 'GPU'}, ${name}`,
      version,
      adapter: kind,
      facts,
    };
  },
  async onednn({ threads = 1 }) {
    const { loadOnednn } = await import('./onednn/index.js');
    const { setBackend } = await import('./tfjs.js');
    const found = await loadOnednn({ threads });
    await setBackend('onednn');
    return onednnReport(found);
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
    const { loadCpu } = await import('./cpu.js');
    const { version } = await loadCpu();
    return { name: 'cpu', available: true, device: 'CPU', version, threads: 1 };
  },
};

const onednnReport = ({ device, version, threads, isa, addon }: OnednnFacts): BackendReport => ({
  name: 'onednn',
  available: true,
  device,
  version,
  threads,
  facts: { 'instruction set': isa, addon },
});

/** The same reports, of backends that can tell without making tfjs compute with them. tfjs takes long to load. */
const describers: Partial<typeof loaders> = {
  async onednn({ threads = 1 }) {
    const { describeOnednn } = await import('./onednn/facts.js');
    return onednnReport(describeOnednn({ threads }));
  },
  cpu: () =>
    Promise.resolve({
      name: 'cpu',
      available: true,
      device: 'CPU',
      version: versionOf('@tensorflow/tfjs-backend-cpu'),
      threads: 1,
    }),
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
export const loadBackend = (name: BackendName, options: BackendOptions = {}): Promise<BackendReport> =>
  explaining(name, () => loaders[name](options));

/** Says what `loadBackend` would, for a process that computes nothing. Throws as it does. */
const describeBackend = (name: BackendName, options: BackendOptions = {}): Promise<BackendReport> =>
  explaining(name, () => (describers[name] ?? loaders[name])(options));

/** Turns whatever a loader throws into a BackendError. */
async function explaining(name: BackendName, load: () => Promise<BackendReport>): Promise<BackendReport> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof BackendError) throw error;
    const { reason = '', advice = 'Use `backend: auto`, or see `adamw-bench doctor`.' } = unavailable(
      name,
      error,
    );
    throw new BackendError(name, reason, advice);
  }
}

/**
 * Makes a backend the current one of tfjs and says which, on what.
 * @param name `auto` takes the first that works of: tensorflow on a GPU, webgpu on a discrete GPU or Apple's, onednn,
 *   wasm, cpu; the report then says why others were passed over
 * @param options `threads` inside one operation (onednn: 1 unless given; wasm and cpu have one)
 * @throws BackendError with a reason and advice if a backend named by the user cannot be used
 */
export async function useBackend(
  name: 'auto' | BackendName,
  options: BackendOptions = {},
): Promise<BackendReport> {
  const use = async () => {
    if (name !== 'auto') return loadBackend(name, options);
    const gpu = await findGpu();
    if (gpu.report === undefined) return firstOnCpu(gpu, (each) => loadBackend(each, options));
    const loaded = await loadBackend(gpu.report.name, options);
    return { ...loaded, passed: gpu.passed, facts: { ...loaded.facts, ...gpu.failures } };
  };
  const report = await use();
  const { engine } = await import('./tfjs.js');
  await engine().ready();
  return report;
}

/**
 * Says what useBackend would make current, for a process that trains nothing itself: it makes none current. Backends
 * of a GPU are tried in another process.
 * Throws as useBackend does.
 */
export async function chooseBackend(
  name: 'auto' | BackendName,
  options: BackendOptions = {},
): Promise<BackendReport> {
  if (name === 'auto') {
    const gpu = await findGpu();
    if (gpu.report === undefined) return firstOnCpu(gpu, (each) => describeBackend(each, options));
    return { ...gpu.report, facts: { ...gpu.report.facts, ...gpu.failures } };
  }
  if (!inOwnProcess.has(name)) return describeBackend(name, options);
  const report = await probeBackend(name);
  if (!report.available) throw new BackendError(name, report.reason ?? '', report.advice ?? '');
  const isCpu = name === 'tensorflow' && report.device !== 'GPU';
  return { ...report, ...(isCpu && options.threads !== undefined ? { threads: options.threads } : {}) };
}

/**
 * Backends that a process which trains nothing must not load: they take memory of the GPU, and TensorFlow's copies of TLS
 * symbols do not go together with Node's, which a connection to Redis may need.
 */
const inOwnProcess: ReadonlySet<BackendName> = new Set(['tensorflow', 'webgpu']);
