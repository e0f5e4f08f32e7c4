/** A user's own images on the command line: what is accepted, what is refused and how, trained, moved, changed. */
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { stringify } from 'yaml';
import { adamwBench, configure, scratch } from './cli.js';
import { inThisProcess } from './inProcess.js';
import { darkAndLight, int64, npy, npz, png, writeTree } from './ownImages.js';

const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/own-images/images.json', import.meta.url), 'utf8'),
) as { images: { name: string; file: string }[] };
const fromPillow = (name: string) =>
  Buffer.from(fixture.images.find((image) => image.name === name)!.file, 'base64');

const cli = (...args: string[]) => adamwBench(args);
// What is decoded slowly is kept in the data folder.
process.env.ADAMW_BENCH_DATA = join(scratch(), 'data');

const check = (path: string, ...flags: string[]) => inThisProcess(['data', 'check', path, ...flags]);

describe('data check accepts', () => {
  test('a folder of classes, and cuts a fifth of each class off', async () => {
    const root = writeTree(scratch(), { ...darkAndLight(10), 'notes.txt': 'hello', '.DS_Store': 'x' });
    const { code, stdout, stderr } = await check(root);
    expect(stderr).toContain('notes.txt is no image and is passed over');
    expect(code).toBe(0);
    expect(stdout).toMatch(/6x6, grey\n +classes +2\n +training +16\n +test +4\n/);
  });

  test('train/, val/ and test/', async () => {
    const root = writeTree(scratch(), {
      ...darkAndLight(3, 'train/'),
      ...darkAndLight(2, 'val/'),
      ...darkAndLight(1, 'test/'),
    });
    expect((await check(root)).stdout).toMatch(/training +6\n +validation +4\n +test +2\n/);
  });

  test('a class that is called train, beside others', async () => {
    const root = writeTree(scratch(), {
      ...Object.fromEntries(
        [0, 1, 2].flatMap((i) => [
          [`train/${i}.png`, png(i)],
          [`bus/${i}.png`, png(99 + i)],
        ]),
      ),
    });
    expect((await check(root)).stdout).toMatch(/classes +2\n +training +4\n +test +2\n/);
  });

  test('more than 256 classes', async () => {
    const root = writeTree(
      scratch(),
      Object.fromEntries(
        Array.from({ length: 300 }, (_, c) =>
          [0, 1].map((i) => [`class-${c}/${i}.png`, png(c + i)]),
        ).flat() as [string, Uint8Array][],
      ),
    );
    expect((await check(root)).stdout).toMatch(/classes +300\n +training +300\n +test +300\n/);
  });

  test('images of all kinds and sizes, brought to one', async () => {
    const root = scratch();
    for (const [i, { name }] of fixture.images.entries()) {
      const ending = name.startsWith('jpeg') ? 'jpg' : 'png';
      writeTree(root, { [`${i % 2 ? 'a' : 'b'}/${name}.${ending}`]: fromPillow(name) });
    }
    writeTree(root, { 'a/small.PNG': png(7) });
    const { code, stdout } = await check(root, '--size', '8x12', '--channels', '3', '--background', 'white');
    expect(code).toBe(0);
    expect(stdout).toMatch(/8x12, colour/);
    expect(stdout).toContain('size: [8,12], channels: 3, background: "white"');
  });

  test('an .npz file with labels of any integer type', async () => {
    const x = (n: number) =>
      npy(
        '|u1',
        [n, 2, 3],
        Uint8Array.from({ length: n * 6 }, (_, i) => i),
      );
    const file = join(scratch(), 'x.npz');
    writeFileSync(
      file,
      await npz({
        x_train: x(4),
        y_train: npy('<i8', [4, 1], int64(0, 1, 2, 1)),
        x_test: x(2),
        y_test: npy('|u1', [2], Uint8Array.of(2, 0)),
      }),
    );
    expect((await check(file)).stdout).toMatch(/2x3, grey\n +classes +3\n +training +4\n +test +2\n/);
    expect((await check(file, '--size', '4', '--channels', '3')).stdout).toMatch(/4x4, colour/);
  });
});

/** What a folder with these changes is refused for. Names are relative to the folder. */
const refusals: [string, (root: string) => void, RegExp, string[]?][] = [
  [
    'a text that is called .png',
    (root) => writeTree(root, { 'dark/x.png': 'hello' }),
    /dark\/x\.png: it is neither PNG nor JPEG/,
  ],
  ['an empty file', (root) => writeTree(root, { 'dark/x.png': '' }), /dark\/x\.png: it is an empty file/],
  [
    'a web page',
    (root) => writeTree(root, { 'dark/x.jpg': '<!doctype html>' }),
    /dark\/x\.jpg: it is a web page/,
  ],
  [
    'a PNG that is cut off',
    (root) => writeTree(root, { 'dark/x.png': png(1).subarray(0, 60) }),
    /dark\/x\.png: it is cut off/,
  ],
  [
    'a PNG with a wrong byte',
    (root) => writeTree(root, { 'dark/x.png': png(1).map((byte, i) => (i === 45 ? byte ^ 1 : byte)) }),
    /dark\/x\.png: it is damaged/,
  ],
  [
    'a JPEG that is cut off',
    (root) => writeTree(root, { 'dark/x.jpg': fromPillow('jpeg-grey').subarray(0, 200) }),
    /dark\/x\.jpg: it is cut off/,
  ],
  ['another format', (root) => writeTree(root, { 'dark/x.webp': 'x' }), /dark\/x\.webp: only PNG and JPEG/],
  [
    'grey and colour',
    (root) => writeTree(root, { 'light/x.png': png(1, { channels: 3 }) }),
    /light\/x\.png is in colour, and .*dark\/0\.png is grey\. .*dataset\.channels/,
  ],
  [
    'two sizes',
    (root) => writeTree(root, { 'light/x.png': png(1, { width: 7 }) }),
    /light\/x\.png has 6 x 7 pixels, and .*dark\/0\.png has 6 x 6\. .*dataset\.size/,
  ],
  [
    'transparent pixels',
    (root) => writeTree(root, { 'dark/0.png': fromPillow('rgba') }),
    /dark\/0\.png: it has transparent pixels\. .*dataset\.background/,
  ],
  ['one class', (root) => rmSync(join(root, 'light'), { recursive: true }), /has one class, dark: expected/],
  [
    'no class',
    (root) => (
      rmSync(join(root, 'light'), { recursive: true }),
      rmSync(join(root, 'dark'), { recursive: true })
    ),
    /no folder of images/,
  ],
  ['an empty class', (root) => void mkdirSync(join(root, 'none')), /none has no PNG or JPEG image/],
  [
    'an image beside the classes',
    (root) => writeTree(root, { 'x.png': png(1) }),
    /x\.png lies in no folder of a class/,
  ],
  [
    'a class with one image',
    (root) => writeTree(root, { 'one/0.png': png(1) }),
    /test set takes every image of class one/,
  ],
  [
    'a link that leads to nothing',
    (root) => symlinkSync('nowhere', join(root, 'dark/x.png')),
    /dark\/x\.png is a link to nowhere, which does not exist\. Delete the link/,
  ],
  [
    'a folder that lies in itself',
    (root) => symlinkSync('.', join(root, 'dark/again')),
    /dark\/again is a link to a folder that it lies in/,
  ],
  [
    'a size that is none',
    () => undefined,
    /--size cannot be used: expected a side from 1 to 4096/,
    ['--size', 'big'],
  ],
  ['channels that are none', () => undefined, /--channels cannot be used: expected 1 /, ['--channels', '2']],
];

describe('data check refuses, naming file and reason,', () => {
  it.each(refusals)('%s', async (_what, change, message, flags = []) => {
    const root = writeTree(scratch(), darkAndLight(3));
    change(root);
    const { code, stderr } = await check(root, ...flags);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  test('a test class that is not trained, test/ alone, a share of a test set', async () => {
    const root = writeTree(scratch(), { ...darkAndLight(2, 'train/'), 'test/other/0.png': png(1) });
    expect((await check(root)).stderr).toMatch(/test\/other is a class that .*train does not have/);
    const alone = writeTree(scratch(), darkAndLight(2, 'test/'));
    expect((await check(alone)).stderr).toMatch(/has test\/ but no train\//);
    const both = writeTree(scratch(), { ...darkAndLight(2, 'train/'), ...darkAndLight(2, 'test/') });
    expect((await check(both, '--test', '0.5')).stderr).toMatch(
      /must be a whole number of them, not the share 0\.5/,
    );
  });

  test('folders that are splits under other names, or have something else beside them', async () => {
    const named = writeTree(scratch(), { ...darkAndLight(2, 'Train/'), ...darkAndLight(2, 'testing/') });
    expect((await check(named)).stderr).toMatch(/(Train|testing) looks like a split.*rename it/);
    const more = { ...darkAndLight(2, 'train/'), ...darkAndLight(2, 'test/'), 'masks/0.png': png(1) };
    const { code, stderr } = await check(writeTree(scratch(), more));
    expect(stderr).toMatch(/masks lies beside test\/ and train\/, so it is not clear/);
    expect(code).toBe(2);
  });

  const x = npy('|u1', [2, 2, 2], new Uint8Array(8));
  const y = npy('|u1', [2], Uint8Array.of(0, 1));
  const good = { x_train: x, y_train: y, x_test: x, y_test: y };
  it.each<[string, Record<string, Uint8Array>, RegExp]>([
    [
      'floats',
      { x_train: npy('<f4', [2, 2, 2], new Uint8Array(32)) },
      /x_train holds <f4, expected uint8.*\* 255/,
    ],
    ['flat images', { x_train: npy('|u1', [2, 4], new Uint8Array(8)) }, /x_train has the shape \[2, 4\]/],
    [
      'channels first',
      { x_train: npy('|u1', [2, 3, 8, 8], new Uint8Array(384)) },
      /x_train .*transpose\(0, 2, 3, 1\)/,
    ],
    ['other test images', { x_test: npy('|u1', [2, 4, 1], new Uint8Array(8)) }, /x_test has images of 4x1x1/],
    [
      'too few labels',
      { y_train: npy('|u1', [1], Uint8Array.of(0)) },
      /y_train has the shape \[1\], expected \[2\]/,
    ],
    [
      'labels of floats',
      { y_train: npy('<f8', [2], new Uint8Array(16)) },
      /y_train holds <f8, expected integers/,
    ],
    [
      'a negative label',
      { y_train: npy('<i8', [2], int64(0, -1)) },
      /y_train has label -1 at index 1.*out of range/,
    ],
    [
      'a test label out of range',
      { y_test: npy('<i8', [2], int64(0, 2)) },
      /y_test has label 2 at index 1.*expected 0 to 1/,
    ],
    [
      'images in Fortran order',
      { x_train: npy('|u1', [2, 2, 2], new Uint8Array(8), true) },
      /x_train: .*Fortran.* Save numpy\.ascontiguousarray/,
    ],
    [
      'Python objects',
      { x_train: npy('|O', [2], new Uint8Array(20)) },
      /x_train: holds Python objects.* Save one array of numbers/,
    ],
    [
      'transparent images',
      { x_train: npy('|u1', [2, 2, 2, 4], new Uint8Array(32)) },
      /x_train .*Leave out the transparency/,
    ],
    [
      'big-endian labels',
      { y_train: npy('>i2', [2], new Uint8Array(4)) },
      /y_train: holds >i2, .*astype\("<i8"\)/,
    ],
    [
      'names as labels',
      { y_train: npy('<U3', [2], new Uint8Array(24)) },
      /y_train holds texts.*numpy\.unique/,
    ],
    ['a gap in the labels', { y_train: npy('<i8', [2], int64(0, 2)) }, /no image is labelled 1/],
    ['one class', { y_train: npy('<i8', [2], int64(0, 0)) }, /y_train has one class only/],
  ])('an .npz with %s', async (_what, changed, message) => {
    const file = join(scratch(), 'x.npz');
    writeFileSync(file, await npz({ ...good, ...changed }));
    const { code, stderr } = await check(file);
    expect(stderr).toContain(file);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  test('an .npz without an array, a damaged one, another file, nothing', async () => {
    const folder = scratch();
    const file = (name: string, bytes: string | Uint8Array) => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const three = { x_train: x, y_train: y, x_test: x };
    expect((await check(file('a.npz', await npz(three)))).stderr).toMatch(/a\.npz: has no array "y_test"/);
    expect((await check(file('b.npz', 'hello'))).stderr).toMatch(/b\.npz: not a whole \.npz file/);
    expect((await check(file('c.csv', 'hello'))).stderr).toMatch(
      /c\.csv is neither a folder nor an \.npz file.*--length/,
    );
    expect((await check(join(folder, 'd'))).stderr).toMatch(/\/d does not exist, and/);
  });
});

/** A configuration beside a folder of images, whose path is relative to it. */
function withImages(dataset: object = {}) {
  const images = { name: 'images', path: 'pictures', ...dataset };
  const made = configure({ dataset: images, train: { epochs: 2, batchSize: 8 } });
  writeTree(join(made.folder, 'pictures'), darkAndLight(10));
  const run = (...more: string[]) => cli('run', made.file, '--out', made.dir, '--no-figures', ...more);
  return { ...made, run };
}

const ids = (dir: string) =>
  readFileSync(join(dir, 'runs.jsonl'), 'utf8')
    .split('\n')
    .flatMap((line) => /"id":"([0-9a-f]{16})"/.exec(line)?.[1] ?? [])
    .sort();

describe('run', () => {
  test('trains a folder; goes on when it has moved; refuses it when it has changed', async () => {
    const { folder, file, dir, run } = withImages();
    const planned = await cli('plan', file, '--no-time');
    expect(planned.stdout).toContain('16 training, 4 test images of 6x6x1, 2 classes');
    expect(await run('--set', 'grid.wd=[0]')).toMatchObject({ code: 0 });
    const before = ids(dir);
    expect(before).toHaveLength(4);

    renameSync(join(folder, 'pictures'), join(folder, 'moved'));
    expect((await run('--set', 'grid.wd=[0]')).stderr).toMatch(/pictures does not exist/);
    const moved = await run('--set', 'grid.wd=[0]', '--set', `dataset.path=${join(folder, 'moved')}`);
    expect(moved.code, moved.stderr).toBe(0);
    expect(ids(dir)).toEqual(before);
    expect(readFileSync(join(dir, 'config.yaml'), 'utf8')).toContain(join(folder, 'moved'));
    // The folder's own configuration knows where the images are and what they were.
    expect(await cli('report', dir)).toMatchObject({ code: 0 });

    writeTree(join(folder, 'moved'), { 'dark/0.png': png(50) });
    const changed = await run('--set', 'grid.wd=[0]', '--set', `dataset.path=${join(folder, 'moved')}`);
    expect(changed.code).toBe(2);
    expect(changed.stderr).toMatch(/moved is not what .* was begun with: its fingerprint is/);
    expect((await cli('run', join(dir, 'config.yaml'), '--out', dir)).stderr).toMatch(
      /is not what the run began with/,
    );
    expect(ids(dir)).toEqual(before);
  });

  test('evaluates exported weights, where it is told the images lie', async () => {
    const { folder, dir, run } = withImages({ test: 6, validation: 2, labelNoise: 0.1 });
    expect(await run('--keep-weights')).toMatchObject({ code: 0 });
    const weights = join(dir, 'weights', `${ids(dir)[0]}.safetensors`);
    expect((await cli('eval', weights)).stderr).toMatch(/--data/);
    const { stdout } = await cli('eval', weights, '--data', join(folder, 'pictures'), '--json');
    const { testError, recorded, sameData } = JSON.parse(stdout) as Record<string, unknown>;
    expect(sameData).toBe(true);
    expect(testError).toBe(recorded);
  });

  test('refuses settings that the images do not allow, at their place in the file', async () => {
    const { run } = withImages();
    const few = await run('--set', 'dataset.train=17');
    expect(few.code).toBe(2);
    expect(few.stderr).toMatch(/`dataset\.train` is 17: it must be at most 16/);
    expect((await run('--set', 'train.batchSize=17')).stderr).toMatch(/must be at most 16/);
    expect((await run('--set', 'dataset.validation=16')).stderr).toMatch(/must leave the 1 training images/);
    expect((await run('--set', 'model={name: transformer, patch: 4}')).code).toBe(2);
  });

  test('gives the same cells for a file of the same name at another place, and others for other settings', async () => {
    const one = withImages();
    const other = withImages();
    cpSync(join(one.folder, 'pictures'), join(other.folder, 'pictures'), { recursive: true });
    copyFileSync(one.file, other.file);
    const small = ['--set', 'grid={lr: [0.1], wd: [0]}'];
    await one.run(...small);
    await other.run(...small);
    expect(ids(other.dir)).toEqual(ids(one.dir));
    const resized = join(one.folder, 'resized');
    await cli('run', one.file, '--out', resized, '--no-figures', ...small, '--set', 'dataset.size=4');
    expect(ids(resized)).toHaveLength(2);
    expect(ids(resized)).not.toEqual(ids(one.dir));
  });

  test('takes an .npz file and seeds with images of their own', async () => {
    const folder = scratch();
    const n = 40;
    const images = Uint8Array.from({ length: n * 9 }, (_, i) => (Math.floor(i / 9) % 2) * 150 + (i % 50));
    const x = npy('|u1', [n, 3, 3], images);
    const y = npy('<i4', [n], new Uint8Array(Int32Array.from({ length: n }, (_, i) => i % 2).buffer));
    writeFileSync(join(folder, 'x.npz'), await npz({ x_train: x, y_train: y, x_test: x, y_test: y }));
    const made = configure({
      dataset: { name: 'images', path: join(folder, 'x.npz'), subset: 'per-seed', train: 20 },
      train: { epochs: 10, batchSize: 10, seeds: [0, 1] },
      grid: { lr: [0.05], wd: [0] },
    });
    const { code, stderr } = await cli('run', made.file, '--out', made.dir);
    expect(code, stderr).toBe(0);
    expect(ids(made.dir)).toHaveLength(4);
    const csv = readFileSync(join(made.dir, 'runs.csv'), 'utf8');
    expect(csv).toContain('images');
    expect(stringify(csv).length).toBeGreaterThan(0);
  });
});
