/**
 * Worker processes that start while this process loads the data, since the two take about as long. They only save time:
 * a slot takes over those that have become ready, and starts the others as if nothing had happened.
 */
import { readFile, stat } from 'node:fs/promises';
import type { WorkerSetup } from './protocol.js';
import type { EarlyWorker } from './slot.js';
import { endEarly, startWithRetries } from './slot.js';
import type { Limits } from './workerLink.js';

export interface EarlyWorkers {
  start(count: number, setup: WorkerSetup, limits: Limits): void;
  /** That of a slot, for its next owner; undefined where there is none. */
  take(slot: number): EarlyWorker | undefined;
  /** Ends all that nobody has taken. */
  end(): Promise<void>;
}

/** @param signal aborts: those that are not ready yet end */
export function earlyWorkers(signal: AbortSignal): EarlyWorkers {
  const waiting = new Map<number, EarlyWorker>();
  return {
    start(count, setup, limits) {
      for (let slot = 0; slot < count; slot++)
        waiting.set(slot, startEarly({ ...setup, slot }, limits, signal));
    },
    take(slot) {
      const early = waiting.get(slot);
      waiting.delete(slot);
      return early;
    },
    async end() {
      await Promise.all([...waiting.values()].map(endEarly));
      waiting.clear();
    },
  };
}

function startEarly(setup: WorkerSetup, limits: Limits, signal: AbortSignal): EarlyWorker {
  const cancelled = new AbortController();
  const ready = startWithRetries({ setup, limits }, AbortSignal.any([signal, cancelled.signal]));
  // A slot that takes it over learns of its failure. If none does, the failure does not matter.
  ready.catch(() => undefined);
  return { ready, cancel: () => cancelled.abort() };
}

/** A larger journal takes longer to read than a worker to start, bytes. */
const largest = 16 * 2 ** 20;

/** How many cells the journal at least lacks, by its lines; 0 for a large one, which is not read for that. */
export async function surelyMissing(journal: string, cells: number): Promise<number> {
  const size = await stat(journal).then(
    (found) => found.size,
    () => 0,
  );
  if (size === 0) return cells;
  if (size > largest) return 0;
  const bytes = await readFile(journal);
  let lines = 0;
  for (let at = bytes.indexOf('\n'); at >= 0; at = bytes.indexOf('\n', at + 1)) lines++;
  return Math.max(0, cells - lines);
}
