/**
 * The tensorflow backend: @tensorflow/tfjs-node-gpu, native code around the TensorFlow library.
 *
 * The package comes from `adamw-bench setup`, with today's TensorFlow. Where there is no set-up, one that the user has
 * installed with npm is taken; its install script downloads TensorFlow 2.9.1, and where that failed npm leaves it out,
 * or leaves it without its binary. This loader tells these cases apart.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { engine, setBackend } from './tfjs.js';
import { BackendError } from './backend.js';
import { nvidiaDriver } from './gpus.js';
import type { RepeatingBackend } from './repeat.js';
import type { CompilingBackend } from './xla.js';
import { isNodeBackend } from './tensorflow/binding.js';
import { hasFunctionsAddon, loadFunctionsAddon, readyFunctionsAddon } from './tensorflow/functionsAddon.js';
import { registerTensorflowKernels } from './tensorflow/kernels/index.js';
import { registerSoftmax } from './tensorflow/kernels/softmax.js';
import { StepFunctions } from './tensorflow/repeats.js';
import {
  PACKAGE_FOLDER,
  SUPPORT_ADDON,
  TFJS_BRIDGE,
  readSetUp,
  tensorflowHome,
  type SetUp,
  type SupportAddon,
} from './tensorflowHome.js';

/** What was loaded. */
export interface TensorflowFacts {
  readonly package: string;
  /** Of the package. */
  readonly version: string;
  /** Of TensorFlow itself. */
  readonly tensorflow: string;
  readonly device: 'GPU' | 'CPU';
  /** Where it comes from: a set-up's folder and kind; undefined for a package in node_modules. */
  readonly setUp?: { readonly folder: string; readonly kind: SetUp['kind'] };
  /** Whether a step can be recorded and run as one call. */
  readonly records: boolean;
  /** What to tell the user: a GPU was asked for and none was found, or the set-up is an old one. */
  readonly warning?: string;
}

/** What the loader asks of the machine; tests put a stand-in here where they are about a machine of another kind. */
export interface TensorflowHost {
  /** CommonJS require, as seen from this package. Throws an Error with code MODULE_NOT_FOUND where there is none. */
  readonly require: (name: string) => unknown;
  /** Whether the machine shows an NVIDIA driver, without which there is no GPU to find. */
  readonly hasNvidiaDriver: () => boolean;
  /** Loads the addon of recorded steps from a set-up; false where the set-up has none. */
  readonly loadFunctions?: (folder: string) => boolean;
  /** The set-up of this user, if there is one. */
  readonly setUp?: () => { readonly folder: string; readonly kind: SetUp['kind'] } | undefined;
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

/** This machine. */
export const tensorflowHost: TensorflowHost = {
  require: ownRequire,
  hasNvidiaDriver: () => nvidiaDriver.isThere(),
  setUp: () => {
    const folder = tensorflowHome();
    const found = readSetUp(folder);
    return found && { folder, kind: found.kind };
  },
  loadFunctions: (folder) => {
    if (!hasFunctionsAddon(folder)) return false;
    loadFunctionsAddon(folder);
    return true;
  },
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

const SET_UP =
  'Run `adamw-bench setup tensorflow` (for a CPU) or `adamw-bench setup cuda` (for an NVIDIA GPU).';

/** A failure as the sentences that the user reads. */
function explain(failure: Exclude<Failure, { kind: 'missing' }>, name: string): BackendError {
  switch (failure.kind) {
    case 'binary':
      return new BackendError(
        'tensorflow',
        `${name} is installed without its binary (tfjs_binding.node), which its install script could not download.`,
        SET_UP,
        'backend-without-binary',
      );
    case 'library':
      return new BackendError(
        'tensorflow',
        `the binary of ${name} does not load (${failure.message}).`,
        SET_UP,
        'backend-library-missing',
      );
    case 'other':
      return new BackendError(
        'tensorflow',
        `${name} failed while it was loading (${failure.message}).`,
        `${SET_UP} \`adamw-bench doctor\` shows what else is available.`,
      );
  }
}

const NOT_INSTALLED = new BackendError(
  'tensorflow',
  `${GPU_PACKAGE} is not set up.`,
  SET_UP,
  'backend-not-installed',
);

/** Says which of the things a GPU run needs is missing; nothing where no GPU was asked for. */
function whyNoGpu(kind: SetUp['kind'] | 'npm', hasDriver: boolean): string | undefined {
  if (kind === 'cpu') {
    return hasDriver
      ? 'It was set up for the CPU, and this machine has an NVIDIA driver: run `adamw-bench setup cuda` to use the GPU.'
      : undefined;
  }
  if (!hasDriver) {
    return `${GPU_PACKAGE} runs on the CPU: this machine shows no NVIDIA driver. Install it, or use \`backend: auto\`.`;
  }
  return kind === 'cuda'
    ? `${GPU_PACKAGE} runs on the CPU, though there is a driver: \`adamw-bench doctor --verbose\` shows what TensorFlow says of it.`
    : `${GPU_PACKAGE} runs on the CPU: there is a driver, but no CUDA 11.2 and cuDNN 8.1. Run \`adamw-bench setup cuda\`.`;
}

/** Requires the first of the packages that is installed. Throws the BackendError of the first that is but fails. */
function requireFirst(host: TensorflowHost, names: readonly string[]) {
  let failure: BackendError | undefined;
  for (const name of names) {
    try {
      return { name, module: host.require(name), isOld: false };
    } catch (error) {
      const cause = classify(error, name);
      if (cause.kind !== 'missing') failure ??= explain(cause, name);
    }
  }
  throw failure ?? NOT_INSTALLED;
}

/**
 * Requires the package of a set-up, whose bridge asks for this program's tfjs.
 * @returns also whether the set-up is an old one, without the addon of recorded steps
 */
function requireSetUp(host: TensorflowHost, folder: string) {
  const shared = globalThis as { [TFJS_BRIDGE]?: (name: string) => unknown };
  // A program that bundles tfjs into one file with this loader has named its copy before.
  shared[TFJS_BRIDGE] ??= ownRequire;
  const path = join(folder, PACKAGE_FOLDER);
  try {
    // Before TensorFlow starts its threads.
    (host.require(join(path, SUPPORT_ADDON)) as SupportAddon).blockSignals();
    const isOld = host.loadFunctions?.(folder) === false;
    return { name: GPU_PACKAGE, module: host.require(path), isOld };
  } catch (error) {
    const cause = classify(error, path);
    const message = 'message' in cause ? cause.message : 'files are missing';
    throw new BackendError(
      'tensorflow',
      `the set-up in ${folder} does not load (${message}).`,
      'Run `adamw-bench setup --remove`, then the set-up again.',
    );
  }
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

/**
 * What TensorFlow reads from the environment, once, when it is loaded. What the user has set stays.
 * @param threads inside an operation on a CPU; undefined leaves the choice to TensorFlow
 * @param kind of the set-up, if there is one
 */
export function environmentFor(threads: number | undefined, kind?: SetUp['kind']): Record<string, string> {
  return {
    ...(threads === undefined
      ? {}
      : { TF_NUM_INTRAOP_THREADS: String(threads), TF_NUM_INTEROP_THREADS: '1' }),
    // Nothing: what fails in an operation comes as an exception. `doctor --verbose` shows all.
    TF_CPP_MIN_LOG_LEVEL: '3',
    // The same bits again on a GPU, whose kernels otherwise add in the order in which threads finish. A CPU needs no
    // such thing, and XLA then refuses the gradient of max pooling.
    ...(kind === 'cpu' ? {} : { TF_DETERMINISTIC_OPS: '1' }),
    // The first process would otherwise take nearly all of a card's memory.
    TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  };
}

/** The parts of tfjs-node's backend that tfjs-core's type does not tell of. */
interface LoadedBackend {
  /** Whether the library found a GPU. */
  readonly isUsingGpuDevice?: boolean;
  readonly binding?: { readonly TF_Version?: string };
}

/** What a set-up that an earlier version made lacks. */
const OLD_SET_UP =
  'Its steps run kernel by kernel, as the set-up was made by an earlier version: run `adamw-bench setup` again.';

/** Gives the backend what our addon makes possible, if that is there. Returns whether it is. */
function addRepeat(backend: object): boolean {
  const addon = readyFunctionsAddon();
  if (!addon || !isNodeBackend(backend)) return false;
  if (!('repeat' in backend)) {
    const functions = new StepFunctions({ backend, addon });
    const methods: RepeatingBackend & CompilingBackend = {
      repeat: (computation) => functions.repeat(computation),
      forget: (owner) => functions.forget(owner),
      useXla: (on) => void (functions.xla = on),
    };
    Object.assign(backend, methods);
  }
  return true;
}

export interface TensorflowOptions {
  /** Threads inside an operation on a CPU; by default TensorFlow's own choice. */
  readonly threads?: number | undefined;
}

/**
 * Makes TensorFlow the current tfjs backend: the user's set-up, else the GPU package, else the CPU package.
 * @param host stands in for the machine in tests
 * Throws a BackendError that says what is missing and what to do.
 */
export async function loadTensorflow(
  { threads }: TensorflowOptions = {},
  host: TensorflowHost = tensorflowHost,
): Promise<TensorflowFacts> {
  const setUp = host.setUp?.();
  const environment = environmentFor(threads, setUp?.kind);
  for (const [name, value] of Object.entries(environment)) process.env[name] ??= value;
  restoreRemovedUtil(ownRequire('node:util') as NodeUtil);
  const { name, module, isOld } =
    setUp === undefined ? requireFirst(host, [GPU_PACKAGE, CPU_PACKAGE]) : requireSetUp(host, setUp.folder);
  await activate(name);
  registerTensorflowKernels();
  const { backend } = engine();
  const { isUsingGpuDevice, binding } = backend as unknown as LoadedBackend;
  const records = addRepeat(backend);
  const onGpu = isUsingGpuDevice === true;
  if (!onGpu) registerSoftmax();
  const kind = setUp?.kind ?? (name === GPU_PACKAGE ? 'npm' : 'cpu');
  const warnings = [
    onGpu ? undefined : whyNoGpu(kind, host.hasNvidiaDriver()),
    isOld ? OLD_SET_UP : undefined,
  ].filter((one) => one !== undefined);
  return {
    package: name,
    version: (module as { version?: Record<string, string> }).version?.['tfjs-node'] ?? 'unknown',
    tensorflow: binding?.TF_Version ?? 'unknown',
    ...(setUp === undefined ? {} : { setUp }),
    device: onGpu ? 'GPU' : 'CPU',
    records,
    ...(warnings.length === 0 ? {} : { warning: warnings.join(' ') }),
  };
}
