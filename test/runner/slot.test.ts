/** What becomes of a worker that was started early, where its slot never needs it. */
import { expect, it } from 'vitest';
import { workerSlot, type EarlyWorker } from '../../src/runner/slot.js';
import type { StartedWorker } from '../../src/runner/workerProcess.js';

/** A worker that becomes ready, and notes how it ends. */
function early(): { worker: EarlyWorker; ends: string[] } {
  const ends: string[] = [];
  const started = { alive: true, fingerprint: 'f', stop: () => Promise.resolve(void ends.push('stopped')) };
  return {
    worker: {
      ready: Promise.resolve(started as unknown as StartedWorker),
      cancel: () => void ends.push('cancelled'),
    },
    ends,
  };
}

it('ends with the slot that took it and had no cell for it', async () => {
  const { worker, ends } = early();
  await workerSlot(new AbortController().signal, 0, worker).stop();
  expect(ends).toEqual(['cancelled', 'stopped']);
});

it('ends where the sweep stops before the first cell', async () => {
  const { worker, ends } = early();
  const stop = new AbortController();
  const slot = workerSlot(stop.signal, 0, worker);
  stop.abort();
  await slot.stop();
  expect(ends).toEqual(['cancelled', 'stopped']);
});
