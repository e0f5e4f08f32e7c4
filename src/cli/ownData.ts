/** The configuration that a command names, with what is found at the path of the user's own data. */
import type { Experiment, LoadOptions } from '../config/index.js';
import { loadNamed } from './bundled.js';

export interface OwnDataOptions {
  readonly dataDir?: string | undefined;
  readonly quiet?: boolean;
  readonly onProgress?: (progress: { file: string; received: number; total?: number }) => void;
}

/**
 * As `loadNamed`; a user's own data are read, and checked against the settings.
 * @throws ConfigError as `loadNamed`; DataError if own data cannot be used, or have changed
 */
export async function loadWithData(
  config: string,
  options: LoadOptions,
  { quiet, ...rest }: OwnDataOptions,
): Promise<Experiment> {
  const experiment = loadNamed(config, options, quiet);
  const { dataset } = experiment;
  if (!('path' in dataset)) return experiment;
  const { contentOf } = await import('../data/index.js');
  const content = await contentOf(dataset, rest);
  return content === undefined ? experiment : loadNamed(config, { ...options, content }, true);
}
