import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  channelStatistics,
  fillBatch,
  standardisationTable,
  type BatchSource,
} from '../../src/data/batches.js';
import { stream, type Stream } from '../../src/random/stream.js';

/** n images of arbitrary bytes. */
function source(n: number, height: number, width: number, channels: number): BatchSource {
  const images = Uint8Array.from(
    { length: n * height * width * channels },
    (_, i) => (i * 37 + (i >> 3)) % 256,
  );
  const split = { images, labels: Uint8Array.from({ length: n }, (_, i) => i % 10), n };
  const table = standardisationTable(channelStatistics(split, channels));
  return { split, height, width, channels, table };
}

/** What a pixel must be, from the definition: pad the standardised image with zeros, crop, mirror. */
function expected(s: BatchSource, index: number, y: number, x: number, c: number): number {
  if (y < 0 || x < 0 || y >= s.height || x >= s.width) return 0;
  const byte = s.split.images[((index * s.height + y) * s.width + x) * s.channels + c]!;
  return s.table[256 * c + byte]!;
}

/** A stream that hands out given numbers. */
function scripted(integers: number[], uniforms: number[]): Stream {
  return { integer: () => integers.shift()!, uniform: () => uniforms.shift()!, normal: () => NaN };
}

describe('statistics', () => {
  it('are those of the definition', () => {
    const s = source(3, 4, 5, 3);
    const { mean, std } = channelStatistics(s.split, 3);
    for (const c of [0, 1, 2]) {
      const values = [...s.split.images].filter((_, i) => i % 3 === c).map((v) => v / 255);
      const m = values.reduce((a, b) => a + b) / values.length;
      expect(mean[c]).toBeCloseTo(m, 12);
      expect(std[c]).toBeCloseTo(Math.sqrt(values.reduce((a, v) => a + (v - m) ** 2, 0) / values.length), 12);
    }
  });

  it('of a constant channel give a finite table', () => {
    const table = standardisationTable({ mean: [0.5], std: [0] });
    expect(table[255]).toBeCloseTo(0.5);
  });
});

describe('a batch', () => {
  it('holds the standardised images and labels of its indices', () => {
    for (const channels of [1, 2, 3]) {
      const s = source(5, 4, 6, channels);
      const size = 24 * channels;
      const images = new Float32Array(3 * size).fill(NaN);
      const labels = new Int32Array(3);
      fillBatch(s, Int32Array.of(4, 0, 4), images, labels);
      expect([...labels]).toEqual([4, 0, 4]);
      [4, 0, 4].forEach((index, i) => {
        for (let p = 0; p < size; p++) {
          const [y, x] = [Math.floor(p / channels / 6), Math.floor(p / channels) % 6];
          expect(images[i * size + p]).toBe(expected(s, index, y, x, p % channels));
        }
      });
    }
  });

  it('pads with zeros after standardisation, crops and mirrors', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 3),
        fc.integer({ min: -7, max: 7 }),
        fc.integer({ min: -7, max: 7 }),
        fc.boolean(),
        (channels, dy, dx, mirrored) => {
          const s = source(2, 5, 4, channels);
          const images = new Float32Array(20 * channels).fill(NaN);
          const random = scripted([dy, dx], [mirrored ? 0.1 : 0.9]);
          fillBatch(s, Int32Array.of(1), images, new Int32Array(1), {
            change: { crop: 7, flip: true },
            random,
          });
          for (let p = 0; p < 20 * channels; p++) {
            const y = Math.floor(p / channels / 4) + dy;
            const x = (Math.floor(p / channels) % 4) + dx;
            const inside = x >= 0 && x < 4;
            const sx = mirrored && inside ? 3 - x : x;
            expect(images[p]).toBe(expected(s, 1, y, sx, p % channels));
          }
        },
      ),
    );
  });

  it('draws shifts of the whole range and mirrors about half', () => {
    const side = 9;
    // One bright pixel in the middle, moved by the crop; a brighter one beside it tells mirroring.
    const bytes = new Uint8Array(side * side);
    bytes[4 * side + 4] = 100;
    bytes[4 * side + 5] = 200;
    const table = Float32Array.from({ length: 256 }, (_, v) => v);
    const s = {
      split: { images: bytes, labels: Uint8Array.of(0), n: 1 },
      height: side,
      width: side,
      channels: 1,
      table,
    };
    const images = new Float32Array(400 * side * side);
    const change = { crop: 2, flip: true };
    fillBatch(s, new Int32Array(400), images, new Int32Array(400), { change, random: stream(1) });
    const places = new Set<number>();
    let flips = 0;
    for (let i = 0; i < 400; i++) {
      const image = images.subarray(i * side * side, (i + 1) * side * side);
      const at = image.indexOf(100);
      places.add(at);
      if (image[at - 1] === 200) flips++;
    }
    expect(places.size).toBe(25);
    expect(flips).toBeGreaterThan(150);
    expect(flips).toBeLessThan(250);
  });

  it('draws nothing without augmentation', () => {
    const s = source(2, 2, 2, 1);
    const change = { crop: 0, flip: false };
    const random = scripted([], []);
    const images = new Float32Array(4);
    fillBatch(s, Int32Array.of(0), images, new Int32Array(1), { change, random });
    expect(images.every(Number.isFinite)).toBe(true);
  });
});
