/** A user's own images against Pillow: decoded, converted, resized. Fixture: test/fixtures/own-images/make.py. */
import { encode } from 'fast-png';
import fc from 'fast-check';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FilesSha256 } from '../../src/data/own/content.js';
import { imagesContent, ownImages } from '../../src/data/own/images.js';
import { decodeJpeg } from '../../src/data/own/jpeg.js';
import { inChannels, onBackground, type Picture } from '../../src/data/own/picture.js';
import { decodePng } from '../../src/data/own/png.js';
import { readImages } from '../../src/data/own/read.js';
import { resized } from '../../src/data/own/resize.js';
import { ownImagesSchema } from '../../src/experiment/ownImages.js';
import { darkAndLight, png, writeTree } from '../cli/ownImages.js';
import { scratch } from './scratch.js';

interface Fixture {
  readonly images: readonly {
    readonly name: string;
    readonly file: string;
    readonly width: number;
    readonly height: number;
    readonly mode: 'L' | 'LA' | 'RGB' | 'RGBA';
    readonly pixels: string;
  }[];
  readonly resized: readonly {
    readonly channels: 1 | 3;
    readonly height: number;
    readonly width: number;
    readonly pixels: string;
  }[];
  readonly grey: string;
  readonly cmyk: string;
}

const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/own-images/images.json', import.meta.url), 'utf8'),
) as Fixture;
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const named = (name: string) => fixture.images.find((image) => image.name === name)!;
const distances = (a: Uint8Array, b: Uint8Array) => {
  expect(a.length).toBe(b.length);
  return Array.from(a, (value, i) => Math.abs(value - b[i]!));
};

/** Pixels as Pillow gives them: with the alpha after the colours, where the mode has one. */
function asMode({ channels, pixels, alpha, width, height }: Picture, withAlpha: boolean): Uint8Array {
  if (!withAlpha) return pixels;
  const n = width * height;
  return Uint8Array.from({ length: n * (channels + 1) }, (_, i) => {
    const [p, c] = [Math.floor(i / (channels + 1)), i % (channels + 1)];
    return c === channels ? (alpha?.[p] ?? 255) : pixels[p * channels + c]!;
  });
}

describe('PNG', () => {
  it.each(fixture.images.filter(({ name }) => !name.startsWith('jpeg')).map((image) => [image.name, image]))(
    'is decoded as Pillow does: %s',
    (_name, { file, width, height, mode, pixels }) => {
      const picture = decodePng(bytesOf(file));
      expect(picture).toMatchObject({ width, height, channels: mode.startsWith('L') ? 1 : 3 });
      const found = asMode(picture, mode.endsWith('A'));
      expect([...found]).toEqual([...bytesOf(pixels)]);
      expect(picture.alpha !== undefined).toBe(mode.endsWith('A'));
    },
  );

  it('of any size and depth gives back what was written', () => {
    const size = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(
        size,
        size,
        fc.constantFrom(8, 16),
        fc.constantFrom(1, 3),
        (width, height, depth, channels) => {
          const n = width * height * channels;
          const values = Array.from({ length: n }, (_, i) => (i * 7919) % 256);
          const data =
            depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values, (value) => value * 257);
          const file = encode({ width, height, depth, channels, data });
          expect([...decodePng(file).pixels]).toEqual(values);
        },
      ),
    );
  });

  it('that is cut off or has a wrong byte is refused, or decoded as it was', () => {
    const whole = bytesOf(named('rgb').file);
    const good = [...decodePng(whole).pixels];
    for (let cut = 0; cut < whole.length; cut++)
      expect(() => decodePng(whole.subarray(0, cut)), `cut to ${cut}`).toThrow();
    for (let at = 0; at < whole.length; at++) {
      const changed = Uint8Array.from(whole, (byte, i) => (i === at ? byte ^ 0x11 : byte));
      let pixels: number[] = good;
      try {
        pixels = [...decodePng(changed).pixels];
      } catch {
        // As it should.
      }
      expect(pixels, `byte ${at}`).toEqual(good);
    }
  });
});

describe('JPEG', () => {
  // Two decoders may round differently: the standard allows 1 for each coefficient. Pillow smooths colours that are
  // stored at half the resolution, jpeg-js repeats them.
  it.each([
    ['jpeg-grey', 2, 2],
    ['jpeg-444', 4, 4],
    ['jpeg-progressive', 4, 4],
  ])('is decoded as Pillow does: %s', (name, most, mean) => {
    const { file, width, height, pixels, mode } = named(name);
    const picture = decodeJpeg(bytesOf(file));
    expect(picture).toMatchObject({ width, height, channels: mode === 'L' ? 1 : 3 });
    const apart = distances(picture.pixels, bytesOf(pixels));
    expect(Math.max(...apart)).toBeLessThanOrEqual(most);
    expect(apart.reduce((a, b) => a + b, 0) / apart.length).toBeLessThan(mean / 4);
  });

  it('with colours at half the resolution has the same luma', () => {
    const { file, pixels, width, height } = named('jpeg-420');
    const ours = inChannels(decodeJpeg(bytesOf(file)), 1).pixels;
    const theirs = inChannels({ width, height, channels: 3, pixels: bytesOf(pixels) }, 1).pixels;
    const apart = distances(ours, theirs);
    expect(apart.reduce((a, b) => a + b, 0) / apart.length).toBeLessThan(3);
  });

  it('that is cut off anywhere is refused', () => {
    const whole = bytesOf(named('jpeg-444').file);
    for (let cut = 0; cut < whole.length - 1; cut++)
      expect(() => decodeJpeg(whole.subarray(0, cut)), `cut to ${cut}`).toThrow();
  });

  it('in CMYK is refused', () => {
    expect(() => decodeJpeg(bytesOf(fixture.cmyk))).toThrow(/4 components/);
  });
});

describe('an image', () => {
  const source = (channels: 1 | 3) => decodePng(bytesOf(named(channels === 1 ? 'grey' : 'rgb').file));

  it.each(fixture.resized.map((one) => [`${one.height}x${one.width}x${one.channels}`, one]))(
    'is resized as Pillow does: %s',
    (_name, { channels, height, width, pixels }) => {
      const apart = distances(resized(source(channels), height, width).pixels, bytesOf(pixels));
      // Pillow rounds between its two passes.
      expect(Math.max(...apart)).toBeLessThanOrEqual(1);
      // One pixel alone has no mean to speak of.
      if (height > 1) expect(apart.reduce((a, b) => a + b, 0) / apart.length).toBeLessThan(0.25);
    },
  );

  it('becomes grey as Pillow does', () => {
    expect(
      Math.max(...distances(inChannels(source(3), 1).pixels, bytesOf(fixture.grey))),
    ).toBeLessThanOrEqual(1);
  });

  it('of one colour stays so, in any size', () => {
    const side = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(side, side, side, side, fc.nat(255), (h, w, height, width, value) => {
        const picture = {
          width: w,
          height: h,
          channels: 1 as const,
          pixels: new Uint8Array(h * w).fill(value),
        };
        expect(new Set(resized(picture, height, width).pixels)).toEqual(new Set([value]));
      }),
    );
  });

  it('shows its background in proportion to how transparent it is', () => {
    const picture = {
      width: 3,
      height: 1,
      channels: 1 as const,
      pixels: Uint8Array.of(100, 100, 100),
      alpha: Uint8Array.of(255, 51, 0),
    };
    expect([...onBackground(picture, 255).pixels]).toEqual([100, 224, 255]);
    expect([...onBackground(picture, 0).pixels]).toEqual([100, 20, 0]);
  });
});

describe('the fingerprint of files', () => {
  const of = (...files: [string, number[]][]) => {
    const hash = new FilesSha256();
    for (const [name, bytes] of files) hash.add(name, Uint8Array.from(bytes));
    return hash.digest();
  };
  const base = of(['a/1.png', [1, 2]], ['b/1.png', [3]]);

  it.each<[string, string]>([
    ['a byte', of(['a/1.png', [1, 3]], ['b/1.png', [3]])],
    ['a name', of(['a/2.png', [1, 2]], ['b/1.png', [3]])],
    ['a label', of(['a/1.png', [1, 2]], ['a/1.png', [3]])],
    ['where one file ends', of(['a/1.png', [1]], ['b/1.png', [2, 3]])],
    ['one file less', of(['a/1.png', [1, 2]])],
  ])('changes with %s', (_what, other) => {
    expect(other).not.toBe(base);
  });

  it('is the same for names that are composed differently', () => {
    expect(of(['\u00e9/1.png', [1]])).toBe(of(['e\u0301/1.png', [1]]));
  });
});

describe('images that a process looked at before', () => {
  it('are read again where they may have changed since', async () => {
    const root = writeTree(scratch(), darkAndLight(5));
    const spec = ownImagesSchema.parse({ name: 'images', path: root });
    const dataDir = scratch();
    const before = await imagesContent(spec, { dataDir });
    writeTree(root, { 'dark/0.png': png(77) });
    const after = await imagesContent(spec, { dataDir });
    expect(after.sha256).not.toBe(before.sha256);
    expect((await ownImages({ ...spec, content: after }, { dataDir })).train.n).toBe(8);
    const changed = ownImages({ ...spec, content: before }, { dataDir });
    await expect(changed).rejects.toMatchObject({ code: 'data-changed' });
    // A worker that found other files does not go on to do so once they are restored.
    writeTree(root, darkAndLight(5));
    expect((await ownImages({ ...spec, content: before }, { dataDir })).train.n).toBe(8);
  });
});

describe('images whose decoding takes long', () => {
  const made = () => {
    const root = writeTree(scratch(), { ...darkAndLight(3, 'train/'), ...darkAndLight(1, 'test/') });
    const cache = join(scratch(), 'cache');
    const read = async (form = {}, slow = 0) => {
      let decoded = 0;
      const images = await readImages(root, form, { cache, slow, onProgress: () => decoded++ });
      return { decoded, images };
    };
    return { root, cache, read };
  };

  it('are decoded once, and again if the files or the settings change, or what was kept is damaged', async () => {
    const { root, cache, read } = made();
    const first = await read();
    expect(first.decoded).toBe(8);
    expect(await read()).toEqual({ decoded: 0, images: first.images });
    expect((await read({ size: 3 })).decoded).toBe(8);
    const kept = readdirSync(cache);
    expect(kept).toHaveLength(2);
    for (const name of kept) {
      const bytes = readFileSync(join(cache, name));
      writeFileSync(join(cache, name), bytes.fill(bytes.at(-1)! ^ 1, bytes.length - 1));
    }
    expect(await read()).toEqual(first);
    writeTree(root, { 'test/dark/0.png': png(77) });
    const changed = await read();
    expect(changed.decoded).toBe(8);
    expect(changed.images.sha256).not.toBe(first.images.sha256);
  });

  it('are used although nothing can be kept, and fast ones are not kept', async () => {
    const { root, cache, read } = made();
    const file = join(scratch(), 'file');
    writeFileSync(file, 'in the way');
    const images = await readImages(root, {}, { cache: join(file, 'cache'), slow: 0 });
    expect(images.train.labels).toHaveLength(6);
    await read({}, 600_000);
    expect(existsSync(cache)).toBe(false);
  });
});
