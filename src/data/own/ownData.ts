/** What a configuration's own data are: found by reading them, before anything is planned. */
import type { DatasetSpec } from '../../experiment/specs.js';
import { imagesContent, type OwnOptions } from './images.js';
import { textContent } from './text.js';

/** What is found at the path of own data, for `dataset.content`; undefined for data that are nobody's own. */
export async function contentOf(spec: DatasetSpec, options: OwnOptions = {}): Promise<object | undefined> {
  if (spec.name === 'images') return imagesContent(spec, options);
  if (spec.name === 'text') return textContent(spec, options);
  return undefined;
}
