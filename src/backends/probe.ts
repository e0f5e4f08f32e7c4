/**
 * Trying every backend for `adamw-bench doctor`, each in a process of its own: a native library that crashes, hangs or
 * takes the process's settings over must not end the doctor.
 *
 * probeStart.ts is where it begins, probeChild.ts what runs there.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BACKEND_NAMES, type BackendName, type BackendReport } from './backend.js';

export interface ProbeOptions {
  /** A child that has not answered by then is ended, in milliseconds. */
  readonly timeoutMs?: number;
  /** Added to the child's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Shows what the libraries themselves say as they start. */
  readonly verbose?: boolean;
  /** Looks at the device and at each of its libraries too, for `doctor`. */
  readonly thorough?: boolean;
}

/** CUDA libraries have 4 GB, which may come from a slow disk. */
const longest: Readonly<Record<BackendName, number>> = {
  tensorflow: 300_000,
  webgpu: 60_000,
  onednn: 60_000,
  wasm: 60_000,
  cpu: 60_000,
};

/** How the child is started when the sources run uncompiled, as in tests: through tsx. */
const fromSource = import.meta.url.endsWith('.ts') ? ['--import', 'tsx'] : [];

/** A backend whose process ended without an answer. */
const died = (name: BackendName, how: string, lastWords: string): BackendReport => ({
  name,
  available: false,
  reason: `its process ${how} before it had computed anything${lastWords && ` (${lastWords})`}.`,
  advice:
    'Choose another backend in the configuration, and report this with the output of `adamw-bench doctor`.',
});

const lastLine = (text: string): string => text.trim().split('\n').at(-1)!.slice(0, 300);

/**
 * Tries one backend in a child process: loads it, computes a small gradient, and compares it with the cpu backend's.
 * Never throws; what goes wrong is in the report.
 */
export function probeBackend(
  name: BackendName,
  { timeoutMs = longest[name], env = {}, verbose = false, thorough = false }: ProbeOptions = {},
): Promise<BackendReport> {
  return new Promise((resolve) => {
    const child = fork(
      fileURLToPath(new URL('./probeStart' + (fromSource.length > 0 ? '.ts' : '.js'), import.meta.url)),
      [name, ...(thorough ? ['thorough'] : [])],
      {
        execArgv: fromSource,
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
        env: { ...process.env, ...env, ...(verbose ? { TF_CPP_MIN_LOG_LEVEL: '0' } : {}) },
        stdio: ['ignore', 'ignore', verbose ? 'inherit' : 'pipe', 'ipc'],
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
      },
    );
    let report: BackendReport | undefined;
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)));
    child.on('message', (message) => (report = message as BackendReport));
    child.on('error', (error) => resolve(died(name, `could not be started (${error.message})`, '')));
    child.on('close', (code, signal) => {
      const how = signal === null ? `ended with code ${code ?? 'none'}` : `was ended by ${signal}`;
      resolve(report ?? died(name, how, lastLine(said)));
    });
  });
}

/** Every backend's report, in the order of BACKEND_NAMES. Takes a few seconds. */
export const probeBackends = (options: ProbeOptions = {}): Promise<BackendReport[]> =>
  Promise.all(BACKEND_NAMES.map((name) => probeBackend(name, options)));
