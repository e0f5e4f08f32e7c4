/** Resizing by a triangle filter that widens as the image shrinks, as Pillow's `resize(size, BILINEAR)` does. */
import type { Picture } from './picture.js';

/** For one target coordinate: the first source coordinate, and the weights of it and those after it. */
interface Taps {
  readonly first: number;
  readonly weights: Float64Array;
}

/** Source: https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c (precompute_coeffs). */
function taps(from: number, to: number): Taps[] {
  const scale = from / to;
  const support = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support + 0.5));
    const last = Math.min(from, Math.floor(centre + support + 0.5));
    const weights = Float64Array.from({ length: last - first }, (_weight, k) =>
      Math.max(0, 1 - Math.abs((first + k - centre + 0.5) / support)),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

const known = new Map<string, Taps[]>();

/** A data set's images mostly have few sizes. */
function tapsOf(from: number, to: number): Taps[] {
  const key = `${from} ${to}`;
  let found = known.get(key);
  if (found === undefined) {
    if (known.size > 1000) known.clear();
    found = taps(from, to);
    known.set(key, found);
  }
  return found;
}

/** The picture in another size. Its sides are scaled each by itself: nothing is cut off, nothing added. */
export function resized(picture: Picture, height: number, width: number): Picture {
  if (picture.height === height && picture.width === width) return picture;
  const { channels, pixels } = picture;
  const columns = tapsOf(picture.width, width);
  const wide = new Float64Array(picture.height * width * channels);
  for (let y = 0; y < picture.height; y++) {
    columns.forEach(({ first, weights }, x) => {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        const at = (y * picture.width + first) * channels + c;
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * pixels[at + k * channels]!;
        wide[(y * width + x) * channels + c] = sum;
      }
    });
  }
  const row = width * channels;
  const result = new Uint8Array(height * row);
  tapsOf(picture.height, height).forEach(({ first, weights }, y) => {
    for (let x = 0; x < row; x++) {
      let sum = 0;
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * wide[(first + k) * row + x]!;
      result[y * row + x] = Math.round(sum);
    }
  });
  return { width, height, channels, pixels: result };
}
