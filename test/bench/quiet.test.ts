import { expect, test, vi } from 'vitest';
import { whenQuiet } from '../../bench/speed/quiet.js';

/** Measures these peaks, one after the other, the last one for ever. */
function peaks(...values: number[]) {
  const pause = vi.fn(() => Promise.resolve());
  const measure = () => Promise.resolve(values.length > 1 ? values.shift()! : values[0]!);
  return { peak: whenQuiet(measure, pause), pause };
}

test('a round waits while the peak is far below the highest so far', async () => {
  const { peak, pause } = peaks(230, 140, 150, 215, 240);
  expect([await peak(2), await peak(2), await peak(2)]).toEqual([230, 215, 240]);
  expect(pause).toHaveBeenCalledTimes(2);
});

test('a machine that stays slow is measured as it is, in the end', async () => {
  const { peak, pause } = peaks(230, 100);
  expect([await peak(2), await peak(2)]).toEqual([230, 100]);
  expect(pause).toHaveBeenCalledTimes(19);
});
