/** The decay recorder reads every step of a backend that gives no value at once, and finds what it finds on others. */
import { describe, expect, test } from 'vitest';
import { whyNoDevice } from './softwareDevice.js';
import { useBackend, type BackendName } from '../../../src/backends/index.js';
import type { DecayBucket } from '../../../src/experiment/record.js';
import type { Cell } from '../../../src/experiment/cell.js';
import { train } from '../../../src/train/train.js';
import { cell, tiny } from '../../train/tiny.js';

async function recorded(backend: BackendName, optimizer: Partial<Cell['optimizer']>) {
  await useBackend(backend);
  const of = cell({ optimizer, recordDecay: true, wd: 0.03 });
  const { status, decay } = await train(of, tiny);
  expect(status).toBe('ok');
  return decay!;
}

const relative = (a: number, b: number) =>
  a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));

/** The largest relative distance of two buckets' values. */
const distance = (here: readonly DecayBucket[], there: readonly DecayBucket[]) =>
  Math.max(
    ...here.flatMap(({ gradient, relativeDecay }, i) => [
      relative(gradient, there[i]!.gradient),
      relative(relativeDecay, there[i]!.relativeDecay),
    ]),
  );

describe.skipIf(whyNoDevice)(`train.recordDecay ${whyNoDevice ?? ''}`, () => {
  // Each needs another of the optimizer's vectors: Adam's second moment, none, none, the first moment.
  test.each([
    { name: 'adam' },
    { name: 'adamw' },
    { name: 'sgd' },
    { name: 'adam', placement: 'cautious' },
  ] as const)('%o gives the buckets that it gives on cpu', async (optimizer) => {
    const expected = await recorded('cpu', optimizer);
    const found = await recorded('webgpu', optimizer);
    expect(expected.length).toBe(24);
    expect(found.map(({ count }) => count)).toEqual(expected.map(({ count }) => count));
    expect(distance(found, expected)).toBeLessThan(1e-3);
  });
});
