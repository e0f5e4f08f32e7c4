import { expect, it } from 'vitest';
import { DEFAULT_LABELS, optimizerLabel } from '../../src/experiment/labels.js';
import { optimizerSchema } from '../../src/experiment/specs.js';

it('every optimizer has a label of its own, unless the configuration gives one', () => {
  const names = optimizerSchema.shape.name.options;
  expect(names.map((name) => optimizerLabel({ name }))).toEqual(names.map((name) => DEFAULT_LABELS[name]));
  expect(new Set(Object.values(DEFAULT_LABELS)).size).toBe(names.length);
  expect(optimizerLabel({ name: 'adam', label: 'mine' })).toBe('mine');
});
