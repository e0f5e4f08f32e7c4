/** The configuration that a command names, with what is found at the path of the user's own data. */
import type { Experiment, LoadOptions } from '../config/index.js';
import { loadNamed } from './bundled.js';
import { interactiveStyle, progressDisplay, type ProgressStyle } from './progress.js';

export interface OwnDataOptions {
  readonly dataDir?: string | undefined;
  /** How reading is shown where it takes long; quiet also means no notes. */
  readonly style?: ProgressStyle;
}

/** Reading that takes no longer is not shown, milliseconds. */
const QUIET_FOR = 2000;

/**
 * As `loadNamed`; a user's own data are read, and the settings are checked against them.
 * @throws ConfigError as `loadNamed`; DataError if own data cannot be used, or have changed
 */
export async function loadWithData(
  config: string,
  options: LoadOptions,
  { dataDir, style = interactiveStyle() }: OwnDataOptions,
): Promise<Experiment> {
  const experiment = loadNamed(config, options, style === 'quiet');
  const { dataset } = experiment;
  if (!('path' in dataset)) return experiment;
  const content = await showingProgress(style, async (onProgress) => {
    const { contentOf } = await import('../data/index.js');
    return contentOf(dataset, { dataDir, onProgress });
  });
  return content === undefined ? experiment : loadNamed(config, { ...options, content }, true);
}

type OnProgress = NonNullable<ReturnType<typeof progressDisplay>['onDownload']>;

/** Runs something that reads data, with a display where it takes long. */
export async function showingProgress<T>(
  style: ProgressStyle,
  act: (onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const display = progressDisplay(style);
  try {
    return await act((progress) => {
      if (performance.now() - began > QUIET_FOR) display.onDownload?.(progress);
    });
  } finally {
    display.end();
  }
}
