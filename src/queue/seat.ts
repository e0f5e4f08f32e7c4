/** A place where a worker trains one cell at a time, in a process of its own that may crash without harm. */
import { startPatiently } from '../sweep/pool.js';
import { WorkerFailure, type WorkerHandle } from '../sweep/workerProcess.js';
import type { WorkerSetup } from '../sweep/protocol.js';
import type { SweepSpec } from './payload.js';
import { Unfit, type ServedSweep } from './sweepAtWorker.js';

export interface Seat {
  /** A process ready for the sweep's cells; the last one's if it is. @throws Unfit */
  worker(sweep: ServedSweep): Promise<WorkerHandle>;
  /** Lets the current process keep a checkpoint and exit. */
  stop(): Promise<void>;
  kill(): void;
}

/** Folders of a worker's own, for what its processes keep. */
export interface Folders {
  readonly checkpoints: string;
  readonly weights: string;
}

/** @param slot its place among those of this worker, from 0 */
export function seatIn(folders: Folders, dataDir: string | undefined, slot = 0): Seat {
  let current: { readonly sweep: string; readonly handle: WorkerHandle } | undefined;
  return {
    async worker(sweep) {
      if (current?.handle.alive && current.sweep === sweep.name) return current.handle;
      await current?.handle.stop();
      current = undefined;
      const { dataset, backend, threads, policy, keepWeights } = sweep.spec;
      const { checkpoints, weights } = folders;
      const setup = {
        dataset,
        dataDir,
        backend,
        threads,
        slot,
        checkpoints,
        policy,
        ...(keepWeights ? { weights } : {}),
      };
      current = { sweep: sweep.name, handle: await start(setup, sweep.spec) };
      return current.handle;
    },
    stop: async () => current?.handle.stop(),
    kill() {
      // It counts as alive until it is buried: the next cell must not be given to it.
      current?.handle.kill();
      current = undefined;
    },
  };
}

async function start(setup: WorkerSetup, { limits, fingerprint }: SweepSpec): Promise<WorkerHandle> {
  try {
    return (await startPatiently({ setup, limits, fingerprint }))!;
  } catch (error) {
    if (!(error instanceof WorkerFailure)) throw error;
    // No cell's fault, and it would fail for each. In good order (no backend, no data) it does so for good.
    throw new Unfit(
      `no process for its cells could be started here: ${error.message}`,
      error.kind !== 'setup',
    );
  }
}
