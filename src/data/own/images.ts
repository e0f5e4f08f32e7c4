/** A user's own images as a data set. */
import type { ImagesContent, OwnImagesSpec } from '../../experiment/ownImages.js';
import type { AnyDataset } from '../../experiment/specs.js';
import type { Split } from '../dataset.js';
import type { Progress } from '../download.js';

export interface OwnOptions {
  readonly dataDir?: string | undefined;
  readonly path?: string | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface OwnSplits {
  readonly shape: {
    readonly height: number;
    readonly width: number;
    readonly channels: number;
    readonly classes: number;
  };
  readonly train: Split;
  readonly validation?: Split;
  readonly test: Split;
  readonly warnings: readonly string[];
}

export function imagesContent(_spec: OwnImagesSpec, _options: OwnOptions): Promise<ImagesContent> {
  throw new Error('not there yet');
}

export function ownImages(
  _spec: Extract<AnyDataset, { name: 'images' }>,
  _options: OwnOptions,
): Promise<OwnSplits> {
  throw new Error('not there yet');
}
