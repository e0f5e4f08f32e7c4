/** Finds the images of a folder: which there are, in which split, of which class. Nothing is decoded here. */
import { readdir, readlink, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { errnoOf } from '../../files/problem.js';
import { DataError, usingOwnData } from '../errors.js';

export interface ImageFile {
  /** Relative to the data's path, with slashes. */
  readonly name: string;
  readonly file: string;
  readonly label: number;
}

export interface ImageFolder {
  /** Names of the classes, sorted: a class's number is its place here. */
  readonly classes: readonly string[];
  readonly train: readonly ImageFile[];
  readonly validation?: readonly ImageFile[];
  readonly test?: readonly ImageFile[];
  /** Files that are no images, by name. */
  readonly passedOver: readonly string[];
}

const IMAGE = /\.(png|jpe?g)$/i;
/** Formats of images that are not read: leaving one out silently would change the data. */
const OTHER_IMAGE = /\.(gif|bmp|webp|tiff?|avif|heic|heif|jp2|jxl|ppm|pgm|svg)$/i;

/** Sorted in the same way everywhere: by code units, of names composed in the same way. */
const byName = (a: string, b: string): number => {
  const [first, second] = [a.normalize('NFC'), b.normalize('NFC')];
  return first < second ? -1 : first > second ? 1 : 0;
};

interface Entries {
  readonly folders: string[];
  readonly files: string[];
}

/** The system says of a link that leads nowhere only that its path does not exist. */
const refusingDeadLink = (file: string) => async (error: unknown) => {
  if (errnoOf(error) !== 'ENOENT') throw error;
  const target = await readlink(file).catch(() => undefined);
  if (target === undefined) throw error;
  throw new DataError(
    `${file} is a link to ${target}, which does not exist. Delete the link, or correct it.`,
    {
      code: 'data-dangling-link',
      cause: error,
    },
  );
};

/** What lies in a folder, links followed, without what systems hide there. */
async function entriesOf(folder: string): Promise<Entries> {
  const found: Entries = { folders: [], files: [] };
  for (const name of (await usingOwnData(folder, () => readdir(folder))).sort(byName)) {
    if (name.startsWith('.') || ['Thumbs.db', 'desktop.ini', '__MACOSX'].includes(name)) continue;
    const file = path.join(folder, name);
    const kind = await usingOwnData(file, () => stat(file).catch(refusingDeadLink(file)));
    (kind.isDirectory() ? found.folders : found.files).push(name);
  }
  return found;
}

/** All image files below a folder. @throws DataError `data-not-data` for images of other formats */
async function imagesBelow(root: string, name: string, label: number, above: readonly string[] = []) {
  const folder = path.join(root, name);
  const real = await usingOwnData(folder, () => realpath(folder));
  if (above.includes(real))
    throw new DataError(`${folder} is a link to a folder that it lies in. Delete the link.`, {
      code: 'data-dangling-link',
    });
  const { folders, files } = await entriesOf(folder);
  const images: ImageFile[] = [];
  const passedOver: string[] = [];
  for (const file of files) {
    const place = { name: `${name}/${file}`, file: path.join(folder, file), label };
    if (IMAGE.test(file)) images.push(place);
    else if (OTHER_IMAGE.test(file))
      throw new DataError(`${place.file}: only PNG and JPEG are read. Convert it, or move it elsewhere.`, {
        code: 'data-not-data',
      });
    else passedOver.push(place.name);
  }
  for (const inner of folders) {
    const below = await imagesBelow(root, `${name}/${inner}`, label, [...above, real]);
    images.push(...below.images);
    passedOver.push(...below.passedOver);
  }
  return { images, passedOver };
}

const VALIDATION = ['val', 'valid', 'validation'];
const SPLITS = ['train', 'test', ...VALIDATION];

/** What others call the folders of splits. */
const LIKE_SPLIT = /^(train|training|trainset|test|testing|testset|val|valid|validation|dev|eval)$/i;

/** @throws DataError where splits would be taken for classes: their images are found at any depth below them */
function requireNoUnknownSplit(root: string, folders: readonly string[]): void {
  const known = folders.filter((name) => SPLITS.includes(name));
  const other = folders.find((name) => !SPLITS.includes(name));
  if (other === undefined) return;
  if (folders.length > 1 && folders.every((name) => LIKE_SPLIT.test(name)))
    throw new DataError(
      `${path.join(root, other)} looks like a split. Splits are called train/, val/ and test/: rename it.`,
      { code: 'data-labels' },
    );
  if (known.includes('train') && known.length > 1)
    throw new DataError(
      `${path.join(root, other)} lies beside ${known.join('/ and ')}/, so it is not clear whether these are splits or classes. Move it elsewhere, or rename the classes.`,
      { code: 'data-labels' },
    );
}

/** The folders of the splits; undefined where the folder holds the classes themselves. */
function splitsOf(
  root: string,
  folders: readonly string[],
): Partial<Record<'train' | 'validation' | 'test', string>> | undefined {
  requireNoUnknownSplit(root, folders);
  // A class may be called "train": one of vehicles, say. Then others lie beside it.
  if (folders.length === 0 || !folders.every((name) => SPLITS.includes(name))) return undefined;
  const validation = folders.filter((name) => VALIDATION.includes(name));
  if (!folders.includes('train'))
    throw new DataError(`${root} has ${folders.join('/ and ')}/ but no train/. Add it.`, {
      code: 'data-missing',
    });
  if (validation.length > 1)
    throw new DataError(`${root} has ${validation.join('/ and ')}/. Keep one of them.`, {
      code: 'data-mismatched',
    });
  return {
    train: 'train',
    ...(validation[0] === undefined ? {} : { validation: validation[0] }),
    ...(folders.includes('test') ? { test: 'test' } : {}),
  };
}

/** @throws DataError where the folders are not those of two or more classes with images, or splits do not fit */
export async function imageFolder(root: string): Promise<ImageFolder> {
  const top = await entriesOf(root);
  requireNoImages(root, top);
  const splits = splitsOf(root, top.folders) ?? { train: '' };
  const classes =
    splits.train === '' ? top.folders : (await entriesOf(path.join(root, splits.train!))).folders;
  if (classes.length < 2)
    throw new DataError(
      `${path.join(root, splits.train!)} has ${classes.length === 1 ? `one class, ${classes[0]}` : 'no folder of images'}: expected a folder a class, of two or more classes.`,
      { code: 'data-labels' },
    );
  const passedOver = [...top.files];
  const read = async (split: string | undefined): Promise<ImageFile[] | undefined> => {
    if (split === undefined) return undefined;
    const found = await splitOf(root, split, classes);
    passedOver.push(...found.passedOver);
    return found.images;
  };
  const [train, validation, test] = [
    await read(splits.train),
    await read(splits.validation),
    await read(splits.test),
  ];
  requireEachClass(root, splits.train!, train!, classes);
  return {
    classes,
    train: train!,
    ...(validation ? { validation } : {}),
    ...(test ? { test } : {}),
    passedOver,
  };
}

async function splitOf(root: string, split: string, classes: readonly string[]) {
  const folder = path.join(root, split);
  const inside = await entriesOf(folder);
  requireNoImages(folder, inside);
  const stray = inside.folders.find((name) => !classes.some((known) => byName(known, name) === 0));
  if (stray !== undefined)
    throw new DataError(
      `${path.join(folder, stray)} is a class that ${path.join(root, 'train')} does not have. Add it there, or remove it here.`,
      { code: 'data-labels' },
    );
  const images: ImageFile[] = [];
  const passedOver = split === '' ? [] : inside.files.map((name) => `${split}/${name}`);
  for (const name of inside.folders) {
    const label = classes.findIndex((known) => byName(known, name) === 0);
    const found = await imagesBelow(root, split === '' ? name : `${split}/${name}`, label);
    images.push(...found.images);
    passedOver.push(...found.passedOver);
  }
  if (images.length === 0)
    throw new DataError(`${folder} has no PNG or JPEG images in folders of classes. Add some.`, {
      code: 'data-missing',
    });
  return { images, passedOver };
}

function requireNoImages(folder: string, { files }: Entries): void {
  const stray = files.find((name) => IMAGE.test(name) || OTHER_IMAGE.test(name));
  if (stray === undefined) return;
  throw new DataError(
    `${path.join(folder, stray)} lies in no folder of a class: the folder's name says what an image shows. Move it into one.`,
    { code: 'data-labels' },
  );
}

function requireEachClass(
  root: string,
  split: string,
  images: readonly ImageFile[],
  classes: readonly string[],
): void {
  const has = new Set(images.map(({ label }) => label));
  const empty = classes.findIndex((_, label) => !has.has(label));
  if (empty < 0) return;
  throw new DataError(
    `${path.join(root, split, classes[empty]!)} has no PNG or JPEG image. Add some, or delete the folder.`,
    { code: 'data-labels' },
  );
}
