/** Images held back from training, and training images of each seed's own. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { forSeed, loadDataset, trainShape, type Split } from '../../src/data/index.js';
import { datasetSchema } from '../../src/experiment/specs.js';
import { heldBack } from '../../src/experiment/splits.js';
import { without } from '../../src/data/subset.js';
import { absent, realDataDir } from './real.js';

const spec = (name: string, more: object = {}) => datasetSchema.parse({ name, ...more });

/** The images as texts, to be compared as sets. */
function imagesOf({ images, n }: Split): Set<string> {
  const size = images.length / n;
  return new Set(
    Array.from({ length: n }, (_, i) =>
      Buffer.from(images.buffer, images.byteOffset + i * size, size).toString('latin1'),
    ),
  );
}
const shared = (a: Split, b: Split) => [...imagesOf(a)].filter((image) => imagesOf(b).has(image)).length;

describe.each<[string, string | undefined]>([
  ['synthetic-mnist', undefined],
  ['mnist', absent('mnist')],
])('%s', (name, reason) => {
  const load = async (settings: object) => {
    const asked = spec(name, { test: 50, ...settings });
    return { asked, data: await loadDataset(asked, { dataDir: realDataDir, download: false }) };
  };

  it.skipIf(reason)(
    `holds back images that are not trained on, of all classes alike${reason ? ` (${reason})` : ''}`,
    async () => {
      const { data } = await load({ validation: 100, train: 200, labelNoise: 0.5 });
      expect([data.validation!.n, data.train.n]).toEqual([100, 200]);
      expect(shared(data.validation!, data.train)).toBe(0);
      const counts = Array.from(
        { length: 10 },
        (_, c) => data.validation!.labels.filter((l) => l === c).length,
      );
      expect(counts).toEqual(Array.from({ length: 10 }, () => 10));
      const clean = await load({ validation: 100, train: 200 });
      expect([...data.validation!.labels]).toEqual([...clean.data.validation!.labels]);
      expect([...data.train.labels]).not.toEqual([...clean.data.train.labels]);
    },
  );

  it.skipIf(reason)('trains on other images for each seed, and evaluates on the same', async () => {
    const { asked, data } = await load({ validation: 40, train: 100, subset: 'per-seed', labelNoise: 0.2 });
    const [zero, one] = [forSeed(data, asked, 0), forSeed(data, asked, 1)];
    expect([zero.train.n, one.train.n]).toEqual([100, 100]);
    expect(shared(zero.train, one.train)).toBeLessThan(10);
    expect(shared(zero.train, data.validation!) + shared(one.train, data.validation!)).toBe(0);
    expect([zero.test, zero.validation, zero.fingerprint]).toEqual([
      data.test,
      data.validation,
      data.fingerprint,
    ]);
    const again = forSeed(data, asked, 0).train;
    expect(Buffer.compare(again.images, zero.train.images)).toBe(0);
    expect([...again.labels]).toEqual([...zero.train.labels]);
  });

  it.skipIf(reason)('is as it was where nothing is held back', async () => {
    const { asked, data } = await load({ train: 100 });
    expect(data.validation).toBeUndefined();
    expect(forSeed(data, asked, 5)).toBe(data);
    expect(Object.keys(asked)).not.toContain('subset');
    expect(spec(name, { subset: 'fixed' })).toEqual(spec(name));
  });
});

it('counts what is left for training', () => {
  expect(trainShape(spec('mnist', { validation: 10_000 })).n).toBe(50_000);
  expect(trainShape(spec('cifar10', { validation: 0.1 })).n).toBe(45_000);
});

it('parts the numbers in two, whatever is held back', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      (n, share) => {
        const held = Int32Array.from({ length: heldBack(n, share) }, (_, i) => i * 1).sort();
        expect([...held, ...without(n, held)].sort((a, b) => a - b)).toEqual(
          Array.from({ length: n }, (_, i) => i),
        );
      },
    ),
  );
});
