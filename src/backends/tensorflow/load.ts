/** For other people's programs: TensorFlow as `adamw-bench setup` has set it up. */
import { readSetUp, tensorflowHome } from '../tensorflowHome.js';
import { loadTensorflow, type TensorflowFacts, type TensorflowOptions } from '../tensorflow.js';
import { RecordingError } from './errors.js';
import { hasFunctionsAddon, loadFunctionsAddon } from './functionsAddon.js';

/**
 * Loads TensorFlow and makes it the current backend of tfjs, ready for `recordStep`. Call it instead of loading
 * `@tensorflow/tfjs-node`.
 * @throws BackendError (a ReportedError) where it is not set up or does not load
 */
export const useTensorflow = (options: TensorflowOptions = {}): Promise<TensorflowFacts> =>
  loadTensorflow(options);

/**
 * For a program that loads tfjs-node itself: call it before that, so that `recordStep` works with it. In an ES module
 * imports come first, so load tfjs-node with `await import('@tensorflow/tfjs-node')` afterwards.
 * @throws RecordingError with code `record-unavailable` where there is no set-up, whose addon is needed
 */
export function prepareRecording(): void {
  const folder = tensorflowHome();
  if (readSetUp(folder) === undefined || !hasFunctionsAddon(folder)) {
    throw new RecordingError(
      `no set-up with the addon for it is in ${folder}`,
      'record-unavailable',
      'Run `adamw-bench setup tensorflow` (or `cuda`), again if that was done with an earlier version.',
    );
  }
  loadFunctionsAddon(folder);
}
