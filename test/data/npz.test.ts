import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from '@zip.js/zip.js';
import fc from 'fast-check';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../src/data/errors.js';
import { imagenetSource } from '../../src/data/imagenet32.js';
import { verifyDataset } from '../../src/data/manage.js';
import { integers, parseNpy } from '../../src/data/npy.js';
import { readNpz } from '../../src/data/npz.js';
import { take } from '../../src/data/source.js';
import { range } from '../../src/data/subset.js';
import { scratch } from './scratch.js';

/** A .npy file as numpy.save writes it (format 1.0, header padded to 64 bytes). */
function npy(dtype: string, shape: readonly number[], data: Uint8Array): Buffer {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dict = `{'descr': '${dtype}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const text = dict.padEnd(Math.ceil((dict.length + 11) / 64) * 64 - 11) + '\n';
  const head = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, 0, 0]);
  head.writeUInt16LE(text.length, 8);
  return Buffer.concat([head, Buffer.from(text, 'latin1'), data]);
}

async function npz(arrays: Record<string, Uint8Array>, level: number): Promise<Uint8Array> {
  const zip = new ZipWriter(new Uint8ArrayWriter(), { useWebWorkers: false, level });
  for (const [name, bytes] of Object.entries(arrays))
    await zip.add(`${name}.npy`, new Uint8ArrayReader(bytes));
  return zip.close();
}

const int64 = (...values: number[]) => new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer);

function write(bytes: Uint8Array): string {
  const file = path.join(scratch(), 'x.npz');
  writeFileSync(file, bytes);
  return file;
}

describe('npy', () => {
  it('round-trips shapes and elements', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 }), (shape) => {
        const data = Uint8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i);
        const read = parseNpy(npy('|u1', shape, data), 'x');
        expect(read.shape).toEqual(shape);
        expect([...read.bytes]).toEqual([...data]);
      }),
    );
  });

  it('refuses a file cut off at any byte', () => {
    const whole = npy('<i8', [3], int64(1, 2, 3));
    expect([...integers(parseNpy(whole, 'x'), 'x')]).toEqual([1, 2, 3]);
    for (let n = 0; n < whole.length; n++)
      expect(() => parseNpy(whole.subarray(0, n), 'x')).toThrow(DataError);
  });

  it.each([['|O'], ['>i8'], ['<f8']])('refuses elements of type %s', (dtype) => {
    expect(() =>
      integers(
        parseNpy(npy(dtype, dtype === '|O' ? [0] : [1], int64(...(dtype === '|O' ? [] : [1]))), 'x'),
        'x',
      ),
    ).toThrow(expect.objectContaining({ code: 'data-mismatched' }));
  });

  it('never throws anything but a DataError, whatever the header says', () => {
    const whole = npy('|u1', [2, 3], new Uint8Array(6));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(whole);
        changed[at] = byte;
        try {
          expect(parseNpy(changed, 'x').bytes.length).toBeLessThanOrEqual(whole.length);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
    );
  });
});

describe('npz', () => {
  it.each([0, 6])('reads one array of several, at compression level %i', async (level) => {
    const file = write(
      await npz({ mean: npy('<f8', [1], int64(0)), labels: npy('<i8', [3], int64(7, 8, 9)) }, level),
    );
    expect([...integers(await readNpz(file, 'labels'), file)]).toEqual([7, 8, 9]);
    await expect(readNpz(file, 'data')).rejects.toMatchObject({ code: 'data-mismatched' });
  });

  it('gives the array or a DataError after any one byte is changed or the end is cut off', async () => {
    const whole = await npz({ labels: npy('<i8', [9], int64(9, 8, 7, 6, 5, 4, 3, 2, 1)) }, 6);
    const file = write(whole);
    const expected = await readNpz(file, 'labels');
    const check = async (bytes: Uint8Array) => {
      writeFileSync(file, bytes);
      try {
        expect(await readNpz(file, 'labels')).toEqual(expected);
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
      }
    };
    for (let at = 0; at < whole.length; at++) {
      await check(Uint8Array.from(whole, (byte, i) => (i === at ? byte ^ 0x55 : byte)));
      writeFileSync(file, whole.subarray(0, at));
      await expect(readNpz(file, 'labels'), `cut to ${at}`).rejects.toThrow(DataError);
    }
  });
});

describe('ImageNet32x32', () => {
  // Of the published files' layout: `data` uint8 [n, 3072], `labels` int64 [n] from 1, and in training files `mean`.
  const arrays = (labels: number[], salt: number) => {
    const data = Uint8Array.from({ length: labels.length * 3072 }, (_, i) => (i >> 10) + salt);
    return {
      data: npy('|u1', [labels.length, 3072], data),
      labels: npy('<i8', [labels.length], int64(...labels)),
      mean: npy('<f8', [1], new Uint8Array(8)),
    };
  };
  const file = async (labels: number[], salt: number) => write(await npz(arrays(labels, salt), 0));
  /** What reading a file with these arrays in place of good ones says: to whoever loads, and to `data verify`. */
  const refusal = async (replaced: Record<string, Uint8Array | undefined>, cut = Infinity) => {
    const kept = Object.entries({ ...arrays([1, 1000], 0), ...replaced }).filter(([, bytes]) => bytes);
    const bytes = await npz(Object.fromEntries(kept) as Record<string, Uint8Array>, 6);
    const dataDir = scratch();
    const bad = path.join(dataDir, 'imagenet32', 'val_data.npz');
    mkdirSync(path.dirname(bad));
    writeFileSync(bad, bytes.subarray(0, cut));
    const load = async () => take(await imagenetSource([bad], undefined, 1000), range(2));
    const error = await load().catch((thrown: unknown) => thrown);
    const verified = await verifyDataset('imagenet32', { dataDir });
    return { bad, error, verified: verified.at(-1)! };
  };

  it('reads labels from 1 and planes, across files', async () => {
    const files = [await file([1, 3], 0), await file([2, 1, 2], 100)];
    const source = await imagenetSource(files, 5, 3);
    expect([...source.labels]).toEqual([0, 2, 1, 0, 1]);
    const split = await take(source, Int32Array.of(1, 2, 4));
    // Plane k of row r of a file is filled with 3r + k + salt.
    expect([...split.images.subarray(0, 3)]).toEqual([3, 4, 5]);
    expect([...split.images.subarray(3072, 3075)]).toEqual([100, 101, 102]);
    expect([...split.images.subarray(2 * 3072 + 3069)]).toEqual([106, 107, 108]);
    expect((await take(source, range(5))).n).toBe(5);
  });

  it('reads all 1000 classes, and finds the split that lacks one wrong', async () => {
    const all = Array.from({ length: 1000 }, (_, i) => i + 1);
    const source = await imagenetSource([await file(all, 0)], 1000, 1000);
    expect([...source.labels]).toEqual(all.map((label) => label - 1));
    const lacking = await file(
      all.map((label) => (label === 1000 ? 1 : label)),
      0,
    );
    await expect(imagenetSource([lacking], 1000, 1000)).rejects.toMatchObject({
      code: 'data-labels',
      message: expect.stringContaining(lacking) as string,
    });
  });

  it('is content with a good file', async () => {
    const { bad, verified } = await refusal({});
    expect(verified).toMatchObject({ name: 'val_data.npz', path: bad });
    expect(verified.state).not.toBe('bad');
  });

  it.each<[string, Record<string, Uint8Array | undefined>, string]>([
    ['label 0', { labels: npy('<i8', [2], int64(0, 1)) }, 'data-labels'],
    ['label 1001', { labels: npy('<i8', [2], int64(1, 1001)) }, 'data-labels'],
    ['a negative label', { labels: npy('<i8', [2], int64(-1, 1)) }, 'data-labels'],
    ['labels of floats', { labels: npy('<f8', [2], new Uint8Array(16)) }, 'data-mismatched'],
    ['labels of Python objects', { labels: npy('|O', [2], new Uint8Array(16)) }, 'data-mismatched'],
    ['pixels of floats', { data: npy('<f4', [2, 3072], new Uint8Array(4 * 2 * 3072)) }, 'data-mismatched'],
    ['images of 16x16', { data: npy('|u1', [2, 768], new Uint8Array(2 * 768)) }, 'data-mismatched'],
    ['fewer images than labels', { data: npy('|u1', [1, 3072], new Uint8Array(3072)) }, 'data-mismatched'],
    ['an array cut short', { data: npy('|u1', [2, 3072], new Uint8Array(3072)) }, 'data-damaged'],
    ['no labels', { labels: undefined }, 'data-mismatched'],
    ['no images', { data: undefined }, 'data-mismatched'],
  ])('refuses %s, naming the file', async (_what, replaced, code) => {
    const { bad, error, verified } = await refusal(replaced);
    expect(error).toMatchObject({ code, exitCode: 2 });
    const { message } = error as DataError;
    expect(message.startsWith(`${bad}: `), message).toBe(true);
    expect(verified).toMatchObject({ state: 'bad', message });
  });

  it.each([1, 500])('refuses a file cut off after %i bytes', async (cut) => {
    const { bad, error, verified } = await refusal({}, cut);
    expect(error).toMatchObject({ code: 'data-damaged' });
    const { message } = error as DataError;
    expect(message.startsWith(`${bad}: `), message).toBe(true);
    expect(verified).toMatchObject({ state: 'bad', message });
  });

  it('refuses an empty file', async () => {
    const { error, verified } = await refusal({}, 0);
    expect(error).toBeInstanceOf(DataError);
    expect(verified.state).toBe('bad');
  });

  it('refuses another number of images', async () => {
    const few = await file([1, 2, 3], 0);
    const load = imagenetSource([few], 4, 3);
    await expect(load).rejects.toMatchObject({
      code: 'data-mismatched',
      message: expect.stringContaining(few) as string,
    });
  });
});
