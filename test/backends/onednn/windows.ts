/** Windows that move over images, of every size, stride and padding: what convolution and pooling are tried on. */
import fc from 'fast-check';
import { channels } from './both.js';

/** How often a property is tried. */
export const runs = { numRuns: 40 };

export const windows = fc
  .record({
    n: fc.integer({ min: 1, max: 3 }),
    h: fc.integer({ min: 1, max: 9 }),
    w: fc.integer({ min: 1, max: 20 }),
    ci: channels,
    co: channels,
    kh: fc.integer({ min: 1, max: 5 }),
    kw: fc.integer({ min: 1, max: 5 }),
    strides: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
    pad: fc.constantFrom<'same' | 'valid' | number | 'explicit'>('same', 'valid', 0, 1, 2, 'explicit'),
    relu: fc.boolean(),
    bias: fc.boolean(),
  })
  .filter(({ h, w, kh, kw, pad }) => pad === 'same' || (kh <= h && kw <= w))
  // tfjs takes a padding in pixels for square filters and strides only: it computes the width with the height's.
  .map((shape) =>
    typeof shape.pad === 'number'
      ? {
          ...shape,
          w: Math.max(shape.w, shape.kh),
          kw: shape.kh,
          strides: [shape.strides[0], shape.strides[0]] as [number, number],
        }
      : shape,
  );
