/** The raw material of one split: labels at hand, images fetched only for the indices that are wanted. */
import type { Labels, Split } from './dataset.js';

export interface Source {
  readonly labels: Labels;
  /** Images `indices` (ascending), uint8, row-major [indices.length, height, width, channels]. */
  gather(indices: Int32Array): Promise<Uint8Array> | Uint8Array;
}

/** The split made of `indices` (ascending) of a source. */
export async function take(source: Source, indices: Int32Array): Promise<Split> {
  const labels = source.labels.slice(0, indices.length);
  for (let i = 0; i < indices.length; i++) labels[i] = source.labels[indices[i]!]!;
  return { images: await source.gather(indices), labels, n: indices.length };
}

/** 0, 1, .., n-1. */
export function range(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => i);
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
