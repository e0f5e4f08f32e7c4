import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gzipSync } from 'node:zlib';
import { DataError } from '../../src/data/errors.js';
import { gunzipIfPacked, idxSize, parseIdx } from '../../src/data/idx.js';
import { idxFile } from './scratch.js';

const image = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
  .chain((shape) =>
    fc
      .uint8Array({ minLength: shape[0] * shape[1] * shape[2], maxLength: shape[0] * shape[1] * shape[2] })
      .map((data) => ({ shape, data })),
  );

const read = (bytes: Uint8Array, shape: readonly number[]) =>
  parseIdx(gunzipIfPacked(bytes, 'file', idxSize(shape)), 'file', shape);

const mismatched = expect.objectContaining({ code: 'data-mismatched', exitCode: 2 }) as Error;

describe('idx', () => {
  it('round-trips, plain and gzipped', () => {
    fc.assert(
      fc.property(image, fc.boolean(), ({ shape, data }, packed) => {
        const file = idxFile(shape, data);
        expect([...read(packed ? gzipSync(file) : file, shape)]).toEqual([...data]);
      }),
    );
  });

  it('refuses a file cut off at any byte, plain or gzipped', () => {
    const shape = [2, 3, 4];
    const file = idxFile(
      shape,
      Uint8Array.from({ length: 24 }, (_, i) => i),
    );
    for (const whole of [file, gzipSync(file)]) {
      expect(read(whole, shape)).toHaveLength(24);
      for (let n = 0; n < whole.length; n++)
        expect(() => read(whole.subarray(0, n), shape), `cut to ${n}`).toThrow(DataError);
    }
  });

  it('refuses bytes too many', () => {
    const file = Buffer.concat([idxFile([3], Uint8Array.of(1, 2, 3)), Buffer.of(0)]);
    expect(() => read(file, [3])).toThrow(mismatched);
  });

  it('never throws anything but a DataError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          expect(read(bytes, [4])).toHaveLength(4);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
    );
  });

  it('tells labels from images, and one split from another', () => {
    const labels = idxFile([3], Uint8Array.of(1, 2, 3));
    expect(() => read(labels, [3, 2, 2])).toThrow(mismatched);
    expect(() => read(idxFile([3, 2, 2], new Uint8Array(12)), [3])).toThrow(mismatched);
    expect(() => read(labels, [4])).toThrow(mismatched);
  });

  it('refuses a wrong magic number', () => {
    const file = idxFile([3], Uint8Array.of(1, 2, 3));
    file[2] = 0x0d;
    expect(() => read(file, [3])).toThrow(mismatched);
  });

  it('does not unpack more than the file may hold', () => {
    expect(() => gunzipIfPacked(gzipSync(new Uint8Array(10_000_000)), 'bomb.gz', 100)).toThrow(
      expect.objectContaining({ code: 'data-damaged' }),
    );
  });
});
