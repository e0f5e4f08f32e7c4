/** The raw material of one split: labels at hand, images fetched only for the indices that are wanted. */
import type { Labels, Split } from './dataset.js';
import { labelsAt } from './subset.js';

export interface Source {
  readonly labels: Labels;
  /** Images `indices` (ascending), uint8, row-major [indices.length, height, width, channels]. */
  gather(indices: Int32Array): Promise<Uint8Array> | Uint8Array;
}

/** The split made of `indices` (ascending) of a source. */
export async function take(source: Source, indices: Int32Array): Promise<Split> {
  return {
    images: await source.gather(indices),
    labels: labelsAt(source.labels, indices),
    n: indices.length,
  };
}

/**
 * Copies one image stored as whole channel planes, [channels, pixels], to [pixels, channels].
 * CIFAR and ImageNet32x32 store planes; this project's batches are channels-last.
 */
export function interleave(
  planes: Uint8Array,
  from: number,
  target: Uint8Array,
  to: number,
  pixels: number,
  channels: number,
): void {
  for (let c = 0; c < channels; c++) {
    const plane = from + c * pixels;
    for (let p = 0, at = to + c; p < pixels; p++, at += channels) target[at] = planes[plane + p]!;
  }
}
