/** From a `dataset:` of a configuration to images and labels in memory. */
import type { ModularSpec } from '../experiment/modular.js';
import type { AnyDataset, ImagesSpec } from '../experiment/specs.js';
import { heldBack } from '../experiment/splits.js';
import { stream } from '../random/stream.js';
import { catalogEntry, type CatalogEntry } from './catalog.js';
import { resolveDataDir } from './dataDir.js';
import type { Dataset, Labels, Split } from './dataset.js';
import type { Progress } from './download.js';
import { authenticate } from './authenticity.js';
import type { Located } from './elsewhere.js';
import { ensureFiles } from './files.js';
import { fingerprint } from './fingerprint.js';
import { formatOf } from './formats.js';
import { ownImages } from './own/images.js';
import { ownText } from './own/text.js';
import { modularShape, modularSplits } from './modular.js';
import { take } from './source.js';
import { balancedSubset, labelsAt, range, withLabelNoise, without } from './subset.js';
import { isSynthetic, syntheticSplit, type SyntheticName } from './synthetic/generate.js';

export interface LoadOptions {
  /** Folder of the data files; see `resolveDataDir`. */
  readonly dataDir?: string | undefined;
  /** Whether to fetch files that are missing; default true. */
  readonly download?: boolean | undefined;
  /** Where own data lie; default: at their `path`. A cell's data set has none. */
  readonly path?: string | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

interface Splits {
  readonly train: Split;
  readonly validation?: Split;
  readonly test: Split;
  readonly warnings: readonly string[];
}

/** One sentence about the files that are not the published ones, if any. */
async function warnings(entry: CatalogEntry, places: ReadonlyMap<string, Located>): Promise<string[]> {
  const repacked: string[] = [];
  const different: string[] = [];
  for (const file of entry.files) {
    const { path, authenticity } = places.get(file.name)!;
    const found = authenticity ?? (await authenticate(entry, file, path));
    if (found === 'repacked') repacked.push(file.name);
    if (found === 'different') different.push(file.name);
  }
  const about = (names: string[], but: string) =>
    names.length === 0
      ? []
      : [`${entry.name}: the md5 of ${names.join(', ')} is not the official one; ${but}.`];
  return [
    ...about(repacked, 'the unpacked contents are the official bytes, and are used'),
    ...about(
      different,
      'the contents have the right form and are used, but results may not compare with published ones',
    ),
  ];
}

/** Splits read from files; only the images of the subsets are unpacked. */
async function fromFiles(spec: ImagesSpec, entry: CatalogEntry, options: LoadOptions): Promise<Splits> {
  const dataDir = resolveDataDir(options.dataDir);
  const places = await ensureFiles(entry, dataDir, options.download ?? true, {
    onProgress: options.onProgress,
  });
  const said = await warnings(entry, places);
  const paths = new Map([...places].map(([name, { path }]) => [name, path]));
  const sources = await formatOf(entry).open(entry, paths, (sentence) => said.push(`${sentence}.`));
  const subset = (which: 'train' | 'validation' | 'test', labels: Labels, count: number | undefined) => {
    const what = `${entry.name}'s ${which === 'test' ? 'test' : 'train'} split`;
    return balancedSubset(labels, entry.classes, count, stream(spec.subsetSeed, 'subset', which), what);
  };
  const { train, test } = sources;
  const n = train.labels.length;
  const held =
    spec.validation === undefined
      ? undefined
      : subset('validation', train.labels, heldBack(n, spec.validation));
  const left = held === undefined ? range(n) : without(n, held);
  const wanted = subset('train', labelsAt(train.labels, left), countOf(spec));
  return {
    train: await take(
      train,
      wanted.map((i) => left[i]!),
    ),
    ...(held === undefined ? {} : { validation: await take(train, held) }),
    test: await take(test, subset('test', test.labels, spec.test)),
    warnings: said,
  };
}

/** How many training images are loaded; undefined for all. Where each seed chooses its own, it chooses from all. */
const countOf = ({ subset, train }: ImagesSpec) => (subset === 'per-seed' ? undefined : train);

function generated(name: SyntheticName, spec: ImagesSpec, entry: CatalogEntry): Splits {
  const { validation, subsetSeed } = spec;
  const held = heldBack(entry.train, validation);
  return {
    // The validation images come first.
    train: syntheticSplit(name, 'train', spec.train ?? entry.train - held, subsetSeed, held),
    ...(validation === undefined ? {} : { validation: syntheticSplit(name, 'train', held, subsetSeed) }),
    test: syntheticSplit(name, 'test', spec.test ?? entry.test, subsetSeed),
    warnings: [],
  };
}

/**
 * The data set a configuration asks for: fetched if need be, checked, cut to its subsets, with label noise applied
 * to the training labels. With `subset: per-seed` the training images are those that `forSeed` chooses from. Equal specs give equal data on every machine.
 * @throws DataError if files are missing, damaged, or cannot be had, or hold fewer images than asked for
 * @throws FileError if the system refuses to read or write them
 */
export async function loadDataset(spec: AnyDataset, options: LoadOptions = {}): Promise<Dataset> {
  if (spec.name === 'modular') return modular(spec);
  if (spec.name === 'images') return own(spec, options);
  if (spec.name === 'text') return ownText(spec, options);
  const entry = catalogEntry(spec.name);
  const clean = isSynthetic(spec.name)
    ? generated(spec.name, spec, entry)
    : await fromFiles(spec, entry, options);
  const train = spec.subset === 'per-seed' ? clean.train : withNoise(clean.train, spec, entry.classes);
  return {
    name: entry.name,
    ...entry.shape,
    classes: entry.classes,
    ...clean,
    train,
    fingerprint: fingerprint(train, clean.test, ...(clean.validation ? [clean.validation] : [])),
  };
}

async function own(spec: Extract<AnyDataset, { name: 'images' }>, options: LoadOptions): Promise<Dataset> {
  const { shape, ...clean } = await ownImages(spec, options);
  const train = spec.subset === 'per-seed' ? clean.train : withNoise(clean.train, spec, shape.classes);
  const { validation, test } = clean;
  return {
    name: spec.name,
    ...shape,
    ...clean,
    train,
    fingerprint: fingerprint(train, test, ...(validation ? [validation] : [])),
  };
}

function modular(spec: ModularSpec): Dataset {
  const { validation, train: clean, test } = modularSplits(spec);
  const shape = modularShape(spec);
  const train = withNoise(clean, spec, shape.classes);
  const held = spec.validation === undefined ? [] : [validation];
  return {
    name: spec.name,
    ...shape,
    train,
    ...(held.length === 0 ? {} : { validation }),
    test,
    fingerprint: fingerprint(train, test, ...held),
    warnings: [],
  };
}

function withNoise(
  train: Split,
  { subsetSeed, labelNoise }: { readonly subsetSeed: number; readonly labelNoise: number },
  classes: number,
): Split {
  const labels = withLabelNoise(train.labels, classes, labelNoise, stream(subsetSeed, 'label-noise'));
  return { ...train, labels };
}
