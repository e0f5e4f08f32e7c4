/** A user's own images as a data set: read, brought to one form, and split. */
import { join } from 'node:path';
import type { ImagesContent, OwnImagesSpec } from '../../experiment/ownImages.js';
import { heldBack } from '../../experiment/splits.js';
import type { CellDataset } from '../../experiment/specs.js';
import { permutation, stream } from '../../random/stream.js';
import { resolveDataDir } from '../dataDir.js';
import type { Labels, Split } from '../dataset.js';
import type { Progress } from '../download.js';
import { DataError } from '../errors.js';
import { take } from '../source.js';
import { balancedSubset, labelsAt, range, without } from '../subset.js';
import { locateOwn, requireSameContent } from './content.js';
import { readImages, type OwnImages, type RawSplit } from './read.js';

/** As a configuration or a cell has them; a cell has no path. */
export type AnyOwnImages = OwnImagesSpec | Extract<CellDataset, { name: 'images' }>;

export interface OwnOptions {
  readonly dataDir?: string | undefined;
  /** Where the data lie, where the settings do not say it. */
  readonly path?: string | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

export interface OwnSplits {
  readonly shape: OwnImages['shape'];
  readonly train: Split;
  readonly validation?: Split;
  readonly test: Split;
  readonly warnings: readonly string[];
}

/** Share of each class that is the test set where the data have none and the configuration does not say. */
const TEST_SHARE = 0.2;

type Found = OwnImages & { readonly place: string };

/** What a run found when it looked at its data, until it loads them. */
let looked: { readonly key: string; readonly found: Found } | undefined;

/** All that decides what reading gives, but the files' content. */
const keyOf = ({ size, channels, background }: AnyOwnImages, place: string) =>
  JSON.stringify([place, size, channels, background]);

function placeOf(spec: AnyOwnImages, options: OwnOptions): string {
  const given = options.path ?? ('path' in spec ? spec.path : undefined);
  if (given !== undefined) return locateOwn(given, resolveDataDir(options.dataDir));
  throw new DataError('Where the images lie is not known. Name their folder or .npz file with --data.', {
    code: 'data-no-path',
  });
}

async function read(spec: AnyOwnImages, place: string, options: OwnOptions): Promise<Found> {
  const { size, channels, background } = spec;
  const images = await readImages(
    place,
    { size, channels, background },
    { cache: join(resolveDataDir(options.dataDir), 'decoded-images'), onProgress: options.onProgress },
  );
  requireSameContent(place, images.sha256, spec.content?.sha256);
  return { ...images, place };
}

/** As `read`, or what `imagesContent` has read just now, if it is what is expected. It is kept no longer. */
async function readOnce(spec: AnyOwnImages, options: OwnOptions): Promise<Found> {
  const place = placeOf(spec, options);
  const kept = looked;
  looked = undefined;
  const isExpected = kept?.key === keyOf(spec, place) && kept.found.sha256 === spec.content?.sha256;
  return isExpected ? kept.found : read(spec, place, options);
}

/**
 * What there is at the path, and how it is split.
 * @throws DataError naming the file and the reason if the images cannot be used
 */
export async function imagesContent(spec: OwnImagesSpec, options: OwnOptions): Promise<ImagesContent> {
  const place = placeOf(spec, options);
  const images = await read(spec, place, options);
  looked = { key: keyOf(spec, place), found: images };
  const { train, test } = withTest(spec, images, place);
  return {
    sha256: images.sha256,
    ...images.shape,
    train: train.length,
    validation: images.validation?.labels.length ?? 0,
    test: test.indices.length,
  };
}

/** Training images by index, and the test images: their own, or a part of the training images. */
function withTest(
  { test, subsetSeed }: AnyOwnImages,
  images: OwnImages,
  place: string,
): { train: Int32Array; test: { readonly of: RawSplit; readonly indices: Int32Array } } {
  const { labels } = images.train;
  const all = range(labels.length);
  if (images.test) {
    if (test !== undefined && test < 1)
      throw new DataError(
        `${place} has test images of its own, so \`dataset.test\` must be a whole number of them, not the share ${test}. Leave it out to use all.`,
        { code: 'data-mismatched' },
      );
    return { train: all, test: { of: images.test, indices: range(images.test.labels.length) } };
  }
  const share = test ?? TEST_SHARE;
  const indices =
    share < 1
      ? shareOfEach(labels, images, share, subsetSeed)
      : balancedSubset(labels, images.shape.classes, share, stream(subsetSeed, 'subset', 'test'), place);
  const train = without(labels.length, indices);
  requireTrained(labelsAt(labels, train), images, place);
  return { train, test: { of: images.train, indices } };
}

/** This share of each class (rounded, but at least one image), ascending. */
function shareOfEach(labels: Labels, { shape }: OwnImages, share: number, seed: number): Int32Array {
  const random = stream(seed, 'test-split');
  const members: number[][] = Array.from({ length: shape.classes }, () => []);
  labels.forEach((label, i) => members[label]!.push(i));
  const chosen = members.flatMap((list) => {
    const order = permutation(list.length, random);
    const count = Math.max(1, Math.round(share * list.length));
    return Array.from(order.subarray(0, count), (k) => list[k]!);
  });
  return Int32Array.from(chosen).sort();
}

function requireTrained(labels: Labels, { shape, classNames }: OwnImages, place: string): void {
  const left = new Set(labels);
  for (let label = 0; label < shape.classes; label++) {
    if (left.has(label)) continue;
    throw new DataError(
      `${place}: the test set takes every image of class ${classNames?.[label] ?? label}. Add images of it, or lower \`dataset.test\`.`,
      { code: 'data-too-few' },
    );
  }
}

const sourceOf = ({ images, labels }: RawSplit) => {
  const size = images.length / labels.length;
  return {
    labels,
    gather(indices: Int32Array): Uint8Array {
      const gathered = new Uint8Array(indices.length * size);
      indices.forEach((at, i) => gathered.set(images.subarray(at * size, (at + 1) * size), i * size));
      return gathered;
    },
  };
};

/**
 * The splits, as `loadDataset` does them for other images: first the test set, then validation, then `train` images.
 * @throws DataError as `imagesContent`; `data-changed` if the content is not that of the settings
 */
export async function ownImages(spec: AnyOwnImages, options: OwnOptions): Promise<OwnSplits> {
  const images = await readOnce(spec, options);
  const { place, shape, warnings } = images;
  const pool = withTest(spec, images, place);
  const subset = (which: 'train' | 'validation' | 'test', labels: Labels, count: number | undefined) =>
    balancedSubset(labels, shape.classes, count, stream(spec.subsetSeed, 'subset', which), place);
  const among = (indices: Int32Array, positions: Int32Array) => positions.map((i) => indices[i]!);
  const labels = labelsAt(images.train.labels, pool.train);
  const held = heldOf(spec, images, labels);
  const left = held === undefined ? range(labels.length) : without(labels.length, held);
  const wanted = subset('train', labelsAt(labels, left), spec.subset === 'per-seed' ? undefined : spec.train);
  const source = sourceOf(images.train);
  const { of, indices } = pool.test;
  const tested = images.test ? subset('test', of.labels, spec.test) : indices;
  const validation =
    images.validation === undefined
      ? held && (await take(source, among(pool.train, held)))
      : await take(sourceOf(images.validation), range(images.validation.labels.length));
  return {
    shape,
    train: await take(source, among(pool.train, among(left, wanted))),
    ...(validation === undefined ? {} : { validation }),
    test: await take(sourceOf(of), tested),
    warnings,
  };
}

/** Positions of the training images that `validation` holds back. */
function heldOf(spec: AnyOwnImages, images: OwnImages, labels: Labels): Int32Array | undefined {
  if (spec.validation === undefined) return undefined;
  return balancedSubset(
    labels,
    images.shape.classes,
    heldBack(labels.length, spec.validation),
    stream(spec.subsetSeed, 'subset', 'validation'),
    'The training split',
  );
}
