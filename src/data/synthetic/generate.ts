/** The generated data sets: images drawn from seeded streams. Nothing is stored or downloaded. */
import { stream, type Stream } from '../../random/stream.js';
import type { Split } from '../dataset.js';
import { drawDigit } from './digits.js';
import { toBytes } from './noise.js';
import { drawShape } from './shapes.js';

export type SyntheticName = 'synthetic-mnist' | 'synthetic-cifar';

export const isSynthetic = (name: string): name is SyntheticName =>
  name === 'synthetic-mnist' || name === 'synthetic-cifar';

interface Generator {
  readonly size: number;
  draw(label: number, canvas: Float32Array, random: Stream): void;
}

const CLASSES = 10;

const GENERATORS: Record<SyntheticName, Generator> = {
  'synthetic-mnist': { size: 28 * 28, draw: drawDigit },
  'synthetic-cifar': { size: 32 * 32 * 3, draw: drawShape },
};

/**
 * `n` images of a split, from image `from` on. Image i belongs to class i mod 10 and depends on `seed`, the split and
 * i only, so that a larger set begins with the smaller one.
 */
export function syntheticSplit(
  name: SyntheticName,
  split: 'train' | 'test',
  n: number,
  seed: number,
  from = 0,
): Split {
  const { size, draw } = GENERATORS[name];
  const images = new Uint8ClampedArray(n * size);
  const labels = Uint8Array.from({ length: n }, (_, i) => (from + i) % CLASSES);
  const canvas = new Float32Array(size);
  for (let i = 0; i < n; i++) {
    draw(labels[i]!, canvas, stream(seed, name, split, from + i));
    toBytes(canvas, images, i * size);
  }
  return { images: new Uint8Array(images.buffer), labels, n };
}
