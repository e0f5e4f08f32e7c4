import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { datasetSchema, imagesSchema } from '../../src/experiment/specs.js';
import {
  channelStatistics,
  datasetCatalog,
  datasetStatus,
  fetchDataset,
  loadDataset,
  trainShape,
  verifyDataset,
} from '../../src/data/index.js';
import { absent, realDataDir } from './real.js';
import { idxFile, scratch, tarGz, type TarEntry } from './scratch.js';

const spec = (name: string, more: object = {}) => datasetSchema.parse({ name, ...more });

/** A stand-in for MNIST: right in form, each image of one grey, image i's label being i mod 10. */
const grey = (n: number) => {
  const images = new Uint8Array(n * 784);
  for (let i = 0; i < n; i++) images.fill(i % 251, i * 784, (i + 1) * 784);
  return idxFile([n, 28, 28], images);
};
const counting = (n: number) =>
  idxFile(
    [n],
    Uint8Array.from({ length: n }, (_, i) => i % 10),
  );
const standIn = new Map<string, Buffer>();
beforeAll(() => {
  for (const [prefix, n] of [
    ['train', 60_000],
    ['t10k', 10_000],
  ] as const) {
    standIn.set(`${prefix}-images-idx3-ubyte.gz`, gzipSync(grey(n), { level: 1 }));
    standIn.set(`${prefix}-labels-idx1-ubyte.gz`, gzipSync(counting(n), { level: 1 }));
  }
});

/** A data folder with the stand-in MNIST, some files replaced (or left out, if undefined). */
function mnistFolder(changes: Record<string, Uint8Array | undefined> = {}): string {
  const dataDir = scratch();
  mkdirSync(path.join(dataDir, 'mnist'));
  for (const [name, bytes] of Object.entries({ ...Object.fromEntries(standIn), ...changes }))
    if (bytes !== undefined) writeFileSync(path.join(dataDir, 'mnist', name), bytes);
  return dataDir;
}

const loadFrom = (dataDir: string, more: object = {}) =>
  loadDataset(spec('mnist', more), { dataDir, download: false });

describe('loading idx data', () => {
  it('uses files in the right form whose md5 is not official, with a warning', async () => {
    const data = await loadFrom(mnistFolder());
    expect([data.train.n, data.test.n]).toEqual([60_000, 10_000]);
    expect(data.warnings).toHaveLength(1);
    expect(data.warnings[0]).toContain('train-images-idx3-ubyte.gz');
    expect([...data.train.labels.subarray(0, 12)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    expect(data.train.images[784 * 7]).toBe(7);
  });

  it('cuts balanced subsets whose images and labels belong together', async () => {
    const data = await loadFrom(mnistFolder(), { train: 1000, test: 100, subsetSeed: 5 });
    for (let c = 0; c < 10; c++) expect(data.train.labels.filter((label) => label === c).length).toBe(100);
    expect([data.test.n, data.test.images.length]).toEqual([100, 78_400]);
    const again = await loadFrom(mnistFolder(), { train: 1000, test: 100, subsetSeed: 5 });
    expect(again.fingerprint).toBe(data.fingerprint);
  });

  it('takes files that were unpacked', async () => {
    const plain = { 't10k-labels-idx1-ubyte.gz': undefined, 't10k-labels-idx1-ubyte': counting(10_000) };
    expect((await loadFrom(mnistFolder(plain))).test.n).toBe(10_000);
  });

  it.each<[string, () => Record<string, Uint8Array | undefined>, string, string]>([
    [
      'labels where images should be',
      () => ({ 'train-images-idx3-ubyte.gz': standIn.get('train-labels-idx1-ubyte.gz')! }),
      'data-mismatched',
      'train-images-idx3-ubyte.gz',
    ],
    [
      'test labels for training labels',
      () => ({ 'train-labels-idx1-ubyte.gz': standIn.get('t10k-labels-idx1-ubyte.gz')! }),
      'data-mismatched',
      'train-labels-idx1-ubyte.gz',
    ],
    [
      'a file cut off',
      () => ({ 't10k-images-idx3-ubyte.gz': standIn.get('t10k-images-idx3-ubyte.gz')!.subarray(0, 5000) }),
      'data-damaged',
      't10k-images-idx3-ubyte.gz',
    ],
    [
      'a label over range',
      () => ({ 't10k-labels-idx1-ubyte.gz': gzipSync(counting(10_000).fill(10, 20, 21)) }),
      'data-labels',
      't10k-labels-idx1-ubyte.gz',
    ],
    [
      'a file missing',
      () => ({ 't10k-labels-idx1-ubyte.gz': undefined }),
      'data-missing',
      // What to do by hand: which file, and how to know it.
      'ec29112dd5afa0611ce80d1b7f02629c',
    ],
  ])('refuses %s', async (_what, changes, code, fact) => {
    await expect(loadFrom(mnistFolder(changes()))).rejects.toMatchObject({
      code,
      exitCode: 2,
      message: expect.stringContaining(fact) as string,
    });
  });

  it('refuses a folder where a file belongs', async () => {
    const dataDir = mnistFolder({ 't10k-labels-idx1-ubyte.gz': undefined });
    const folder = path.join(dataDir, 'mnist', 't10k-labels-idx1-ubyte.gz');
    mkdirSync(folder);
    await expect(loadFrom(dataDir)).rejects.toMatchObject({
      code: 'file-eisdir',
      exitCode: 2,
      message: expect.stringContaining(folder) as string,
    });
  });

  it('refuses a subset larger than the data', async () => {
    await expect(loadFrom(mnistFolder(), { train: 60_001 })).rejects.toMatchObject({
      code: 'data-too-few',
    });
  });
});

describe('managing files', () => {
  it('reports each file, and a bad one by its own sentence', async () => {
    const dataDir = mnistFolder({
      'train-images-idx3-ubyte.gz': undefined,
      't10k-labels-idx1-ubyte.gz': Buffer.from('junk'),
    });
    expect((await datasetStatus('mnist', { dataDir })).map(({ state }) => state)).toEqual([
      'missing',
      'different',
      'different',
      'different',
    ]);
    const verified = await verifyDataset('mnist', { dataDir });
    expect(verified.map(({ state }) => state)).toEqual(['missing', 'different', 'different', 'bad']);
    expect(verified[3]!.message).toContain('t10k-labels-idx1-ubyte.gz');
  });

  it('has nothing to do for generated data, and cannot fetch what needs registration', async () => {
    expect(await verifyDataset('synthetic-mnist')).toEqual([]);
    expect(await fetchDataset('synthetic-cifar')).toEqual([]);
    await expect(fetchDataset('imagenet32', { dataDir: scratch() })).rejects.toMatchObject({
      code: 'data-needs-registration',
    });
  });

  it('lists every data set a configuration may name, with checksums of all that can be fetched', () => {
    expect(datasetCatalog().map(({ name }) => name)).toEqual(
      expect.arrayContaining([...imagesSchema.shape.name.options]),
    );
    for (const { files } of datasetCatalog())
      for (const { md5, urls } of files) if (urls.length > 0) expect(md5).toMatch(/^[0-9a-f]{32}$/);
    expect(trainShape(spec('cifar100', { train: 500 }))).toEqual({
      height: 32,
      width: 32,
      channels: 3,
      classes: 100,
      n: 500,
    });
  });
});

describe('loading CIFAR-100 archives', () => {
  const records = (n: number, salt: number) => {
    const bytes = new Uint8Array(n * 3074).fill(salt);
    for (let i = 0; i < n; i++) bytes.set([i % 20, i % 100], i * 3074);
    return bytes;
  };
  const folder = (...entries: TarEntry[]) => {
    const dataDir = scratch();
    mkdirSync(path.join(dataDir, 'cifar100'));
    writeFileSync(path.join(dataDir, 'cifar100', 'cifar-100-binary.tar.gz'), tarGz(entries));
    return dataDir;
  };

  it('reads a whole one, and refuses one of another data set', async () => {
    const whole = folder(
      { name: 'cifar-100-binary/train.bin', bytes: records(50_000, 1) },
      { name: 'cifar-100-binary/test.bin', bytes: records(10_000, 2) },
    );
    const data = await loadDataset(spec('cifar100', { train: 300, test: 100 }), {
      dataDir: whole,
      download: false,
    });
    expect([data.train.n, data.test.n, Math.max(...data.train.labels)]).toEqual([300, 100, 99]);
    expect([data.train.images[0], data.test.images[0]]).toEqual([1, 2]);
    const other = folder({ name: 'cifar-10-batches-bin/test_batch.bin', bytes: new Uint8Array(10) });
    await expect(loadDataset(spec('cifar100'), { dataDir: other, download: false })).rejects.toMatchObject({
      code: 'data-archive-entry',
    });
  });
});

describe('real data', () => {
  const mnist = absent('mnist/train-images-idx3-ubyte.gz');
  it.skipIf(mnist)(`MNIST loads and is MNIST${mnist ? ` (skipped: ${mnist})` : ''}`, async () => {
    const data = await loadFrom(realDataDir);
    const { mean, std } = channelStatistics(data.train, 1);
    expect(mean[0]).toBeCloseTo(0.1307, 4);
    expect(std[0]).toBeCloseTo(0.3081, 4);
    expect([...data.train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    for (const warning of data.warnings) expect(warning).toMatch(/^mnist: /);
  });

  it.skipIf(mnist)(
    `MNIST's files swapped are refused by name${mnist ? ` (skipped: ${mnist})` : ''}`,
    async () => {
      const dataDir = mnistFolder();
      const swapped = path.join(dataDir, 'mnist', 'train-labels-idx1-ubyte.gz');
      rmSync(swapped);
      symlinkSync(path.join(realDataDir, 'mnist', 't10k-labels-idx1-ubyte.gz'), swapped);
      await expect(loadFrom(dataDir)).rejects.toMatchObject({
        code: 'data-swapped',
        message: expect.stringContaining('mnist/t10k-labels-idx1-ubyte.gz') as string,
      });
      expect(existsSync(swapped)).toBe(true);
    },
  );

  const cifar = absent('cifar10/cifar-10-binary.tar.gz');
  it.skipIf(cifar)(`CIFAR-10 loads and is CIFAR-10${cifar ? ` (skipped: ${cifar})` : ''}`, async () => {
    const data = await loadDataset(spec('cifar10'), { dataDir: realDataDir, download: false });
    expect([data.train.n, data.test.n]).toEqual([50_000, 10_000]);
    const { mean, std } = channelStatistics(data.train, 3);
    [0.49139968, 0.48215841, 0.44653091].forEach((value, c) => expect(mean[c]).toBeCloseTo(value, 7));
    [0.24703297, 0.24348526, 0.26158834].forEach((value, c) => expect(std[c]).toBeCloseTo(value, 5));
    for (let c = 0; c < 10; c++) expect(data.train.labels.filter((label) => label === c).length).toBe(5000);
  });
});
