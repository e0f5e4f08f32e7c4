/** What float32 can hold. */
import { expect, test } from 'vitest';
import { fitsFloat32 } from '../../src/experiment/float32.js';

/** The smallest float32 above 0, and the largest. */
const SMALLEST = 2 ** -149;
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

test.each([0, -0, 1, -1e-3, 1e-8, 1e-45, SMALLEST, -SMALLEST, LARGEST, -LARGEST])('%d fits', (value) => {
  expect(fitsFloat32(value)).toBe(true);
});

test.each([1e-50, 1e-46, SMALLEST / 2, 1e300, 1e39, -1e39, Infinity, -Infinity, NaN])(
  '%d does not fit',
  (value) => {
    expect(fitsFloat32(value)).toBe(false);
  },
);
