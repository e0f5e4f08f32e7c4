/**
 * The wasm backend: tfjs's own, which runs anywhere, with the kernels added that training needs to be fast.
 */
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { engine, env, setBackend } from '@tensorflow/tfjs-core';
import { getThreadsCount, setThreadsCount, setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { BackendError } from '../backend.js';
import { registerWasmTrainingKernels } from './register.js';

/** What was loaded. */
export interface WasmFacts {
  readonly version: string;
  readonly threads: number;
  readonly simd: boolean;
}

/** Where the package keeps its .wasm files, whatever bundled or started us. */
const wasmFolder = (): string =>
  dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep;

/** The events on which Emscripten's module puts handlers that rethrow, printing all of its source on the way. */
const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

/** Runs `start` and takes off the process-wide handlers that it has put on: errors are the program's own affair. */
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
 * Makes wasm the current tfjs backend, with SIMD where the processor has it, on one thread (tfjs's wasm has no
 * threads under Node).
 * Throws a BackendError if WebAssembly does not start.
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
