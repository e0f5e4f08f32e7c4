import { expect, it } from 'vitest';
import { optimizerLabel } from '../../src/experiment/labels.js';
import { PLACEMENTS } from '../../src/experiment/placement.js';
import { optimizerSchema } from '../../src/experiment/specs.js';

it('every optimizer has a label of its own, unless the configuration gives one', () => {
  expect(optimizerSchema.shape.name.options.map((name) => optimizerLabel({ name }))).toEqual([
    'Adam+L2',
    'AdamW',
    'SGD+L2',
    'SGDW',
  ]);
  expect(PLACEMENTS.map((placement) => optimizerLabel({ name: 'adam', placement }))).toEqual([
    'Adam+L2',
    'Adam, l2 in m',
    'Adam, l2 in v',
    'AdamW',
    'Adam, cautious decay',
    'Adam, no decay',
  ]);
  expect(optimizerLabel({ name: 'adam', label: 'mine' })).toBe('mine');
});
