/**
 * ImageNet downsampled to 32x32 (Chrabaszcz, Loshchilov and Hutter 2017, https://arxiv.org/abs/1707.08819), in its
 * npz form: `data` uint8 [n, 3072], a plane each for red, green and blue, and `labels` 1..1000.
 */
import { DataError } from './errors.js';
import { checkLabels } from './labels.js';
import { integers } from './npy.js';
import { readNpz } from './npz.js';
import { interleave, type Source } from './source.js';

const PIXELS = 32 * 32;
const CHANNELS = 3;
const SIZE = CHANNELS * PIXELS;

/** Labels of one file, counted from 0. */
async function labelsOf(file: string, classes: number): Promise<Uint16Array> {
  const stored = integers(await readNpz(file, 'labels'), file);
  stored.forEach((label, i) => {
    if (!(label >= 1 && label <= classes))
      throw new DataError(
        `${file}: label ${label} of image ${i} is out of range, expected 1 to ${classes}. ` +
          `The file is damaged or another data set's; fetch it again.`,
        { code: 'data-labels' },
      );
  });
  return Uint16Array.from(stored, (label) => label - 1);
}

/** Copies the wanted rows (`indices` within this file) to `images`, from image number `at` on. */
async function gatherFrom(file: string, indices: Int32Array, n: number, images: Uint8Array, at: number) {
  const { dtype, shape, bytes } = await readNpz(file, 'data');
  if (dtype !== '|u1' || shape.length !== 2 || shape[0] !== n || shape[1] !== SIZE)
    throw new DataError(
      `${file}: its data are ${dtype} [${shape.join(', ')}], expected |u1 [${n}, ${SIZE}]. Fetch the 32x32 npz form again.`,
      { code: 'data-mismatched' },
    );
  indices.forEach((row, i) => interleave(bytes, row * SIZE, images, (at + i) * SIZE, PIXELS, CHANNELS));
}

/**
 * A split stored in several files, which together must hold `n` images of all classes (any number of any if
 * undefined). Labels are read now, images when gathered, one file at a time.
 * @throws DataError naming the file if its contents are not as described above
 */
export async function imagenetSource(
  files: readonly string[],
  n: number | undefined,
  classes: number,
): Promise<Source> {
  const parts: Uint16Array[] = [];
  for (const file of files) parts.push(await labelsOf(file, classes));
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  if (n !== undefined && total !== n)
    throw new DataError(
      `${files.join(', ')}: hold ${total} images, expected ${n}. Fetch the full ImageNet32x32 npz files.`,
      { code: 'data-mismatched' },
    );
  const labels = new Uint16Array(total);
  const starts: number[] = [];
  let filled = 0;
  for (const part of parts) {
    starts.push(filled);
    labels.set(part, filled);
    filled += part.length;
  }
  if (n !== undefined) checkLabels(labels, classes, files.join(', '), 1);
  const gather = async (indices: Int32Array) => {
    const images = new Uint8Array(indices.length * SIZE);
    let at = 0;
    for (const [f, file] of files.entries()) {
      const from = starts[f]!;
      const mine = indices.filter((i) => i >= from && i < from + parts[f]!.length).map((i) => i - from);
      if (mine.length > 0) await gatherFrom(file, mine, parts[f]!.length, images, at);
      at += mine.length;
    }
    return images;
  };
  return { labels, gather };
}
