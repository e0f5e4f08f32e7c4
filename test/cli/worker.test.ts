import { expect, it } from 'vitest';
import { idleSummary } from '../../src/cli/actions/worker.js';

it('a worker that leaves says for what, and how many cells it has trained', () => {
  const left = (trained: string) =>
    `No cell for 10m 0s (--idle-exit): this worker ends. It trained ${trained}.`;
  expect(idleSummary(600, [])).toBe(left('0 cells'));
  expect(idleSummary(600, ['ok'])).toBe(left('1 cell'));
  expect(idleSummary(600, ['ok', 'failed', 'diverged', 'failed', 'lost'])).toBe(
    left('2 cells (besides: 2 failed, 1 lost)'),
  );
});
