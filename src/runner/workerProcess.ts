/** One worker process: started, set up, and given cells. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tooManyFiles } from '../files/openFiles.js';
import { sentenceFor } from '../files/problem.js';
import type { Job } from '../experiment/plan.js';
import type { RunRecord } from '../experiment/record.js';
import type { WorkerSetup } from './protocol.js';
import { WorkerFailure, WorkerLink, type Limits, type WorkerEvents } from './workerLink.js';

export interface WorkerHandle {
  readonly pid: number | undefined;
  /** Whether it can be given a cell. */
  readonly alive: boolean;
  /** @throws WorkerFailure */
  train(job: Job, attempt: number, events: WorkerEvents): Promise<RunRecord>;
  /** Lets it keep a checkpoint and exit; resolves when it has. One that does not is killed. */
  stop(): Promise<void>;
  kill(): void;
}

export interface StartedWorker extends WorkerHandle {
  /** Of the data that it has loaded. */
  readonly fingerprint: string;
}

const entry = new URL('./workerStart.js', import.meta.url);

/** Loading a backend and data says nothing for a while, however short `--hang-timeout` is; seconds. */
const longestSetup = 600;

/**
 * Starts a worker and waits until its backend and data are ready.
 * @param fingerprint of the data that it must find; undefined where that is not known yet
 * @param signal ends a worker that is not ready yet: it has nothing to keep
 * @throws WorkerFailure where it cannot be set up: `setup` where trying again is no use
 */
export async function startWorker(
  setup: WorkerSetup,
  limits: Limits,
  fingerprint: string | undefined,
  signal?: AbortSignal,
): Promise<StartedWorker> {
  const child = fork(entry, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  if (child.pid === undefined) throw await startFailure(child);
  const link = new WorkerLink(child, limits);
  signal?.addEventListener('abort', link.kill);
  let found: string;
  try {
    const silence = limits.hang && Math.max(limits.hang, longestSetup);
    const ready = await link.ask({ type: 'setup', setup }, { timeout: 0, silence, events: {} });
    found = ready.type === 'ready' ? ready.fingerprint : '';
    if (fingerprint !== undefined && found !== fingerprint) {
      throw new WorkerFailure('the data set changed on disk while the sweep was running', 'setup');
    }
  } catch (error) {
    link.kill();
    const { message, kind, killed } = error as WorkerFailure;
    throw new WorkerFailure(message, kind === 'error' || kind === 'model' ? 'setup' : kind, killed);
  } finally {
    signal?.removeEventListener('abort', link.kill);
  }
  return {
    fingerprint: found,
    get pid() {
      return child.pid;
    },
    get alive() {
      return link.alive;
    },
    async train(job, attempt, events) {
      const { timeout, hang: silence } = limits;
      const answer = await link.ask({ type: 'train', job, attempt }, { timeout, silence, events });
      if (answer.type !== 'record') throw new WorkerFailure('the sweep is stopping', 'stopped');
      return answer.record;
    },
    stop: () => link.stop(),
    kill: link.kill,
  };
}

/** Why the system has not started a worker. */
async function startFailure(child: ChildProcess): Promise<WorkerFailure> {
  const [error] = (await once(child, 'error')) as [Error];
  const why = (tooManyFiles(error)?.message ?? sentenceFor(process.execPath, error) ?? error.message).replace(
    /\.$/,
    '',
  );
  return new WorkerFailure(`its worker process could not be started: ${why}`, 'crash');
}
