/** All equations a o b = c modulo a prime, as tokens. */
import type { ModularSpec } from '../experiment/modular.js';
import { modularSizes } from '../experiment/splits.js';
import { permutation, stream } from '../random/stream.js';
import type { Split, Tokens } from './dataset.js';

/** `a o b =`: the numbers are their own tokens, and the two signs are the next ones. */
const LENGTH = 4;

/** What a model reads of these equations, and what it answers. */
export const modularShape = ({ p }: Pick<ModularSpec, 'p'>) => ({
  height: 1,
  width: LENGTH,
  channels: 1,
  classes: p,
  tokens: { vocabulary: p + 2, answers: 'last' } satisfies Tokens,
});

/** The splits, each in a random order that `subsetSeed` decides. Validation is empty unless asked for. */
export function modularSplits(spec: ModularSpec): Record<'train' | 'validation' | 'test', Split> {
  const { op, p, subsetSeed } = spec;
  const sizes = modularSizes(spec);
  const order = permutation(sizes.all, stream(subsetSeed, 'equations'));
  const split = (from: number, n: number): Split => {
    const images = new Uint8Array(n * LENGTH);
    const labels = new Uint8Array(n);
    for (let i = 0; i < n; i++) {
      const at = order[from + i]!;
      // For a / b = c, a is b c: so no inverse is needed.
      const [first, second] = op === 'add' ? [at % p, Math.floor(at / p)] : [at % p, 1 + Math.floor(at / p)];
      const a = op === 'add' ? first : (first * second) % p;
      images.set([a, p, second, p + 1], i * LENGTH);
      labels[i] = op === 'add' ? (first + second) % p : first;
    }
    return { images, labels, n };
  };
  const { validation, train, test } = sizes;
  return {
    validation: split(0, validation),
    train: split(validation, train),
    test: split(validation + train, test),
  };
}
