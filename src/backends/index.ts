/** Choosing the engine that computes: one backend by name, or the fastest that works. */
import { engine, setBackend } from '@tensorflow/tfjs-core';
import { BackendError, type BackendName, type BackendReport } from './backend.js';
import { loadCpu } from './cpu.js';
import { loadTensorflow, tensorflowHost } from './tensorflow.js';

export { BACKEND_NAMES, BackendError, type BackendName, type BackendReport } from './backend.js';
export { probeBackends } from './probe.js';

/** How many threads one operation may use, where the backend has threads. */
export interface BackendOptions {
  readonly threads?: number;
}

const loaders: Record<BackendName, (options: BackendOptions) => Promise<BackendReport>> = {
  async tensorflow({ threads }) {
    const found = await loadTensorflow(threads);
    const facts = {
      package: found.package,
      ...(found.warning === undefined ? {} : { warning: found.warning }),
    };
    const report = { name: 'tensorflow', available: true, version: found.version, facts } as const;
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

/** `auto`: a GPU, then our native CPU code, then TensorFlow's, then what runs anywhere. */
async function loadFastest(options: BackendOptions): Promise<BackendReport> {
  const failures: Record<string, string> = {};
  const attempt = async (name: BackendName): Promise<BackendReport | undefined> => {
    try {
      return await loadBackend(name, options);
    } catch (error) {
      failures[`${name} not used`] = (error as BackendError).reason;
      return undefined;
    }
  };
  const finish = (report: BackendReport): BackendReport => ({
    ...report,
    facts: { ...report.facts, ...failures },
  });

  // TensorFlow takes seconds to load. Without a driver it cannot find a GPU, so it then comes after onednn.
  const first = tensorflowHost.hasNvidiaDriver() ? await attempt('tensorflow') : undefined;
  if (first?.device === 'GPU') return finish(first);
  const onednn = await attempt('onednn');
  if (onednn !== undefined) return finish(onednn);
  if (first !== undefined && (await setBackend('tensorflow'))) return finish(first);
  const rest: BackendName[] = tensorflowHost.hasNvidiaDriver()
    ? ['wasm', 'cpu']
    : ['tensorflow', 'wasm', 'cpu'];
  for (const name of rest) {
    const report = await attempt(name);
    if (report !== undefined) return finish(report);
  }
  throw new Error(`No backend works here: ${JSON.stringify(failures)}. Run \`adamw-bench doctor\`.`);
}

/**
 * Makes a backend the current one of tfjs, and reports its name and device.
 * @param name `auto` takes the first that works of: tensorflow on a GPU, onednn, tensorflow on the CPU, wasm, cpu; the
 *   report's facts then say why others were passed over
 * @param options `threads` inside one operation (onednn: 1 unless given; wasm and cpu have one)
 * @throws BackendError with a reason and advice if a backend named by the user cannot be used
 */
export async function useBackend(
  name: 'auto' | BackendName,
  options: BackendOptions = {},
): Promise<BackendReport> {
  const report = name === 'auto' ? await loadFastest(options) : await loadBackend(name, options);
  await engine().ready();
  return report;
}
