/** Bad arguments to the native functions: an error each time, never a crash, and no input written to. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadAddon, type Addon } from '../../../src/backends/onednn/addon.js';
import { built } from './both.js';

const detached = (): Float32Array => {
  const array = new Float32Array(16);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
};

const garbage: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, true, false, '', 'x', {}, [], Symbol.iterator, () => 0),
  fc.constantFrom<unknown>(
    NaN,
    Infinity,
    -Infinity,
    -1,
    0,
    1,
    2,
    3,
    4,
    0.5,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    -(2 ** 53),
    1e300,
  ),
  fc.constantFrom(0, 1, 2, 4, 15, 16).map((n) => new Float32Array(n)),
  fc.constantFrom(0, 1, 2, 4).map((n) => new Int32Array(n)),
  fc
    .array(fc.constantFrom(0, 1, 1, 2, 3, -1, 5, 2 ** 30, -(2 ** 31)), { minLength: 15, maxLength: 15 })
    .map((n) => Int32Array.from(n)),
  fc.constant(null).map(detached),
  fc.constant(new Float64Array(4)),
  fc.constant(new Uint8Array(16)),
  fc.constant(new ArrayBuffer(64)),
  fc.constant(new DataView(new ArrayBuffer(64))),
  fc.constant(new Float32Array(new SharedArrayBuffer(64))),
  fc.bigInt(),
);

const geometry = Int32Array.of(1, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 2, 2);

describe.skipIf(!built)('the border of the addon', () => {
  const addon = built ? loadAddon() : ({} as Addon);
  const names = Object.keys(addon) as (keyof Addon)[];

  test.each(names)('%s survives garbage', (name) => {
    const call = addon[name] as (...args: unknown[]) => unknown;
    fc.assert(
      fc.property(fc.array(garbage, { maxLength: 18 }), (args) => {
        try {
          call(...args);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          expect((error as Error).message).not.toBe('');
        }
      }),
      { numRuns: 500 },
    );
    addon.setThreads(1);
  });

  const x = () => new Float32Array(4).fill(1);
  test.each<[string, () => unknown, string | RegExp]>([
    ['a short array', () => addon.relu(new Float32Array(4), new Float32Array(3)), /1 \(y\).*\b3\b.*\b4\b/],
    ['a detached buffer', () => addon.relu(detached(), new Float32Array(16)), /\b0\b/],
    ['another dtype', () => addon.relu(new Int32Array(4) as never, x()), /0 \(x\).*Float32Array/],
    ['no array', () => addon.relu([1, 2] as never, x()), 'Float32Array'],
    [
      'a size of zero',
      () => addon.conv2d(Int32Array.from(geometry).fill(0, 0, 1), x(), x(), null, false, x()),
      /\b0\b.*\b0\b/,
    ],
    ['a wrong filter', () => addon.conv2d(geometry, x(), x(), null, false, x()), /2 \(filter\).*\b4\b.*\b1/],
    [
      'a huge shape',
      () => addon.matmul(1, 1, 2 ** 20, 2 ** 20, 1, false, false, x(), x(), null, false, x()),
      '2^31',
    ],
    ['unequal batches', () => addon.matmul(2, 3, 1, 1, 1, false, false, x(), x(), null, false, x()), /\b1\b/],
    ['fractions', () => addon.sum(1.5, 1, 1, 1, x(), x()), /whole/],
    [
      'pooling to other channels',
      () => addon.maxPool(Int32Array.from(geometry).fill(2, 6, 7), x(), new Float32Array(8)),
      /channels/,
    ],
  ])('says what is wrong with %s', (_what, call, message) => {
    expect(call).toThrow(message);
  });
});
