import { expect, it } from 'vitest';
import { nextStep, waitBeforeStart } from '../../src/runner/retry.js';

it('tries a failed cell again until its retries are used up', () => {
  const next = [1, 2, 3].map((attempt) => nextStep({ kind: 'crash' }, attempt, 2, false));
  expect(next).toEqual(['retry', 'retry', 'failed']);
  expect(nextStep({ kind: 'error' }, 1, 0, false)).toBe('failed');
});

it('never tries again what took too long, and blames no cell for a stop', () => {
  expect(nextStep({ kind: 'timeout' }, 1, 9, false)).toBe('timeout');
  expect(nextStep({ kind: 'stopped' }, 9, 0, false)).toBe('stopped');
  for (const kind of ['timeout', 'crash', 'memory'] as const)
    expect(nextStep({ kind }, 9, 0, true)).toBe('stopped');
});

it('never tries again what is too large for the device, and gives a failed device another chance', () => {
  expect(nextStep({ kind: 'model' }, 1, 9, false)).toBe('failed');
  expect(nextStep({ kind: 'device' }, 1, 1, false)).toBe('retry');
  expect(nextStep({ kind: 'device' }, 2, 1, false)).toBe('failed');
  for (const kind of ['model', 'device'] as const) expect(nextStep({ kind }, 1, 9, true)).toBe('stopped');
});

it('starts a worker that dies three times at once, one that is killed ten times with growing waits', () => {
  const waits = (killed: boolean) =>
    Array.from({ length: 11 }, (_, i) => waitBeforeStart({ kind: 'crash', killed }, i + 1));
  expect(waits(false).filter((wait) => wait !== undefined)).toEqual([0, 0]);
  expect(waits(true)).toEqual([200, 400, 800, 1600, 2000, 2000, 2000, 2000, 2000, undefined, undefined]);
  expect(waitBeforeStart({ kind: 'setup', killed: false }, 1)).toBeUndefined();
});
