/** Batches of a data set for a network: standardised, augmented, in reused buffers. */
import {
  answersOf,
  channelStatistics,
  fillBatch,
  standardisationTable,
  type Augmentation,
  type Dataset,
  type Split,
} from '../data/index.js';
import type { AnyDataset } from '../experiment/specs.js';
import type { Stream } from '../random/stream.js';
import type { Batch } from './step.js';

export interface BatchLoader {
  readonly trainSize: number;
  /** Labels of each image: one, or one for each token. */
  readonly answers: number;
  /** 0 where no images are held back. */
  readonly validationSize: number;
  /** The last batch of an epoch may be smaller than the others. */
  readonly stepsPerEpoch: number;
  /** The training images of these indices, augmented from `random`. Valid until the next call. */
  train(indices: Int32Array, random: Stream): Batch;
  /** The test set in order, unaugmented. Each batch is valid until the next. */
  test(): Iterable<Batch>;
  /** The images held back, likewise. */
  validation(): Iterable<Batch>;
}

/** Batches of `batchSize`, standardised by the training split's channel means and deviations. */
export function batchLoader(dataset: Dataset, change: Augmentation, batchSize: number): BatchLoader {
  const { height, width, channels, train, test, validation } = dataset;
  const geometry = { height, width, channels, table: tableOf(dataset) };
  const images = new Float32Array(batchSize * height * width * channels);
  const answers = answersOf(train);
  const labels = new Int32Array(batchSize * answers);
  const fill = (split: Split, indices: Int32Array, random?: Stream): Batch => {
    fillBatch({ split, ...geometry }, indices, images, labels, random && { change, random });
    const b = indices.length;
    return {
      images: images.subarray(0, b * height * width * channels),
      labels: labels.subarray(0, b * answers),
      shape: [b, height, width, channels],
    };
  };
  function* inOrder(split: Split): Generator<Batch> {
    for (let from = 0; from < split.n; from += batchSize) {
      const b = Math.min(batchSize, split.n - from);
      yield fill(
        split,
        Int32Array.from({ length: b }, (_, i) => from + i),
      );
    }
  }
  return {
    trainSize: train.n,
    answers,
    validationSize: validation?.n ?? 0,
    stepsPerEpoch: Math.ceil(train.n / batchSize),
    train: (indices, random) => fill(train, indices, random),
    test: () => inOrder(test),
    validation: () => (validation ? inOrder(validation) : []),
  };
}

/** The random changes of training examples; of equations and texts there are none. */
export const augmentationOf = (spec: AnyDataset): Augmentation =>
  'augment' in spec ? spec.augment : { crop: 0, flip: false };

const tables = new WeakMap<Dataset, Float32Array>();

/** A worker trains many cells on one data set, so the statistics are computed once. Tokens stay what they are. */
function tableOf(dataset: Dataset): Float32Array {
  const table =
    tables.get(dataset) ??
    (dataset.tokens
      ? Float32Array.from({ length: 256 }, (_, token) => token)
      : standardisationTable(channelStatistics(dataset.train, dataset.channels)));
  tables.set(dataset, table);
  return table;
}
