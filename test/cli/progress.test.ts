/** What the displays say of a sweep before it begins. */
import { expect, it, vi } from 'vitest';
import { progressDisplay, type ProgressStyle } from '../../src/cli/progress.js';
import type { SweepPlan } from '../../src/runner/index.js';
import { cellOf } from '../runner/records.js';

const jobs = [0, 1].map((seed) => ({ cell: cellOf({ seed }), label: 'AdamW' }));
const plan = (changes: Partial<SweepPlan>): SweepPlan => ({
  jobs,
  missing: jobs,
  kept: [],
  backend: { name: 'cpu', available: true },
  workers: 1,
  ...changes,
});

function shown(style: ProgressStyle, changes: Partial<SweepPlan>): string {
  const stream = style === 'json' ? process.stdout : process.stderr;
  const spy = vi.spyOn(stream, 'write').mockReturnValue(true);
  try {
    progressDisplay(style).onPlan?.(plan(changes));
    return spy.mock.calls.map(([text]) => String(text)).join('');
  } finally {
    spy.mockRestore();
  }
}

it.each([
  [{ workers: 1 }, '2 cells; 2 to train on 1 worker; backend cpu\n'],
  [{ workers: 3 }, '2 cells; 2 to train on 3 workers; backend cpu\n'],
  // Over a queue they are anywhere, and come and go.
  [{ workers: null }, "2 cells; 2 to train on the queue's workers; backend cpu\n"],
  [{ workers: null, missing: [] }, '2 cells, 2 there already; 0 to train; backend cpu\n'],
])('a line: %j', (changes, line) => {
  expect(shown('lines', changes)).toBe(line);
});

it('an event for programs, without a number where there is none', () => {
  expect(JSON.parse(shown('json', { workers: null }))).toEqual({
    event: 'plan',
    cells: 2,
    missing: 2,
    workers: null,
    backend: 'cpu',
  });
});
