/** Loads our addon of TensorFlow functions, which has to be there before tfjs-node. */
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { FUNCTIONS_ADDON, PACKAGE_FOLDER } from '../tensorflowHome.js';
import type { FunctionsAddon } from './binding.js';
import { RecordingError } from './errors.js';

let loaded: FunctionsAddon | undefined;

/** Whether a set-up has the addon: those of earlier versions have not. */
export const hasFunctionsAddon = (folder: string): boolean =>
  existsSync(join(folder, PACKAGE_FOLDER, FUNCTIONS_ADDON));

/**
 * Loads it from a set-up, once. For the binding of tfjs-node to find its TFE_NewContext before TensorFlow's, its
 * symbols must be global, which `require` cannot ask for.
 * Throws an Error where the file does not load.
 */
export function loadFunctionsAddon(folder: string): void {
  if (loaded) return;
  const module = { exports: {} };
  const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen;
  process.dlopen(module, join(folder, PACKAGE_FOLDER, FUNCTIONS_ADDON), RTLD_NOW! | RTLD_GLOBAL!);
  loaded = module.exports as FunctionsAddon;
}

/** The addon, where tfjs-node runs with it; undefined where it does not. */
export const readyFunctionsAddon = (): FunctionsAddon | undefined =>
  loaded?.isReady() === true ? loaded : undefined;

/** @throws RecordingError with what to do where it was not loaded, or too late */
export function functionsAddon(): FunctionsAddon {
  const ready = readyFunctionsAddon();
  if (ready) return ready;
  throw new RecordingError(
    loaded
      ? 'tfjs-node was loaded before adamw-bench was ready for it'
      : 'TensorFlow was not loaded by adamw-bench, or its set-up was made by an earlier version',
    'record-unavailable',
    'Run `adamw-bench setup tensorflow` (or `cuda`) and call `useTensorflow()` instead of loading tfjs-node, or `prepareRecording()` before it is loaded.',
  );
}
