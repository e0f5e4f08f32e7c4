/** From a `dataset:` of a configuration to images and labels in memory. */
import type { DatasetSpec } from '../experiment/specs.js';
import { stream } from '../random/stream.js';
import { catalogEntry, type CatalogEntry } from './catalog.js';
import { resolveDataDir } from './dataDir.js';
import type { Dataset, Split } from './dataset.js';
import type { Progress } from './download.js';
import { authenticate } from './authenticity.js';
import type { Located } from './elsewhere.js';
import { ensureFiles } from './files.js';
import { fingerprint } from './fingerprint.js';
import { formatOf } from './formats.js';
import { take } from './source.js';
import { balancedSubset, withLabelNoise } from './subset.js';
import { syntheticSplit, type SyntheticName } from './synthetic/generate.js';

export interface LoadOptions {
  /** Folder of the data files; see `resolveDataDir`. */
  readonly dataDir?: string | undefined;
  /** Whether to fetch files that are missing; default true. */
  readonly download?: boolean | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

interface Splits {
  readonly train: Split;
  readonly test: Split;
  readonly warnings: readonly string[];
}

function isSynthetic(name: string): name is SyntheticName {
  return name === 'synthetic-mnist' || name === 'synthetic-cifar';
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
async function fromFiles(spec: DatasetSpec, entry: CatalogEntry, options: LoadOptions): Promise<Splits> {
  const dataDir = resolveDataDir(options.dataDir);
  const places = await ensureFiles(entry, dataDir, options.download ?? true, {
    onProgress: options.onProgress,
  });
  const said = await warnings(entry, places);
  const paths = new Map([...places].map(([name, { path }]) => [name, path]));
  const sources = await formatOf(entry).open(entry, paths, (sentence) => said.push(`${sentence}.`));
  const split = (which: 'train' | 'test') => {
    const random = stream(spec.subsetSeed, 'subset', which);
    const what = `${entry.name}'s ${which} split`;
    const source = sources[which];
    return take(source, balancedSubset(source.labels, entry.classes, spec[which], random, what));
  };
  return { train: await split('train'), test: await split('test'), warnings: said };
}

function generated(name: SyntheticName, spec: DatasetSpec, entry: CatalogEntry): Splits {
  const split = (which: 'train' | 'test') =>
    syntheticSplit(name, which, spec[which] ?? entry[which], spec.subsetSeed);
  return { train: split('train'), test: split('test'), warnings: [] };
}

/**
 * The data set a configuration asks for: fetched if need be, checked, cut to its subsets, with label noise applied
 * to the training labels. Equal specs give equal data on every machine.
 * @throws DataError if files are missing, damaged, or cannot be had, or hold fewer images than asked for
 * @throws FileError if the system refuses to read or write them
 */
export async function loadDataset(spec: DatasetSpec, options: LoadOptions = {}): Promise<Dataset> {
  const entry = catalogEntry(spec.name);
  const clean = isSynthetic(spec.name)
    ? generated(spec.name, spec, entry)
    : await fromFiles(spec, entry, options);
  const noise = stream(spec.subsetSeed, 'label-noise');
  const labels = withLabelNoise(clean.train.labels, entry.classes, spec.labelNoise, noise);
  const train = { ...clean.train, labels };
  return {
    name: entry.name,
    ...entry.shape,
    classes: entry.classes,
    train,
    test: clean.test,
    fingerprint: fingerprint(train, clean.test),
    warnings: clean.warnings,
  };
}
