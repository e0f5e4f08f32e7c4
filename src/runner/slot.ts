/** A place for one worker process at a time, which trains one cell at a time. The local pool and queue workers use it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerSetup } from './protocol.js';
import { waitBeforeStart } from './retry.js';
import { WorkerFailure, type Limits } from './workerLink.js';
import { startWorker, type WorkerHandle } from './workerProcess.js';

/** All that a worker process is started with. */
export interface WorkerOptions {
  readonly setup: WorkerSetup;
  readonly limits: Limits;
  /** Of the data; a worker that finds other data is not used. */
  readonly fingerprint: string;
}

export interface WorkerSlot {
  /**
   * A process that is ready for a cell: the last one if it lives and was started with the same options, else a new one.
   * Undefined once the slot's signal has aborted.
   * @throws WorkerFailure where none can be started: `setup` where trying again is no use
   */
  worker(options: WorkerOptions): Promise<WorkerHandle | undefined>;
  /** Lets the process keep a checkpoint and exit; resolves when it has. */
  stop(): Promise<void>;
  kill(): void;
}

/**
 * @param signal aborts: the process is stopped, and none is started any more
 * @param number the slot's place among those of this machine, from 0: it decides which GPU its workers use
 */
export function workerSlot(signal: AbortSignal, number: number): WorkerSlot {
  let current: { readonly startedWith: string; readonly handle: WorkerHandle } | undefined;
  const stop = async () => current?.handle.stop();
  signal.addEventListener('abort', () => void stop(), { once: true });
  return {
    stop,
    async worker(options) {
      const startedWith = JSON.stringify(options);
      if (!current?.handle.alive || current.startedWith !== startedWith) {
        await stop();
        current = undefined;
        const setup = { ...options.setup, slot: number };
        const handle = await startWithRetries({ ...options, setup }, signal);
        current = handle && { startedWith, handle };
      }
      if (!signal.aborted) return current?.handle;
      void stop();
      return undefined;
    },
    kill() {
      // It counts as alive until it has exited: the next cell must not be given to it.
      current?.handle.kill();
      current = undefined;
    },
  };
}

/** Starts a worker, again where it dies; undefined where the signal comes first. @throws WorkerFailure of the last start */
async function startWithRetries(
  { setup, limits, fingerprint }: WorkerOptions,
  signal: AbortSignal,
): Promise<WorkerHandle | undefined> {
  for (let died = 1; !signal.aborted; died++) {
    try {
      return await startWorker(setup, limits, fingerprint, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      const wait = error instanceof WorkerFailure ? waitBeforeStart(error, died) : undefined;
      if (wait === undefined) throw error;
      if (wait > 0) await sleep(wait, undefined, { signal }).catch(() => undefined);
    }
  }
  return undefined;
}
