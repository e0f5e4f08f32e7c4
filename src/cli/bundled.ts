/** The configuration that a command names: the user's file, or one that comes with the package. */
import { bundledFor, loadExperiment, type Experiment, type LoadOptions } from '../config/index.js';

/**
 * Loads the file, or else the bundled configuration of that name; a note on standard error says so unless `quiet`.
 * @throws ConfigError as `loadExperiment`
 */
export function loadNamed(config: string, options: LoadOptions, quiet = false): Experiment {
  const bundled = bundledFor(config);
  if (bundled !== undefined && !quiet) {
    console.error(
      `note: there is no file ${config} here; using the configuration ${bundled.name} of the package.`,
    );
  }
  return loadExperiment(bundled?.path ?? config, options);
}
