/** Data under other names and in other folders: used where a checksum proves them, named where none does. */
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { datasetSchema } from '../../src/experiment/specs.js';
import { catalogEntry, type CatalogEntry } from '../../src/data/catalog.js';
import { ensureFiles, locate } from '../../src/data/files.js';
import { formatOf } from '../../src/data/formats.js';
import { datasetStatus, fetchDataset, loadDataset, verifyDataset } from '../../src/data/index.js';
import { take } from '../../src/data/source.js';
import { range } from '../../src/data/subset.js';
import { absent, realDataDir } from './real.js';
import { scratch, tarGz } from './scratch.js';

const hashed = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest('hex');

/** Writes files, paths below a fresh data folder. */
function folderWith(files: Readonly<Record<string, Uint8Array>>): string {
  const dataDir = scratch();
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dataDir, name)), { recursive: true });
    writeFileSync(path.join(dataDir, name), bytes);
  }
  return dataDir;
}

const mnistNames = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'];
const noMnist = absent('mnist/train-images-idx3-ubyte.gz');

describe.skipIf(noMnist)(`MNIST elsewhere${noMnist ? ` (skipped: ${noMnist})` : ''}`, () => {
  const spec = datasetSchema.parse({ name: 'mnist', train: 200, test: 100 });
  const load = (dataDir: string) => loadDataset(spec, { dataDir, download: false });
  const packed = new Map<string, Buffer>();
  const plain = new Map<string, Buffer>();
  let fingerprint: string;
  beforeAll(async () => {
    for (const name of mnistNames) {
      packed.set(name, readFileSync(path.join(realDataDir, 'mnist', `${name}-ubyte.gz`)));
      plain.set(name, gunzipSync(packed.get(name)!));
    }
    ({ fingerprint } = await load(realDataDir));
  });
  const layout = (files: Map<string, Buffer>, name: (name: string) => string) =>
    folderWith(Object.fromEntries([...files].map(([known, bytes]) => [name(known), bytes])));
  const dotted = (name: string) => `${name.replace(/-(idx\d)/, '.$1')}-ubyte`;

  it.each<[string, () => string]>([
    ['idx with a dot', () => layout(plain, (name) => `mnist/${dotted(name)}`)],
    ['idx with a dot, packed', () => layout(packed, (name) => `mnist/${dotted(name)}.gz`)],
    ["torchvision's folder", () => layout(plain, (name) => `MNIST/raw/${name}-ubyte`)],
    ["torchvision's folder, packed", () => layout(packed, (name) => `MNIST/raw/${name}-ubyte.gz`)],
    ['the data folder itself', () => layout(packed, (name) => `${name}-ubyte.gz`)],
    ['the data folder itself, unpacked', () => layout(plain, (name) => `${name}-ubyte`)],
    [
      'a folder of the same name for each',
      () => layout(plain, (name) => `mnist/${name}-ubyte/${name}-ubyte`),
    ],
    ["a browser's second copy", () => layout(packed, (name) => `mnist/${name}-ubyte (1).gz`)],
  ])('is used where its checksum proves it: %s', async (_what, make) => {
    const status = await datasetStatus('mnist', { dataDir: make() });
    for (const { state } of status) expect(['official', 'repacked']).toContain(state);
  });

  it('gives the same data as at its own place', async () => {
    const data = await load(layout(plain, (name) => `MNIST/raw/${name}-ubyte`));
    expect(data.fingerprint).toBe(fingerprint);
  });

  it('is named, and not used, where its checksum proves nothing', async () => {
    const changed = Buffer.from(plain.get('t10k-labels-idx1')!);
    changed[100] = (changed[100]! + 1) % 10;
    const dataDir = layout(
      new Map([...plain, ['t10k-labels-idx1', changed]]),
      (name) => `MNIST/raw/${name}-ubyte`,
    );
    const at = path.join(dataDir, 'MNIST', 'raw', 't10k-labels-idx1-ubyte');
    await expect(load(dataDir)).rejects.toMatchObject({
      code: 'data-missing',
      message: expect.stringContaining(at) as string,
    });
    const status = await datasetStatus('mnist', { dataDir });
    expect(status.map(({ state }) => state)).toEqual(['official', 'official', 'official', 'missing']);
    expect(status[3]!.found).toEqual([expect.stringContaining(at)]);
  });

  it('is not taken for Fashion-MNIST, and not held against it in a folder that both share', async () => {
    const dataDir = layout(plain, (name) => `${name}-ubyte`);
    const shared = await datasetStatus('fashion-mnist', { dataDir });
    expect(shared.map(({ state, found }) => [state, found])).toEqual(mnistNames.map(() => ['missing', []]));
    const own = await datasetStatus('fashion-mnist', {
      dataDir: layout(plain, (name) => `FashionMNIST/raw/${name}-ubyte`),
    });
    for (const [i, { state, found }] of own.entries()) {
      expect(state).toBe('missing');
      expect(found![0]).toContain(`mnist/${mnistNames[i]!}-ubyte.gz`);
    }
  });

  it('is used from elsewhere although a link at its own place leads nowhere', async () => {
    const dataDir = layout(plain, (name) => `${name}-ubyte`);
    mkdirSync(path.join(dataDir, 'mnist'));
    symlinkSync('/nowhere', path.join(dataDir, 'mnist', 'train-images-idx3-ubyte.gz'));
    expect((await load(dataDir)).fingerprint).toBe(fingerprint);
  });
});

const noFashion = absent('fashion-mnist/t10k-labels-idx1-ubyte.gz');
it.skipIf(noFashion)(
  `Fashion-MNIST unpacked is known by its content in MNIST's place${noFashion ? ` (skipped: ${noFashion})` : ''}`,
  async () => {
    for (const name of mnistNames) {
      const bytes = gunzipSync(readFileSync(path.join(realDataDir, 'fashion-mnist', `${name}-ubyte.gz`)));
      const dataDir = folderWith({ [`mnist/${name}-ubyte`]: bytes, [`fashion-mnist/${name}-ubyte`]: bytes });
      const there = ({ path: at }: { path?: string }) => at !== undefined;
      const [wrong] = (await verifyDataset('mnist', { dataDir })).filter(there);
      expect(wrong).toMatchObject({ state: 'bad' });
      expect(wrong!.message).toContain(`fashion-mnist/${name}-ubyte.gz`);
      const [right] = (await verifyDataset('fashion-mnist', { dataDir })).filter(there);
      expect(right).toMatchObject({ state: 'official' });
    }
  },
);

describe('links that lead nowhere', () => {
  it.each<[string, (dataDir: string) => string]>([
    ['the file', (dataDir) => path.join(dataDir, 'mnist', 'train-images-idx3-ubyte.gz')],
    ['the unpacked file', (dataDir) => path.join(dataDir, 'mnist', 'train-images-idx3-ubyte')],
    ["the set's folder", (dataDir) => path.join(dataDir, 'mnist')],
    ['the data folder', (dataDir) => dataDir],
  ])('are named and stay: %s', async (_what, place) => {
    const dataDir = path.join(scratch(), 'data');
    const link = place(dataDir);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync('/nowhere/at/all', link);
    const refused = { code: 'data-dangling-link', message: expect.stringContaining(link) as string };
    await expect(fetchDataset('mnist', { dataDir })).rejects.toMatchObject(refused);
    expect((await verifyDataset('mnist', { dataDir }))[0]).toMatchObject({ state: 'bad' });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });
});

/** A small CIFAR-10 of known checksums, and its pieces. */
function smallCifar() {
  const members = ['data_batch_1.bin', 'data_batch_2.bin', 'test_batch.bin'].map((name, salt) => {
    const bytes = new Uint8Array(10 * 3073);
    for (let i = 0; i < bytes.length; i++) bytes[i] = i % 3073 === 0 ? i / 3073 : (i * 7 + salt) % 256;
    return { name, bytes };
  });
  const folder = 'cifar-10-batches-bin';
  const archive = tarGz(members.map(({ name, bytes }) => ({ name: `${folder}/${name}`, bytes })));
  const entry: CatalogEntry = {
    ...catalogEntry('cifar10'),
    train: 20,
    test: 10,
    files: [
      {
        name: 'cifar-10-binary.tar.gz',
        md5: hashed('md5', archive),
        archive: {
          folder,
          members: members.map(({ name, bytes }) => ({ name, sha1: hashed('sha1', bytes) })),
        },
        urls: [],
      },
    ],
  };
  const unpacked = (at: string) =>
    Object.fromEntries(members.map(({ name, bytes }) => [path.join(at, name), bytes]));
  return { entry, archive, members, unpacked };
}

describe('CIFAR-10 elsewhere', () => {
  const { entry, archive, members, unpacked } = smallCifar();
  const file = entry.files[0]!;
  const images = async (dataDir: string) => {
    const place = await locate(entry, file, dataDir);
    const sources = await formatOf(entry).open(entry, new Map([[file.name, place.path!]]));
    const splits = [await take(sources.train, range(20)), await take(sources.test, range(10))];
    return splits.map(({ images, labels }) => [hashed('sha1', images), [...labels]]);
  };
  const official = () => images(folderWith({ 'cifar10/cifar-10-binary.tar.gz': archive }));

  it.each<[string, Record<string, Uint8Array>]>([
    ['the archive in the data folder', { 'cifar-10-binary.tar.gz': archive }],
    ['the archive, unpacked by a browser', { 'cifar10/cifar-10-binary.tar': gunzipSync(archive) }],
    ['the archive, packed again', { 'cifar-10-binary.tgz': gzipSync(gunzipSync(archive), { level: 9 }) }],
    ['unpacked in its folder', unpacked('cifar10/cifar-10-batches-bin')],
    ['unpacked in the data folder', unpacked('cifar-10-batches-bin')],
    ['unpacked without its folder', unpacked('cifar10')],
    ['unpacked into a folder of the archive', unpacked('cifar10/cifar-10-binary/cifar-10-batches-bin')],
  ])('is used where its checksum proves it: %s', async (_what, files) => {
    expect(await images(folderWith(files))).toEqual(await official());
  });

  it.each<[string, Record<string, Uint8Array>, string, string]>([
    [
      'another byte',
      {
        ...unpacked('cifar10/cifar-10-batches-bin'),
        'cifar10/cifar-10-batches-bin/data_batch_2.bin': new Uint8Array(30730),
      },
      'cifar10/cifar-10-batches-bin',
      'data_batch_2.bin',
    ],
    [
      'a file too few',
      { 'cifar-10-batches-bin/data_batch_1.bin': members[0]!.bytes },
      'cifar-10-batches-bin',
      'data_batch_2.bin',
    ],
    [
      'a cut archive',
      { 'cifar-10-binary.tar': gunzipSync(archive).subarray(0, 5000) },
      'cifar-10-binary.tar',
      'data_batch_1.bin',
    ],
    [
      'the Python version',
      { 'cifar10/cifar-10-python.tar.gz': tarGz([{ name: 'cifar-10-batches-py/', type: '5' }]) },
      'cifar10/cifar-10-python.tar.gz',
      'Python',
    ],
    [
      'the Python version, unpacked',
      { 'cifar-10-batches-py/data_batch_1': Buffer.from('x') },
      'cifar-10-batches-py',
      'Python',
    ],
  ])('is named, and not used: %s', async (_what, files, at, why) => {
    const dataDir = folderWith(files);
    const place = await locate(entry, file, dataDir);
    expect(place.path).toBeUndefined();
    const { found } = place as { found: string[] };
    expect(found).toEqual([expect.stringContaining(path.join(dataDir, at))]);
    expect(found[0]).toContain(why);
    await expect(ensureFiles(entry, dataDir, false)).rejects.toMatchObject({
      code: 'data-missing',
      message: expect.stringContaining(found[0]!) as string,
    });
  });

  it("says nothing of CIFAR-100's files, of its own partial download and lock, or of others' files", async () => {
    const other = { 'cifar-100-binary.tar.gz': archive.subarray(0, 9), 'notes.txt': Buffer.from('x') };
    const own = { 'cifar10/cifar-10-binary.tar.gz.part': archive, 'cifar10/.DS_Store': Buffer.from('x') };
    expect(await locate(entry, file, folderWith({ ...other, ...own }))).toEqual({ found: [] });
  });

  it('in another order is used at its own place only', async () => {
    // As CIFAR-10 is found in some places: the right images, but not in the official files.
    const [first, second, test] = members.map(({ bytes }) => bytes) as [Uint8Array, Uint8Array, Uint8Array];
    const others = [second, first, test].map((bytes, i) => ({
      name: `cifar-10-batches-bin/${members[i]!.name}`,
      bytes,
    }));
    const other = tarGz(others);
    const own = folderWith({ 'cifar10/cifar-10-binary.tar.gz': other });
    const at = path.join(own, 'cifar10', 'cifar-10-binary.tar.gz');
    expect(await locate(entry, file, own)).toEqual({ path: at });
    const { found } = (await locate(entry, file, folderWith({ 'cifar-10-binary.tar.gz': other }))) as {
      found: string[];
    };
    expect(found).toEqual([expect.stringContaining('data_batch_1.bin')]);
  });
});

describe("a Mac's entries in an archive", () => {
  it('are passed over, and said', async () => {
    const { entry, members } = smallCifar();
    const note = { bytes: Buffer.from('00051607000200004d6163204f532058', 'hex') };
    const packed = tarGz([
      { name: './._cifar-10-batches-bin', ...note },
      ...members.flatMap(({ name, bytes }) => [
        { name: `cifar-10-batches-bin/._${name}`, ...note },
        { name: `cifar-10-batches-bin/${name}`, bytes },
      ]),
      { name: '__MACOSX/cifar-10-batches-bin/._x', ...note },
    ]);
    const at = path.join(
      folderWith({ 'cifar10/cifar-10-binary.tar.gz': packed }),
      'cifar10',
      'cifar-10-binary.tar.gz',
    );
    const said: string[] = [];
    const { test } = await formatOf(entry).open(entry, new Map([['cifar-10-binary.tar.gz', at]]), (notice) =>
      said.push(notice),
    );
    expect([...test.labels]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(said).toEqual([expect.stringContaining('Mac')]);
  });
});
