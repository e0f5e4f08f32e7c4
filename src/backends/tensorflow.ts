/**
 * The tensorflow backend: @tensorflow/tfjs-node-gpu (CUDA), else @tensorflow/tfjs-node where a user has added it.
 *
 * Both are native code around the TensorFlow library, which their install scripts download; where that fails, npm
 * leaves an optional dependency out, or leaves it without its binary. This loader tells these cases apart.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { engine, setBackend } from '@tensorflow/tfjs-core';
import { BackendError } from './backend.js';

/** What was loaded. */
export interface TensorflowFacts {
  readonly package: string;
  readonly version: string;
  readonly device: 'GPU' | 'CPU';
  /** Where a GPU was asked for and none was found: what to tell the user. */
  readonly warning?: string;
}

/** What the loader asks of the machine; tests put a stand-in here, as the binary cannot be had everywhere. */
export interface TensorflowHost {
  /** CommonJS require, as seen from this package. Throws an Error with code MODULE_NOT_FOUND where there is none. */
  readonly require: (name: string) => unknown;
  /** Whether the machine shows an NVIDIA driver, without which there is no GPU to find. */
  readonly hasNvidiaDriver: () => boolean;
}

export const GPU_PACKAGE = '@tensorflow/tfjs-node-gpu';
export const CPU_PACKAGE = '@tensorflow/tfjs-node';

/** Node's own `util`, as tfjs-node sees it. */
type NodeUtil = Record<string, unknown>;

/**
 * Puts back `util.isNullOrUndefined` and `util.isArray`, which tfjs-node 4.22 calls and Node has removed (23 on;
 * https://github.com/tensorflow/tfjs/issues/8425, https://github.com/tensorflow/tfjs/issues/8609). Where they are
 * still there nothing changes.
 */
export function restoreRemovedUtil(nodeUtil: NodeUtil): void {
  nodeUtil['isNullOrUndefined'] ??= (value: unknown): boolean => value === null || value === undefined;
  nodeUtil['isArray'] ??= Array.isArray;
}

const ownRequire = createRequire(import.meta.url);

/** Files by which an NVIDIA driver shows, on Linux and Windows. */
const DRIVER_FILES = ['/proc/driver/nvidia/version', '/dev/nvidiactl', 'C:\\Windows\\System32\\nvcuda.dll'];

/** This machine. */
export const tensorflowHost: TensorflowHost = {
  require: ownRequire,
  hasNvidiaDriver: () => DRIVER_FILES.some((file) => existsSync(file)),
};

/** Why a package did not load, from the error that require threw. */
type Failure =
  | { kind: 'missing' }
  | { kind: 'binary'; message: string }
  | { kind: 'library'; message: string }
  | { kind: 'other'; message: string };

function classify(error: unknown, name: string): Failure {
  const { code, message = String(error) } = error as { code?: string; message?: string };
  const firstLine = message.split('\n')[0]!;
  if (code === 'MODULE_NOT_FOUND' && message.includes(`'${name}'`)) return { kind: 'missing' };
  if (/native addon module \(tfjs_binding\.node\)/.test(message))
    return { kind: 'binary', message: firstLine };
  // dlopen's words: "libtensorflow.so.2: cannot open shared object file: No such file or directory".
  if (code === 'ERR_DLOPEN_FAILED' || /cannot open shared object|\.so\.\d/.test(message)) {
    return { kind: 'library', message: firstLine };
  }
  return { kind: 'other', message: firstLine };
}

/** A failure as the sentences that the user reads. */
function explain(failure: Exclude<Failure, { kind: 'missing' }>, name: string): BackendError {
  const rebuild = `npm rebuild ${name} --foreground-scripts`;
  switch (failure.kind) {
    case 'binary':
      return new BackendError(
        'tensorflow',
        `${name} is installed without its binary (tfjs_binding.node): the download from storage.googleapis.com was ` +
          'blocked or its install script was not allowed to run.',
        `Run \`${rebuild}\` with access to the internet.`,
        'backend-without-binary',
      );
    case 'library':
      return new BackendError(
        'tensorflow',
        `the binary of ${name} does not load (${failure.message}).`,
        name === GPU_PACKAGE
          ? 'It wants CUDA 11.2 and cuDNN 8.1 in LD_LIBRARY_PATH. For a CPU use `backend: auto`.'
          : `Run \`${rebuild}\`, which fetches libtensorflow again.`,
        'backend-library-missing',
      );
    case 'other':
      return new BackendError(
        'tensorflow',
        `${name} failed while it was loading (${failure.message}).`,
        'Node 20 or 22 is what tfjs-node 4.22 was made for; `adamw-bench doctor` shows what else is available.',
      );
  }
}

const NOT_INSTALLED = new BackendError(
  'tensorflow',
  `neither ${GPU_PACKAGE} nor ${CPU_PACKAGE} is installed; npm leaves the first out where its binary cannot be ` +
    'downloaded.',
  `Run \`npm install ${GPU_PACKAGE}@4.22.0\` (CUDA 11.2 and cuDNN 8.1) or \`npm install ${CPU_PACKAGE}@4.22.0\` ` +
    'with access to storage.googleapis.com.',
  'backend-not-installed',
);

/** Says which of the things a GPU run needs is missing. */
const gpuWarning = (hasDriver: boolean): string =>
  hasDriver
    ? `${GPU_PACKAGE} runs on the CPU: there is a driver, but TensorFlow could not load CUDA 11.2 and cuDNN 8.1. ` +
      'Install these versions and put their folders into LD_LIBRARY_PATH.'
    : `${GPU_PACKAGE} runs on the CPU: this machine shows no NVIDIA driver. Install it, or use \`backend: auto\`.`;

/** Requires the first of the packages that is installed. Throws the BackendError of the first that is but fails. */
function requireFirst(host: TensorflowHost, names: readonly string[]): { name: string; module: unknown } {
  let failure: BackendError | undefined;
  for (const name of names) {
    try {
      return { name, module: host.require(name) };
    } catch (error) {
      const cause = classify(error, name);
      if (cause.kind !== 'missing') failure ??= explain(cause, name);
    }
  }
  throw failure ?? NOT_INSTALLED;
}

/** Makes the registered backend current. Throws a BackendError where it is not there, or does not start. */
async function activate(name: string): Promise<void> {
  if (engine().findBackendFactory('tensorflow') == null) {
    throw new BackendError(
      'tensorflow',
      `${name} registered itself with another copy of @tensorflow/tfjs-core than the one used here.`,
      'Run `npm dedupe`, and check that its version is 4.22.0.',
      'backend-second-core',
    );
  }
  if (!(await setBackend('tensorflow').catch(() => false))) {
    throw new BackendError(
      'tensorflow',
      `${name} was loaded, but did not start.`,
      'For a CPU use `backend: auto`.',
    );
  }
}

/** TensorFlow reads its threads from the environment, once, when it starts. What the user has set stays. */
function setThreads(threads: number): void {
  process.env['TF_NUM_INTRAOP_THREADS'] ??= String(threads);
  process.env['TF_NUM_INTEROP_THREADS'] ??= '1';
}

/**
 * Makes TensorFlow the current tfjs backend: the GPU package first, then the CPU package.
 * @param threads threads inside an operation on a CPU; by default TensorFlow's own choice
 * @param host stands in for the machine in tests
 * Throws a BackendError that says what is missing and what to do.
 */
export async function loadTensorflow(
  threads?: number,
  host: TensorflowHost = tensorflowHost,
): Promise<TensorflowFacts> {
  if (threads !== undefined) setThreads(threads);
  restoreRemovedUtil(ownRequire('node:util') as NodeUtil);
  const { name, module } = requireFirst(host, [GPU_PACKAGE, CPU_PACKAGE]);
  await activate(name);
  const version = (module as { version?: Record<string, string> }).version?.['tfjs-node'] ?? 'unknown';
  if (name === CPU_PACKAGE) return { package: name, version, device: 'CPU' };
  // tfjs-node's backend knows whether the library found a GPU; tfjs-core's type of a backend does not tell.
  const usesGpu = (engine().backend as unknown as { isUsingGpuDevice?: boolean }).isUsingGpuDevice === true;
  if (usesGpu) return { package: name, version, device: 'GPU' };
  return { package: name, version, device: 'CPU', warning: gpuWarning(host.hasNvidiaDriver()) };
}
