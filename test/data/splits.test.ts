/** How many images of one's own each split has. */
import { expect, test } from 'vitest';
import { ownSizes } from '../../src/experiment/splits.js';

test.each([
  [undefined, { train: 100, validation: 7 }],
  [0.2, { train: 80, validation: 27 }],
  [30, { train: 70, validation: 37 }],
])('of 100 images, %s held back beside a validation folder of 7', (validation, sizes) => {
  expect(ownSizes({ validation }, { train: 100, validation: 7 })).toEqual(sizes);
});
