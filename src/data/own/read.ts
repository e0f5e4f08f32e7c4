/** From a folder or an .npz file to images of one size and one number of channels in memory. */
import { readFile, stat } from 'node:fs/promises';
import { MAX_SIDE, type OwnImagesSpec } from '../../experiment/ownImages.js';
import type { Labels } from '../dataset.js';
import type { Progress } from '../download.js';
import { DataError, usingData } from '../errors.js';
import { whatIs } from '../whatIs.js';
import { FilesSha256 } from './content.js';
import { imageFolder, type ImageFile, type ImageFolder } from './folder.js';
import { decodeJpeg, isJpeg } from './jpeg.js';
import { npzImages, type NpzImages, type NpzSplit } from './npzImages.js';
import { BadImage, inChannels, onBackground, type Picture } from './picture.js';
import { decodePng, isPng } from './png.js';
import { resized } from './resize.js';

export interface RawSplit {
  /** uint8, row-major [n, height, width, channels]. */
  readonly images: Uint8Array;
  readonly labels: Labels;
}

export interface OwnImages {
  readonly sha256: string;
  readonly shape: {
    readonly height: number;
    readonly width: number;
    readonly channels: 1 | 3;
    readonly classes: number;
  };
  /** Names of the classes by number, where they are folders. */
  readonly classNames?: readonly string[];
  readonly train: RawSplit;
  readonly validation?: RawSplit;
  readonly test?: RawSplit;
  readonly warnings: readonly string[];
}

/** What is done to each image. */
export type Form = Pick<OwnImagesSpec, 'size' | 'channels' | 'background'>;

type OnProgress = ((progress: Progress) => void) | undefined;

/**
 * @param place a folder, or a file that is read as .npz
 * @throws DataError naming the file and the reason; FileError if the system refuses to read
 */
export async function readImages(place: string, form: Form, onProgress: OnProgress): Promise<OwnImages> {
  if ((await usingData(place, () => stat(place))).isDirectory())
    return readFolder(place, await imageFolder(place), form, onProgress);
  if (!place.endsWith('.npz'))
    throw new DataError(`${place} is neither a folder nor an .npz file. Correct \`dataset.path\`.`, {
      code: 'data-not-data',
    });
  return readNpzFile(await npzImages(place), form);
}

const labelsFor = (classes: number, n: number): Labels =>
  classes > 256 ? new Uint16Array(n) : new Uint8Array(n);

const sides = (size: NonNullable<Form['size']>): readonly [number, number] =>
  typeof size === 'number' ? [size, size] : size;

async function readFolder(
  place: string,
  folder: ImageFolder,
  form: Form,
  onProgress: OnProgress,
): Promise<OwnImages> {
  const reader = folderReader(place, folder, form, onProgress);
  const train = await reader.split(folder.train);
  const validation = folder.validation && (await reader.split(folder.validation));
  const test = folder.test && (await reader.split(folder.test));
  const { height, width, channels } = reader.first().picture;
  return {
    sha256: reader.digest(),
    shape: { height, width, channels, classes: folder.classes.length },
    classNames: folder.classes,
    train,
    ...(validation ? { validation } : {}),
    ...(test ? { test } : {}),
    warnings: passedOver(place, folder.passedOver),
  };
}

function passedOver(place: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const files =
    names.length === 1 ? `${names[0]} is no image and is` : `${names.length} files are no images and are`;
  const first = names.length === 1 ? '' : ` (the first is ${names[0]})`;
  return [`${place}: ${files} passed over${first}.`];
}

/** Reads files one by one into one array a split. The first of all decides on the form of the others. */
function folderReader(place: string, folder: ImageFolder, form: Form, onProgress: OnProgress) {
  const hash = new FilesSha256();
  const total = [folder.train, folder.validation, folder.test].reduce(
    (n, split) => n + (split?.length ?? 0),
    0,
  );
  let done = 0;
  let first: { readonly file: string; readonly picture: Picture } | undefined;
  return {
    digest: () => hash.digest(),
    first: () => first!,
    async split(files: readonly ImageFile[]): Promise<RawSplit> {
      let images: Uint8Array | undefined;
      const labels = labelsFor(folder.classes.length, files.length);
      for (const [i, { name, file, label }] of files.entries()) {
        const bytes = await usingData(file, () => readFile(file));
        hash.add(name, bytes);
        const picture = formed(await decoded(file, bytes), form, file);
        first ??= { file, picture };
        requireAlike(first, { file, picture });
        images ??= allocated(place, files.length, picture);
        images.set(picture.pixels, i * picture.pixels.length);
        labels[i] = label;
        onProgress?.({ file: place, received: ++done, total, what: 'images' });
      }
      return { images: images!, labels };
    },
  };
}

function allocated(place: string, n: number, { pixels }: Picture): Uint8Array {
  try {
    return new Uint8Array(n * pixels.length);
  } catch (error) {
    const size = ((n * pixels.length) / 2 ** 30).toFixed(1);
    throw new DataError(
      `${place} has ${n} images of ${pixels.length} bytes: ${size} GiB do not fit into memory. Set a smaller \`dataset.size\`.`,
      {
        code: 'data-too-large',
        cause: error,
      },
    );
  }
}

/** @throws DataError naming the file if it is no image that can be read */
async function decoded(file: string, bytes: Uint8Array): Promise<Picture> {
  try {
    if (isPng(bytes)) return decodePng(bytes);
    if (isJpeg(bytes)) return decodeJpeg(bytes);
  } catch (error) {
    if (!(error instanceof BadImage)) throw error;
    throw new DataError(`${file}: ${error.message}. Replace it, or delete it.`, {
      code: 'data-bad-image',
      cause: error,
    });
  }
  const what = (await whatIs(file)) ?? 'neither PNG nor JPEG';
  throw new DataError(`${file}: it is ${what}. Replace it, or delete it.`, { code: 'data-bad-image' });
}

function formed(picture: Picture, { size, channels, background }: Form, file: string): Picture {
  if (picture.alpha && background === undefined)
    throw new DataError(
      `${file}: it has transparent pixels. Say what is behind them with \`dataset.background\`: black or white.`,
      { code: 'data-transparent' },
    );
  const opaque = onBackground(picture, background === 'white' ? 255 : 0);
  const converted = inChannels(opaque, channels ?? opaque.channels);
  return size === undefined ? converted : resized(converted, ...sides(size));
}

interface Read {
  readonly file: string;
  readonly picture: Picture;
}

const kindOf = ({ channels }: Picture) => (channels === 1 ? 'grey' : 'in colour');

/** @throws DataError naming both files if two images differ in their size or channels */
function requireAlike(a: Read, b: Read): void {
  const [one, other] = [a.picture, b.picture];
  if (one.channels !== other.channels)
    throw new DataError(
      `${b.file} is ${kindOf(other)}, and ${a.file} is ${kindOf(one)}. Convert all with \`dataset.channels\`: 1 (grey) or 3 (colour).`,
      { code: 'data-mixed-channels' },
    );
  if (one.width !== other.width || one.height !== other.height)
    throw new DataError(
      `${b.file} has ${other.height} x ${other.width} pixels, and ${a.file} has ${one.height} x ${one.width}. Resize all with \`dataset.size\`.`,
      { code: 'data-mixed-sizes' },
    );
  if (Math.max(one.width, one.height) > MAX_SIDE)
    throw new DataError(
      `${a.file} has ${one.height} x ${one.width} pixels, and a side has at most ${MAX_SIDE}. Resize all with \`dataset.size\`.`,
      { code: 'data-too-large' },
    );
}

function readNpzFile(npz: NpzImages, form: Form): OwnImages {
  const { sha256, classes, train, validation, test } = npz;
  const { channels = npz.channels, size = [npz.height, npz.width] } = form;
  const [height, width] = sides(size);
  const same = channels === npz.channels && height === npz.height && width === npz.width;
  const raw = ({ images, labels }: NpzSplit): RawSplit => {
    const numbers = labelsFor(classes, labels.length);
    numbers.set(labels);
    return { images: same ? images : eachFormed(images, labels.length), labels: numbers };
  };
  const eachFormed = (images: Uint8Array, n: number): Uint8Array => {
    const [from, to] = [images.length / n, height * width * channels];
    const all = new Uint8Array(n * to);
    for (let i = 0; i < n; i++) {
      const pixels = images.subarray(i * from, (i + 1) * from);
      const picture = { width: npz.width, height: npz.height, channels: npz.channels, pixels };
      all.set(resized(inChannels(picture, channels), height, width).pixels, i * to);
    }
    return all;
  };
  return {
    sha256,
    shape: { height, width, channels, classes },
    train: raw(train),
    ...(validation ? { validation: raw(validation) } : {}),
    test: raw(test),
    warnings: [],
  };
}
