/** From bytes to the numbers a network is fed: standardisation, augmentation, and the assembly of one batch. */
import type { Stream } from '../random/stream.js';
import type { Split } from './dataset.js';

/** Mean and standard deviation of each channel, pixels counted from 0 to 1. */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Random changes of training images; `datasetSchema`'s `augment`. */
export interface Augmentation {
  /** Zero-pad by this many pixels on each side, then crop at random to the old size. */
  readonly crop: number;
  /** Mirror half of the images left-right. */
  readonly flip: boolean;
}

/** Statistics over all pixels of a split, from a histogram of each channel (exact). */
export function channelStatistics(split: Split, channels: number): ChannelStatistics {
  const histograms = Array.from({ length: channels }, () => new Float64Array(256));
  const { images } = split;
  for (let c = 0; c < channels; c++) {
    const histogram = histograms[c]!;
    for (let at = c; at < images.length; at += channels) histogram[images[at]!]!++;
  }
  const n = images.length / channels;
  const moment = (h: Float64Array, power: number, about: number) =>
    h.reduce((sum, k, value) => sum + k * (value / 255 - about) ** power, 0) / n;
  const mean = histograms.map((h) => moment(h, 1, 0));
  const std = histograms.map((h, c) => Math.sqrt(moment(h, 2, mean[c]!)));
  return { mean, std };
}

/**
 * The standardised value of each byte: element `256 * c + byte` is (byte/255 - mean[c]) / std[c]. A constant
 * channel (std 0) is only centred.
 */
export function standardisationTable({ mean, std }: ChannelStatistics): Float32Array {
  const table = new Float32Array(256 * mean.length);
  mean.forEach((m, c) => {
    for (let v = 0; v < 256; v++) table[256 * c + v] = (v / 255 - m) / (std[c]! || 1);
  });
  return table;
}

export interface BatchSource {
  readonly split: Split;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Made by `standardisationTable` from the training split's statistics. */
  readonly table: Float32Array;
}

/** The inner loop for three channels, unrolled: it is most of a batch's time. */
function standardiseRgb(
  images: Uint8Array,
  from: number,
  step: number,
  table: Float32Array,
  out: Float32Array,
  start: number,
  end: number,
): void {
  for (let o = start, at = from; o < end; o += 3, at += 3 + step) {
    out[o] = table[images[at]!]!;
    out[o + 1] = table[256 + images[at + 1]!]!;
    out[o + 2] = table[512 + images[at + 2]!]!;
  }
}

/** One image, moved by (dx, dy) pixels and perhaps mirrored; what moves in from outside is 0. */
function writeImage(
  source: BatchSource,
  index: number,
  out: Float32Array,
  to: number,
  [dy, dx, mirrored]: readonly [number, number, boolean],
): void {
  const { height, width, channels, table } = source;
  const { images } = source.split;
  const from = index * height * width * channels;
  // Columns first .. last-1 of the result come from the image, the others from the padding.
  const first = Math.min(width, Math.max(0, -dx));
  const last = Math.max(first, Math.min(width, width - dx));
  for (let y = 0; y < height; y++) {
    const row = to + y * width * channels;
    const sy = y + dy;
    if (sy < 0 || sy >= height) {
      out.fill(0, row, row + width * channels);
      continue;
    }
    // Column x shows the padded image's column x + dx, counted from the right if mirrored.
    out.fill(0, row, row + first * channels);
    out.fill(0, row + last * channels, row + width * channels);
    const sx = mirrored ? width - 1 - first - dx : first + dx;
    let at = from + (sy * width + sx) * channels;
    const step = mirrored ? -2 * channels : 0;
    const start = row + first * channels;
    const end = row + last * channels;
    if (channels === 3) standardiseRgb(images, at, step, table, out, start, end);
    else
      for (let o = start; o < end; at += step)
        for (let c = 0; c < channels; c++) out[o++] = table[256 * c + images[at++]!]!;
  }
}

/** How many labels each image of a split has: one, or one for each token. */
export const answersOf = ({ labels, n }: Split): number => labels.length / n;

/**
 * Assembles one batch: image `indices[i]` of the split goes to row i of `images`, standardised, its label to
 * `labels[i]`, or its labels to row i of `labels`. Without `augment` nothing random is drawn. With it, three numbers at most are drawn from `random`
 * per image, in the order of `indices`: shift down, shift right, mirrored.
 *
 * Padding is done after standardisation, so that padded pixels are 0 in standardised units: the mean colour.
 * @param images Float32Array of at least indices.length * height * width * channels, written as [b, h, w, c]
 * @param labels Int32Array of at least indices.length times the labels of an image
 */
export function fillBatch(
  source: BatchSource,
  indices: Int32Array,
  images: Float32Array,
  labels: Int32Array,
  augment?: { readonly change: Augmentation; readonly random: Stream },
): void {
  const size = source.height * source.width * source.channels;
  const answers = answersOf(source.split);
  const crop = augment?.change.crop ?? 0;
  for (let i = 0; i < indices.length; i++) {
    const dy = crop > 0 ? augment!.random.integer(-crop, crop) : 0;
    const dx = crop > 0 ? augment!.random.integer(-crop, crop) : 0;
    const mirrored = augment?.change.flip === true && augment.random.uniform() < 0.5;
    writeImage(source, indices[i]!, images, i * size, [dy, dx, mirrored]);
    const from = indices[i]! * answers;
    for (let k = 0; k < answers; k++) labels[i * answers + k] = source.split.labels[from + k]!;
  }
}
