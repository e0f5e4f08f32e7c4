/** Images and labels of an .npz file: x_train, y_train, x_test, y_test, and x_val, y_val if they are there. */
import { DataError } from '../errors.js';
import { integers, type NpyArray } from '../npy.js';
import { findInNpz, readNpz } from '../npz.js';
import { fileSha256 } from './content.js';
import { MAX_SIDE } from '../../experiment/maxSide.js';

export interface NpzSplit {
  readonly images: Uint8Array;
  readonly labels: Float64Array;
}

export interface NpzImages {
  readonly sha256: string;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly classes: number;
  readonly train: NpzSplit;
  readonly validation?: NpzSplit;
  readonly test: NpzSplit;
}

const ARRAYS = '"x_train", "y_train", "x_test" and "y_test". Write it with numpy.savez';

const refusal = (file: string, array: string, why: string, code = 'data-mismatched') =>
  new DataError(`${file}: ${array} ${why}`, { code });

interface Geometry {
  readonly n: number;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** @throws DataError naming file and array if it holds no images as bytes, the channels last */
function geometryOf(file: string, array: string, { dtype, shape }: NpyArray): Geometry {
  if (dtype !== '|u1') {
    const isFloat = /^[<>|]f/.test(dtype);
    const how = isFloat
      ? `If its values are 0 to 1: (${array} * 255).round().astype("uint8").`
      : `If its values are 0 to 255: ${array}.astype("uint8").`;
    throw refusal(file, array, `holds ${dtype}, expected uint8, 0 to 255. ${how}`);
  }
  const [n = 0, height = 0, width = 0, channels = shape.length === 3 ? 1 : 0] = shape;
  const is = `has the shape [${shape.join(', ')}], expected [N, height, width] or [N, height, width, 1 or 3].`;
  if (shape.length === 4 && channels !== 1 && channels !== 3 && (height === 1 || height === 3))
    throw refusal(file, array, `${is} Put the channels last: ${array}.transpose(0, 2, 3, 1).`);
  if (shape.length === 4 && channels === 4)
    throw refusal(file, array, `${is} Leave out the transparency: ${array}[..., :3].`);
  if ((shape.length !== 3 && shape.length !== 4) || (channels !== 1 && channels !== 3))
    throw refusal(file, array, `${is} Reshape it.`);
  if (n === 0 || height < 1 || width < 1 || height > MAX_SIDE || width > MAX_SIDE)
    throw refusal(file, array, `${is} Each side must be 1 to ${MAX_SIDE}, and N at least 1.`);
  return { n, height, width, channels };
}

/** @throws DataError naming file and array if it does not hold a class number for each image */
function labelsOf(file: string, array: string, read: NpyArray, n: number): Float64Array {
  const { shape, dtype } = read;
  // What Keras stores: one column.
  const isColumn = shape.length === 2 && shape[1] === 1;
  if (shape[0] !== n || !(shape.length === 1 || isColumn))
    throw refusal(
      file,
      array,
      `has the shape [${shape.join(', ')}], expected [${n}]: one class number for each image. One-hot rows become numbers by .argmax(1).`,
    );
  if (/^.[US]/.test(dtype))
    throw refusal(
      file,
      array,
      `holds texts (${dtype}), expected integers. numpy.unique(${array}, return_inverse=True)[1] numbers them.`,
    );
  if (!/[iu]\d$/.test(dtype))
    throw refusal(file, array, `holds ${dtype}, expected integers. Use ${array}.astype("int64").`);
  return integers(read, `${file}: ${array}`);
}

async function splitOf(file: string, name: string): Promise<NpzSplit & { geometry: Geometry }> {
  const x = await readNpz(file, `x_${name}`, ARRAYS);
  const geometry = geometryOf(file, `x_${name}`, x);
  const y = await readNpz(file, `y_${name}`, ARRAYS);
  return { images: x.bytes, labels: labelsOf(file, `y_${name}`, y, geometry.n), geometry };
}

/** @throws DataError if a label is no class number, or a class has no training image */
function classesOf(file: string, y: Float64Array): number {
  const largest = y.reduce((most, label) => Math.max(most, label), 0);
  checkRange(file, 'y_train', y, 65_536);
  const seen = new Set(y);
  if (seen.size < 2)
    throw refusal(
      file,
      'y_train',
      'has one class only, expected two or more. Add images of others.',
      'data-labels',
    );
  for (let label = 0; label <= largest; label++) {
    if (!seen.has(label))
      throw refusal(
        file,
        'y_train',
        `has labels up to ${largest}, but no image is labelled ${label}. Number the classes 0 to ${seen.size - 1}.`,
        'data-labels',
      );
  }
  return largest + 1;
}

function checkRange(file: string, array: string, y: Float64Array, classes: number): void {
  const at = y.findIndex((label) => label < 0 || label >= classes);
  if (at < 0) return;
  throw refusal(
    file,
    array,
    `has label ${y[at]} at index ${at}, which is out of range: expected 0 to ${classes - 1}. Number the classes from 0, as in y_train.`,
    'data-labels',
  );
}

/**
 * @throws DataError naming file, array and reason if they are no images with labels; FileError if the file cannot be read
 */
export async function npzImages(file: string): Promise<NpzImages> {
  const sha256 = await fileSha256(file);
  const train = await splitOf(file, 'train');
  const test = await splitOf(file, 'test');
  const validation = (await findInNpz(file, 'y_val')) ? await splitOf(file, 'val') : undefined;
  const classes = classesOf(file, train.labels);
  const { height, width, channels } = train.geometry;
  for (const [name, split] of [
    ['test', test],
    ['val', validation],
  ] as const) {
    if (split === undefined) continue;
    checkRange(file, `y_${name}`, split.labels, classes);
    const { geometry } = split;
    if (geometry.height !== height || geometry.width !== width || geometry.channels !== channels)
      throw refusal(
        file,
        `x_${name}`,
        `has images of ${geometry.height}x${geometry.width}x${geometry.channels}, and x_train of ${height}x${width}x${channels}. Make them one size.`,
      );
  }
  return { sha256, height, width, channels, classes, train, test, ...(validation ? { validation } : {}) };
}
