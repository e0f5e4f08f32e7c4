/** The training images of one seed, where each seed has its own. Validation and test images are the same for all. */
import type { AnyDataset } from '../experiment/specs.js';
import { stream } from '../random/stream.js';
import type { Dataset, Split } from './dataset.js';
import { balancedSubset, labelsAt, withLabelNoise } from './subset.js';
import { isSynthetic, syntheticSplit } from './synthetic/generate.js';

/**
 * The data set as the cells of a seed see it: with `subset: per-seed` the seed's own training images and wrong labels,
 * else as it is. Equal arguments give equal data on every machine.
 * @param dataset as `loadDataset` gives it for `spec`
 */
export function forSeed(dataset: Dataset, spec: AnyDataset, seed: number): Dataset {
  if (!('subset' in spec) || spec.subset !== 'per-seed') return dataset;
  const known = latest.get(dataset);
  if (known?.seed === seed) return known.dataset;
  const { classes } = dataset;
  const clean =
    spec.name !== 'images' && isSynthetic(spec.name)
      ? syntheticSplit(
          spec.name,
          'train',
          dataset.train.n,
          spec.subsetSeed,
          (dataset.validation?.n ?? 0) + seed * dataset.train.n,
        )
      : chosen(dataset, spec, seed);
  const labels = withLabelNoise(clean.labels, classes, spec.labelNoise, stream(seed, 'label-noise'));
  const own = { ...dataset, train: { ...clean, labels } };
  latest.set(dataset, { seed, dataset: own });
  return own;
}

/** A worker trains many cells of one seed before those of the next. */
const latest = new WeakMap<Dataset, { readonly seed: number; readonly dataset: Dataset }>();

function chosen(
  { name, train, classes }: Dataset,
  spec: { readonly train?: number | undefined },
  seed: number,
): Split {
  const random = stream(seed, 'subset', 'train');
  const indices = balancedSubset(train.labels, classes, spec.train, random, `${name}'s train split`);
  const size = train.images.length / train.n;
  const images = new Uint8Array(indices.length * size);
  indices.forEach((at, i) => images.set(train.images.subarray(at * size, (at + 1) * size), i * size));
  return { images, labels: labelsAt(train.labels, indices), n: indices.length };
}
