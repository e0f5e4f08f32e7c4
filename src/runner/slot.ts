/** A place for one worker process at a time, which trains one cell at a time. The local pool and queue workers use it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerSetup } from './protocol.js';
import { waitBeforeStart } from './retry.js';
import { WorkerFailure, type Limits } from './workerLink.js';
import { startWorker, type StartedWorker, type WorkerHandle } from './workerProcess.js';

/** What a worker process is started with. */
export interface WorkerStart {
  readonly setup: WorkerSetup;
  readonly limits: Limits;
}

export interface WorkerOptions extends WorkerStart {
  /** Of the data; a worker that finds other data is not used. */
  readonly fingerprint: string;
}

/** A worker process that was started before its slot asked for one. */
export interface EarlyWorker {
  /** Undefined where it was ended first. Rejects as `startWithRetries` does. */
  readonly ready: Promise<StartedWorker | undefined>;
  /** Ends it, unless it is ready. */
  cancel(): void;
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
 * @param early is taken for the first worker, if it becomes ready; it was started with the options that are asked for
 */
export function workerSlot(signal: AbortSignal, number: number, early?: EarlyWorker): WorkerSlot {
  let waiting = early;
  let current: { readonly startedWith: string; readonly handle: WorkerHandle } | undefined;
  const stopCurrent = async () => current?.handle.stop();
  const stop = async () => {
    const unused = waiting;
    waiting = undefined;
    await Promise.all([stopCurrent(), unused && endEarly(unused)]);
  };
  signal.addEventListener('abort', () => void stop(), { once: true });
  return {
    stop,
    async worker(options) {
      const startedWith = JSON.stringify(options);
      if (!current?.handle.alive || current.startedWith !== startedWith) {
        await stopCurrent();
        current = undefined;
        const setup = { ...options.setup, slot: number };
        const taken = waiting;
        waiting = undefined;
        const first = taken && (await takeOver(taken, options.fingerprint, signal));
        const handle = first ?? (await startWithRetries({ ...options, setup }, signal));
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

/** Ends a worker that was started early and that nobody uses. */
export async function endEarly({ ready, cancel }: EarlyWorker): Promise<void> {
  cancel();
  const worker = await ready.catch(() => undefined);
  await worker?.stop();
}

/**
 * The worker that was started early, if it can be used; undefined where another one is to be started.
 * @throws WorkerFailure where it died, again and again: another one would, too
 */
async function takeOver(
  { ready, cancel }: EarlyWorker,
  fingerprint: string,
  signal: AbortSignal,
): Promise<WorkerHandle | undefined> {
  signal.addEventListener('abort', cancel);
  try {
    const worker = await ready;
    if (worker?.fingerprint === fingerprint) return worker;
    worker?.kill();
  } catch (error) {
    // The data may have been downloaded since. If not, the next one says so.
    if (!(error instanceof WorkerFailure) || error.kind !== 'setup') throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
  return undefined;
}

/**
 * Starts a worker, again where it dies; undefined where the signal comes first.
 * @throws WorkerFailure of the last start
 */
export async function startWithRetries(
  { setup, limits, fingerprint }: WorkerStart & Partial<WorkerOptions>,
  signal: AbortSignal,
): Promise<StartedWorker | undefined> {
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
