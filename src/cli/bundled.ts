/** The configuration that a command names: the user's file, or one that comes with the package. */
import { bundledFor, loadExperiment, type Experiment, type LoadOptions } from '../config/index.js';

/**
 * Loads the file, or else the bundled configuration of that name; a note on standard error says so unless `quiet`.
 * @throws ConfigError as `loadExperiment`
 */
export function loadNamed(config: string, options: LoadOptions, quiet = false): Experiment {
  const bundled = bundledFor(config);
  if (bundled !== undefined && !quiet) {
    console.error(`note: no file ${config} here; taking ${bundled.name}, which comes with adamw-bench.`);
  }
  return loadExperiment(bundled?.path ?? config, options);
}
