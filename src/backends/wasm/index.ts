/** The wasm backend: tfjs's own, which runs anywhere, with fast kernels for training added. */
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { engine, env, setBackend } from '../tfjs.js';
import type * as Wasm from '@tensorflow/tfjs-backend-wasm';
import { BackendError } from '../backend.js';
import { registerWasmTrainingKernels } from './register.js';

const require = createRequire(import.meta.url);

// Not imported, for the reason that tfjs.ts gives.
const { getThreadsCount, setThreadsCount, setWasmPaths, version_wasm } =
  require('@tensorflow/tfjs-backend-wasm') as typeof Wasm;

export interface WasmFacts {
  readonly version: string;
  readonly threads: number;
  readonly simd: boolean;
}

/** The package's folder of .wasm files, however this program was bundled or started. */
const wasmFolder = (): string => dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + sep;

/** Emscripten's module puts handlers on these events that rethrow, and print all of its source first. */
const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

/** Runs `start` and removes the process-wide handlers that it has added: errors are for the program to handle. */
async function withoutNewListeners<T>(start: () => Promise<T>): Promise<T> {
  const before = EVENTS.map((event) => new Set(process.listeners(event as 'uncaughtException')));
  const result = await start();
  EVENTS.forEach((event, i) => {
    for (const listener of process.listeners(event as 'uncaughtException')) {
      if (!before[i]!.has(listener)) process.removeListener(event, listener);
    }
  });
  return result;
}

/**
 * Makes wasm the current tfjs backend, with SIMD if the processor has it, on one thread (tfjs's wasm has no threads
 * under Node).
 * @throws BackendError if WebAssembly does not start
 */
export async function loadWasm(): Promise<WasmFacts> {
  if (engine().registry['wasm'] === undefined) {
    setWasmPaths(wasmFolder());
    setThreadsCount(1);
  }
  registerWasmTrainingKernels();
  const ready = await withoutNewListeners(() => setBackend('wasm').catch(() => false));
  if (!ready) {
    throw new BackendError(
      'wasm',
      'tfjs could not start its WebAssembly module.',
      'Run Node without --jitless, or reinstall with `npm ci`, as the package may be damaged.',
    );
  }
  return {
    version: version_wasm,
    threads: getThreadsCount(),
    simd: (await env().getAsync('WASM_HAS_SIMD_SUPPORT')) as boolean,
  };
}
