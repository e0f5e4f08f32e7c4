/** How many workers there are if nobody says so. */
import { expect, it } from 'vitest';
import { defaultWorkers, workersOnCpu } from '../../src/runner/defaultWorkers.js';

it.each([
  [1, 8, 8],
  [3, 8, 2],
  [16, 8, 1],
])('workers of %i threads on %i processors: %i', (threads, cpus, expected) => {
  expect(workersOnCpu(threads, cpus)).toBe(expected);
});

it('is one with webgpu, and as many as fill the CPU with what computes there', () => {
  expect(defaultWorkers('webgpu', 1)).toBe(1);
  for (const identity of ['onednn', 'wasm', 'cpu', 'tensorflow', 'auto'])
    expect(defaultWorkers(identity, 1)).toBe(workersOnCpu(1));
});
