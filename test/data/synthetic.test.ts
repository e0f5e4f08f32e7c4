import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../src/data/fingerprint.js';
import { loadDataset } from '../../src/data/load.js';
import { syntheticSplit } from '../../src/data/synthetic/generate.js';
import { datasetSchema } from '../../src/experiment/specs.js';

const SETS = [
  ['synthetic-mnist', 28 * 28, 'b345156f96d9576e2dd3e743b7e527c9d6f3d0ba5d2dc7bd96c5aa51ab57947f'],
  ['synthetic-cifar', 32 * 32 * 3, '00d3c70e995cdfb351a2273efb056ef332f83baecfb38c78cd522741f75a13e0'],
] as const;

describe.each(SETS)('%s', (name, size, pinned) => {
  it('is the same on every machine', () => {
    const [train, test] = [syntheticSplit(name, 'train', 50, 0), syntheticSplit(name, 'test', 20, 0)];
    expect(fingerprint(train, test)).toBe(pinned);
  });

  it('does not depend on how many are generated', () => {
    const [few, many] = [syntheticSplit(name, 'train', 7, 3), syntheticSplit(name, 'train', 30, 3)];
    expect(many.images.subarray(0, 7 * size)).toEqual(few.images);
  });

  it('has no image twice, within or across splits and seeds, and every class equally often', () => {
    const splits = [
      syntheticSplit(name, 'train', 100, 0),
      syntheticSplit(name, 'test', 100, 0),
      syntheticSplit(name, 'train', 100, 1),
    ];
    const seen = new Set<string>();
    for (const { images } of splits)
      for (let i = 0; i < 100; i++)
        seen.add(Buffer.from(images.subarray(i * size, (i + 1) * size)).toString('base64'));
    expect(seen.size).toBe(300);
    for (const { labels } of splits)
      for (let c = 0; c < 10; c++) expect(labels.filter((label) => label === c).length).toBe(10);
  });

  it('is neither trivial nor hopeless: class means tell much more than chance, far from all', () => {
    const [train, test] = [syntheticSplit(name, 'train', 1500, 0), syntheticSplit(name, 'test', 300, 0)];
    const means = Array.from({ length: 10 }, () => new Float64Array(size));
    train.labels.forEach((label, i) => {
      for (let p = 0; p < size; p++) means[label]![p]! += train.images[i * size + p]! / 150;
    });
    // Correlation with each class's centred mean image.
    const overall = means[0]!.map((_, p) => means.reduce((sum, mean) => sum + mean[p]!, 0) / 10);
    let wrong = 0;
    test.labels.forEach((label, i) => {
      const scores = means.map((mean) => {
        let distance = 0;
        for (let p = 0; p < size; p++) {
          const d = mean[p]! - overall[p]!;
          distance += d * (test.images[i * size + p]! - overall[p]! - d / 2);
        }
        return distance;
      });
      if (scores.indexOf(Math.max(...scores)) !== label) wrong++;
    });
    expect(wrong / 300).toBeGreaterThan(0.2);
    expect(wrong / 300).toBeLessThan(0.75);
  });
});

describe('loading generated data', () => {
  it('takes sizes, seed and label noise from the spec, and touches no file', async () => {
    const load = (more: object) =>
      loadDataset(datasetSchema.parse({ name: 'synthetic-mnist', train: 50, test: 20, ...more }), {
        dataDir: '/nonexistent',
        download: false,
      });
    const clean = await load({});
    expect([clean.train.n, clean.test.n, clean.classes, clean.height, clean.channels]).toEqual([
      50, 20, 10, 28, 1,
    ]);
    const noisy = await load({ labelNoise: 0.2 });
    expect(noisy.train.labels.filter((label, i) => label !== clean.train.labels[i]).length).toBe(10);
    expect(noisy.test.labels).toEqual(clean.test.labels);
    expect(noisy.train.images).toEqual(clean.train.images);
    expect((await load({})).fingerprint).toBe(clean.fingerprint);
    expect(new Set([clean, noisy, await load({ subsetSeed: 1 })].map((d) => d.fingerprint)).size).toBe(3);
  });
});
