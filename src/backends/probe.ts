/**
 * Trying every backend for `adamw-bench doctor`, each in a process of its own: a native library that crashes, hangs or
 * takes the process's settings over must not end the doctor.
 *
 * probeChild.ts is what runs there.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BACKEND_NAMES, type BackendName, type BackendReport } from './backend.js';

/** A child that has not answered by then is ended. */
const TIMEOUT_MS = 60_000;

/** How the child is started when the sources run uncompiled, as in tests: through tsx. */
const fromSource = import.meta.url.endsWith('.ts') ? ['--import', 'tsx'] : [];

/** A backend whose process ended without an answer. */
const died = (name: BackendName, how: string): BackendReport => ({
  name,
  available: false,
  reason: `its process ${how} before it had computed anything.`,
  advice:
    'Choose another backend in the configuration, and report this with the output of `adamw-bench doctor`.',
});

/**
 * Tries one backend in a child process: loads it, computes a small gradient, and compares it with the cpu backend's.
 * Never throws; what goes wrong is in the report.
 */
export function probeBackend(name: BackendName, timeoutMs = TIMEOUT_MS): Promise<BackendReport> {
  return new Promise((resolve) => {
    const child = fork(
      fileURLToPath(new URL('./probeChild' + (fromSource.length > 0 ? '.ts' : '.js'), import.meta.url)),
      [name],
      {
        execArgv: fromSource,
        cwd: fileURLToPath(new URL('../..', import.meta.url)),
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
      },
    );
    let report: BackendReport | undefined;
    child.on('message', (message) => (report = message as BackendReport));
    child.on('error', (error) => resolve(died(name, `could not be started (${error.message})`)));
    child.on('close', (code, signal) =>
      resolve(
        report ??
          died(name, signal === null ? `ended with code ${code ?? 'none'}` : `was ended by ${signal}`),
      ),
    );
  });
}

/** Every backend's report, in the order of BACKEND_NAMES. Takes a few seconds. */
export const probeBackends = (): Promise<BackendReport[]> =>
  Promise.all(BACKEND_NAMES.map((name) => probeBackend(name)));
