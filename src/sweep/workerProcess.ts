/** The coordinator's side of one worker process. */
import { fork, type ChildProcess } from 'node:child_process';
import type { RunRecord } from '../train/record.js';
import type { Job } from './cells.js';
import type { Beat, FromWorker, ToWorker, WorkerSetup } from './protocol.js';

/** Why a cell did not get its record from a worker. */
export class WorkerFailure extends Error {
  constructor(
    message: string,
    readonly kind: 'crash' | 'error' | 'timeout' | 'memory' | 'stopped',
  ) {
    super(message);
    this.name = 'WorkerFailure';
  }
}

export interface Limits {
  /** Longest time for a cell, seconds; 0 for none. */
  readonly timeout: number;
  /** A worker silent for longer is hung and is killed, seconds; 0 for never. */
  readonly hang: number;
  /** Resident memory a worker may use, bytes; 0 for no limit. */
  readonly memory: number;
}

export interface WorkerEvents {
  onBeat?(beat: Beat): void;
  onNotice?(text: string): void;
}

export interface WorkerHandle {
  readonly pid: number | undefined;
  /** Whether it can be given a cell. */
  readonly alive: boolean;
  /** @throws WorkerFailure */
  train(job: Job, attempt: number, events: WorkerEvents): Promise<RunRecord>;
  /** Lets it keep a checkpoint and exit; resolves when it has. */
  stop(): Promise<void>;
  kill(): void;
}

const entry = new URL('./workerMain.js', import.meta.url);

/** What a pending request to a worker is waiting for. */
interface Pending {
  readonly settle: (message: FromWorker) => void;
  readonly fail: (failure: WorkerFailure) => void;
  readonly events: WorkerEvents;
}

/**
 * Starts a worker and waits until its backend and data are ready.
 * @throws WorkerFailure where it cannot be set up
 */
export async function startWorker(
  setup: WorkerSetup,
  limits: Limits,
  fingerprint: string,
): Promise<WorkerHandle> {
  const child = fork(entry, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const link = linkTo(child, limits);
  const ready = await link.ask({ type: 'setup', setup }, 0, {});
  if (ready.type === 'ready' && ready.fingerprint !== fingerprint) {
    child.kill('SIGKILL');
    throw new WorkerFailure('The data set changed on disk while the sweep was running.', 'error');
  }
  return {
    get pid() {
      return child.pid;
    },
    get alive() {
      return link.alive();
    },
    async train(job, attempt, events) {
      const answer = await link.ask({ type: 'train', job, attempt }, limits.timeout, events);
      if (answer.type !== 'record') throw new WorkerFailure('The sweep is stopping.', 'stopped');
      return answer.record;
    },
    stop: () => link.stop(),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Request and answer over a child's message channel, under the limits. */
function linkTo(child: ChildProcess, limits: Limits) {
  let pending: Pending | undefined;
  let gone = false;
  let lastWords = '';
  let lastSign = Date.now();
  child.stderr?.on('data', (chunk: Buffer) => (lastWords = (lastWords + chunk.toString()).slice(-2000)));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));

  const finish = (act: (pending: Pending) => void) => {
    const current = pending;
    pending = undefined;
    if (current) act(current);
  };
  const condemn = (message: string, kind: WorkerFailure['kind']) => {
    finish(({ fail }) => fail(new WorkerFailure(message, kind)));
    child.kill('SIGKILL');
  };

  child.on('message', (raw) => {
    const message = raw as FromWorker;
    lastSign = Date.now();
    if (message.type === 'notice') pending?.events.onNotice?.(message.text);
    else if (message.type === 'beat') {
      pending?.events.onBeat?.(message.beat);
      if (limits.memory > 0 && message.beat.memory > limits.memory) {
        condemn(
          `it used ${mebibytes(message.beat.memory)}, over the limit of ${mebibytes(limits.memory)}`,
          'memory',
        );
      }
    } else if (message.type === 'error')
      finish(({ fail }) => fail(new WorkerFailure(message.message, 'error')));
    else finish(({ settle }) => settle(message));
  });
  child.once('exit', (code, signal) => {
    gone = true;
    const how = signal ? `was killed by ${signal}` : `exited with code ${String(code)}`;
    const words = lastWords.trim().split('\n').slice(-3).join(' | ');
    finish(({ fail }) =>
      fail(new WorkerFailure(`its worker process ${how}${words ? `: ${words}` : ''}`, 'crash')),
    );
  });
  child.once('error', (error) => {
    gone = true;
    finish(({ fail }) =>
      fail(new WorkerFailure(`its worker process could not be used: ${error.message}`, 'crash')),
    );
  });

  return {
    alive: () => !gone,
    ask(message: ToWorker, timeout: number, events: WorkerEvents): Promise<FromWorker> {
      lastSign = Date.now();
      const began = Date.now();
      return new Promise<FromWorker>((settle, fail) => {
        if (gone) {
          fail(new WorkerFailure('its worker process is gone', 'crash'));
          return;
        }
        const watch = setInterval(() => {
          if (timeout > 0 && Date.now() - began > timeout * 1000) {
            condemn(`it took longer than ${timeout} seconds`, 'timeout');
          } else if (limits.hang > 0 && Date.now() - lastSign > limits.hang * 1000) {
            condemn(`its worker process gave no sign of life for ${limits.hang} seconds`, 'crash');
          }
        }, 200);
        const ended = () => clearInterval(watch);
        pending = {
          events,
          settle: (answer) => (ended(), settle(answer)),
          fail: (failure) => (ended(), fail(failure)),
        };
        child.send(message, (error) => {
          if (error) condemn(`its worker process could not be reached: ${error.message}`, 'crash');
        });
      });
    },
    async stop(): Promise<void> {
      if (!gone && child.connected) child.send({ type: 'stop' } satisfies ToWorker, () => undefined);
      await exited;
    },
  };
}

const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
