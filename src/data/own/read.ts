/** From a folder or an .npz file to images of one size and one number of channels in memory. */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { MAX_SIDE } from '../../experiment/maxSide.js';
import type { OwnImagesSpec } from '../../experiment/ownImages.js';
import type { Labels } from '../dataset.js';
import type { Progress } from '../download.js';
import { DataError, usingOwnData } from '../errors.js';
import { whatIs } from '../whatIs.js';
import { decodedCache, type Decoded } from './cache.js';
import { FilesSha256 } from './content.js';
import { imageFolder, type ImageFile } from './folder.js';
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

export interface ReadOptions {
  /** Folder of what was decoded before. */
  readonly cache: string;
  /** Decoding that takes longer is kept there, milliseconds. */
  readonly slow?: number;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

const SLOW = 2000;

/**
 * @param place a folder, or a file that is read as .npz
 * @throws DataError naming the file and the reason; FileError if the system refuses to read
 */
export async function readImages(place: string, form: Form, options: ReadOptions): Promise<OwnImages> {
  if ((await usingOwnData(place, () => stat(place))).isDirectory()) return readFolder(place, form, options);
  if (!place.endsWith('.npz'))
    throw new DataError(
      `${place} is neither a folder nor an .npz file. Correct \`dataset.path\`. If it is a text, write \`name: text\`; \`data check\` needs --length to read it as one.`,
      { code: 'data-not-data' },
    );
  return readNpzFile(await npzImages(place), form);
}

const labelsFor = (classes: number, n: number): Labels =>
  classes > 256 ? new Uint16Array(n) : new Uint8Array(n);

const sides = (size: NonNullable<Form['size']>): readonly [number, number] =>
  typeof size === 'number' ? [size, size] : size;

async function readFolder(
  place: string,
  form: Form,
  { cache, slow = SLOW, onProgress }: ReadOptions,
): Promise<OwnImages> {
  const folder = await imageFolder(place);
  const splits = [folder.train, folder.validation ?? [], folder.test ?? []] as const;
  const files = splits.flat();
  const about = [form.size, form.channels, form.background];
  const kept = existsSync(cache) ? await keptImages(cache, files, about) : undefined;
  const began = performance.now();
  const read = kept ?? (await decodedFiles(place, files, form, onProgress));
  if (!kept && performance.now() - began > slow)
    await decodedCache(cache, [read.sha256, ...about]).write(read);
  const { sha256, height, width, channels, pixels } = read;
  const size = height * width * channels;
  let at = 0;
  const [train, validation, test] = splits.map((split): RawSplit => {
    const labels = labelsFor(folder.classes.length, split.length);
    split.forEach(({ label }, i) => (labels[i] = label));
    return { images: pixels.subarray(at, (at += size * split.length)), labels };
  });
  return {
    sha256,
    shape: { height, width, channels, classes: folder.classes.length },
    classNames: folder.classes,
    train: train!,
    ...(folder.validation ? { validation: validation! } : {}),
    ...(folder.test ? { test: test! } : {}),
    warnings: passedOver(place, folder.passedOver),
  };
}

type Read = Decoded & { readonly sha256: string };

/** What an earlier run kept of these very files. */
async function keptImages(
  cache: string,
  files: readonly ImageFile[],
  about: readonly unknown[],
): Promise<Read | undefined> {
  const hash = new FilesSha256();
  for (const { name, file } of files) hash.add(name, await usingOwnData(file, () => readFile(file)));
  const sha256 = hash.digest();
  const kept = await decodedCache(cache, [sha256, ...about]).read();
  return kept && kept.pixels.length === files.length * kept.height * kept.width * kept.channels
    ? { ...kept, sha256 }
    : undefined;
}

/** Reads files one by one into one array. The first decides on the form of the others. */
async function decodedFiles(
  place: string,
  files: readonly ImageFile[],
  form: Form,
  onProgress: ReadOptions['onProgress'],
): Promise<Read> {
  const hash = new FilesSha256();
  let first: FormedFile | undefined;
  let pixels: Uint8Array | undefined;
  for (const [i, { name, file }] of files.entries()) {
    const bytes = await usingOwnData(file, () => readFile(file));
    hash.add(name, bytes);
    const picture = formed(await decoded(file, bytes), form, file);
    first ??= { file, picture };
    requireAlike(first, { file, picture });
    pixels ??= allocated(place, files.length, picture);
    pixels.set(picture.pixels, i * picture.pixels.length);
    onProgress?.({ file: place, received: i + 1, total: files.length, what: 'images' });
  }
  const { height, width, channels } = first!.picture;
  return { sha256: hash.digest(), height, width, channels, pixels: pixels! };
}

function passedOver(place: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const files =
    names.length === 1 ? `${names[0]} is no image and is` : `${names.length} files are no images and are`;
  const first = names.length === 1 ? '' : ` (the first is ${names[0]})`;
  return [`${place}: ${files} passed over${first}.`];
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

interface FormedFile {
  readonly file: string;
  readonly picture: Picture;
}

const kindOf = ({ channels }: Picture) => (channels === 1 ? 'grey' : 'in colour');

/** @throws DataError naming both files if two images differ in their size or channels */
function requireAlike(a: FormedFile, b: FormedFile): void {
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
