/** A queue's events as an executor's: which cell is where, and how far. Only for the display: results do not depend on it. */
import type { QueueEvents } from 'bullmq';
import type { Job } from '../experiment/plan.js';
import type { ExecutionEvents } from '../runner/index.js';
import { beatSchema } from '../experiment/record.js';
import { cellIdOf } from './payload.js';

/** Follows cells in training; `free` gives the slot that a cell had, for another cell. */
export function watchCells(
  stream: QueueEvents,
  outstanding: ReadonlyMap<string, Job>,
  events: ExecutionEvents,
  ring: () => void,
): { free(cellId: string): number } {
  const slots = new Map<string, number>();
  const starts = new Map<string, number>();
  const slotFor = (cellId: string): number | undefined => {
    const job = outstanding.get(cellId);
    if (!job) return undefined;
    const known = slots.get(cellId);
    if (known !== undefined) return known;
    const taken = new Set(slots.values());
    let slot = 0;
    while (taken.has(slot)) slot++;
    slots.set(cellId, slot);
    const attempt = (starts.get(cellId) ?? 0) + 1;
    starts.set(cellId, attempt);
    events.onStart?.(slot, job, attempt);
    return slot;
  };
  stream.on('active', ({ jobId }) => void slotFor(cellIdOf(jobId)));
  stream.on('waiting', ({ jobId }) => void slots.delete(cellIdOf(jobId)));
  stream.on('delayed', ({ jobId }) => void slots.delete(cellIdOf(jobId)));
  stream.on('progress', ({ jobId, data }) => {
    const cellId = cellIdOf(jobId);
    const parsed = beatSchema.safeParse(data);
    const slot = parsed.success ? slotFor(cellId) : undefined;
    if (slot !== undefined) events.onBeat?.(slot, outstanding.get(cellId)!, parsed.data!);
  });
  stream.on('stalled', ({ jobId }) => {
    const cellId = cellIdOf(jobId);
    slots.delete(cellId);
    const job = outstanding.get(cellId);
    if (job)
      events.onNotice?.(`The worker of cell ${cellId} (${job.label}) was lost; another takes it over.`);
  });
  stream.on('paused', () =>
    events.onNotice?.('The queue is paused: workers take no more cells of this sweep.'),
  );
  stream.on('resumed', () => events.onNotice?.('The queue is resumed.'));
  for (const event of ['completed', 'failed'] as const) stream.on(event, ring);
  return {
    free(cellId) {
      const slot = slots.get(cellId) ?? 0;
      slots.delete(cellId);
      starts.delete(cellId);
      return slot;
    },
  };
}
