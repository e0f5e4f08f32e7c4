/** Every network trains on TensorFlow's kernels as it does on the cpu backend. */
import { describe, expect, test } from 'vitest';
import { distance, networks, trained } from '../../models/trained.js';
import { missing } from './setUp.js';

describe.skipIf(missing)('tensorflow', () => {
  test.each(networks)('$name $width', async (spec) => {
    const [fast, cpu] = [await trained('tensorflow', spec), await trained('cpu', spec)];
    expect(distance(fast.theta, cpu.theta)).toBeLessThan(1e-4);
    expect(distance(fast.state, cpu.state)).toBeLessThan(1e-4);
    expect(fast.loss / cpu.loss).toBeCloseTo(1, 3);
  });

  test('three steps give the same bits again', async () => {
    for (const spec of networks) {
      const [first, second] = [await trained('tensorflow', spec), await trained('tensorflow', spec)];
      expect(second).toEqual(first);
    }
  });
});
