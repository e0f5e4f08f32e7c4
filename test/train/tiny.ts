/** A data set of a few small images and cells to train on it, in milliseconds, on the cpu backend. */
import type { Dataset, Split } from '../../src/data/index.js';
import { stream } from '../../src/random/stream.js';
import { identify, NUMERICS, type Cell } from '../../src/experiment/cell.js';
import type { Outcome } from '../../src/train/train.js';
import { ruleOf } from '../experiment/rule.js';

const height = 6;
const width = 5;
const channels = 2;
const classes = 3;

/** Noise, brighter in the rows of the class. */
function split(n: number, name: string): Split {
  const random = stream(0, 'tiny', name);
  const images = new Uint8Array(n * height * width * channels);
  const labels = Uint8Array.from({ length: n }, (_, i) => i % classes);
  for (let at = 0; at < images.length; at++) {
    const row = Math.floor(at / (width * channels)) % height;
    const image = Math.floor(at / (height * width * channels));
    images[at] = random.integer(0, 150) + (Math.floor(row / 2) === labels[image] ? 60 : 0);
  }
  return { images, labels, n };
}

export const tiny: Dataset = {
  name: 'tiny',
  height,
  width,
  channels,
  classes,
  train: split(10, 'train'),
  test: split(6, 'test'),
  fingerprint: 'tiny',
  warnings: [],
};

const defaults: Omit<Cell, 'id'> = {
  numerics: NUMERICS,
  dataset: { name: 'synthetic-mnist', subsetSeed: 0, labelNoise: 0, augment: { crop: 0, flip: false } },
  model: { name: 'mlp', hidden: [6] },
  optimizer: ruleOf('adamw'),
  schedule: { name: 'cosine' },
  epochs: 2,
  batchSize: 4,
  warmup: 0,
  recordDecay: false,
  lr: 0.01,
  wd: 0.01,
  seed: 1,
  backend: 'cpu',
  threads: 1,
};

/** A cell of the tiny data set: by default AdamW on a small MLP, two epochs of three steps (4, 4 and 2 images). */
export function cell({
  optimizer = {},
  ...rest
}: Partial<Omit<Cell, 'id' | 'optimizer'>> & { optimizer?: Partial<Cell['optimizer']> } = {}): Cell {
  const merged = { ...ruleOf(optimizer.name ?? 'adamw'), ...optimizer } as Cell['optimizer'];
  return identify({ ...defaults, ...rest, optimizer: merged });
}

/** What of an outcome the settings decide: everything but the time it took. Floats as bytes, for a fair comparison. */
export function decided({ status, metrics, weights, decay }: Outcome) {
  const bytes = (array: Float32Array) =>
    Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('hex');
  return {
    status,
    metrics: metrics.map((epoch) => ({ ...epoch, imagesPerSecond: 0, seconds: 0 })),
    theta: bytes(weights.theta),
    slots: weights.slots.map(bytes),
    state: bytes(weights.state),
    decay,
  };
}
