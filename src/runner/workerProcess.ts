/** The coordinator's side of one worker process. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReportedError } from '../errors/reported.js';
import { tooManyFiles } from '../files/openFiles.js';
import { sentenceFor } from '../files/problem.js';
import type { Beat, RunRecord } from '../experiment/record.js';
import type { Job } from '../experiment/plan.js';
import type { FromWorker, ToWorker, WorkerSetup } from './protocol.js';

/** Why a cell did not get its record from a worker. */
export class WorkerFailure extends ReportedError {
  constructor(
    message: string,
    readonly kind: 'crash' | 'error' | 'timeout' | 'memory' | 'stopped' | 'setup',
    /** Whether somebody else has killed the process: it had no say in it. */
    readonly killed = false,
  ) {
    super(message, { code: `worker-${kind}`, exitCode: 1 });
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
  /** Lets it keep a checkpoint and exit; resolves when it has. One that does not is killed. */
  stop(): Promise<void>;
  kill(): void;
}

const entry = new URL('./workerStart.js', import.meta.url);

/** Loading a backend and data says nothing for a while, however short `--hang-timeout` is; seconds. */
const longestSetup = 600;
/**
 * A worker that was asked to stop and is silent for so long hangs, whatever `--hang-timeout` says; seconds. It has a
 * step to finish and a checkpoint to keep, if it has a cell.
 */
const longestStop = { idle: 20, busy: 60 };

/** Worker processes that run: whatever ends the coordinator (a second Ctrl-C, a defect) ends them. */
const running = new Set<ChildProcess>();
process.on('exit', () => running.forEach(kill));

/**
 * Kills a worker that was started. One that could not be (too many open files) has no pid, and Node's own `kill` would
 * then signal pid 0: this process and all of its group.
 */
function kill(child: ChildProcess): void {
  if (child.pid !== undefined) child.kill('SIGKILL');
}

/** What a pending request to a worker is waiting for. */
interface Pending {
  readonly settle: (message: FromWorker) => void;
  readonly fail: (failure: WorkerFailure) => void;
  readonly events: WorkerEvents;
  /** Longest time for the answer and longest silence meanwhile, seconds; 0 for no limit. */
  readonly timeout: number;
  readonly silence: number;
}

/**
 * Starts a worker and waits until its backend and data are ready.
 * @param signal ends a worker that is not ready yet: it has nothing to keep
 * @throws WorkerFailure where it cannot be set up: `setup` where trying again is no use
 */
export async function startWorker(
  setup: WorkerSetup,
  limits: Limits,
  fingerprint: string,
  signal?: AbortSignal,
): Promise<WorkerHandle> {
  const child = fork(entry, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  if (child.pid === undefined) throw await startFailure(child);
  running.add(child);
  const link = linkTo(child, limits);
  signal?.addEventListener('abort', link.kill);
  try {
    const silence = limits.hang && Math.max(limits.hang, longestSetup);
    const ready = await link.ask({ type: 'setup', setup }, { timeout: 0, silence, events: {} });
    if (ready.type === 'ready' && ready.fingerprint !== fingerprint) {
      throw new WorkerFailure('the data set changed on disk while the sweep was running', 'setup');
    }
  } catch (error) {
    link.kill();
    const { message, kind, killed } = error as WorkerFailure;
    throw new WorkerFailure(message, kind === 'error' ? 'setup' : kind, killed);
  } finally {
    signal?.removeEventListener('abort', link.kill);
  }
  return {
    get pid() {
      return child.pid;
    },
    get alive() {
      return link.alive();
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

/**
 * Resolves with how a worker ended, when all that it said has been read: its last message and its standard error may
 * come after the event of its exit.
 */
async function endOf(child: ChildProcess): Promise<{ readonly how: string; readonly killed: boolean }> {
  const heard = Promise.allSettled([once(child, 'disconnect'), child.stderr && once(child.stderr, 'close')]);
  const ended = await Promise.race([
    once(child, 'exit') as Promise<[number | null, string | null]>,
    once(child, 'error').then(([error]) => error as Error),
  ]).catch((error: Error) => error);
  running.delete(child);
  if (ended instanceof Error) return { how: `could not be used: ${ended.message}`, killed: false };
  await Promise.race([heard, sleep(1000)]);
  const [code, signal] = ended;
  const how = signal ? `was killed by ${signal}` : `exited with code ${String(code)}`;
  return { how, killed: signal !== null };
}

/** Request and answer over a child's message channel, under the limits. */
export function linkTo(child: ChildProcess, limits: Limits, stopLimits = longestStop) {
  let pending: Pending | undefined;
  let gone = false;
  let stderrTail = '';
  /** Seconds that the request has taken, and since the last sign of life; counted while we ourselves run. */
  let spent = 0;
  let silent = 0;
  let stopping = false;
  child.stderr?.on('data', (chunk: Buffer) => (stderrTail = (stderrTail + chunk.toString()).slice(-2000)));

  const finish = (act: (pending: Pending) => void) => {
    const current = pending;
    pending = undefined;
    if (current) act(current);
  };
  /** Seconds, now; 0 for no limit. */
  const longestSilence = (): number => {
    const usual = pending?.silence ?? 0;
    if (!stopping) return usual;
    const last = pending ? stopLimits.busy : stopLimits.idle;
    return usual > 0 ? Math.min(usual, last) : last;
  };
  const end = () => {
    gone = true;
    kill(child);
  };
  const killBecause = (message: string, kind: WorkerFailure['kind']) => {
    end();
    finish(({ fail }) => fail(new WorkerFailure(message, kind)));
  };
  const ended = endOf(child).then(({ how, killed }) => {
    gone = true;
    clearInterval(watch);
    const words = messageIn(stderrTail);
    const message = `its worker process ${how}${words ? `: ${words}` : ''}`;
    finish(({ fail }) => fail(new WorkerFailure(message, 'crash', killed)));
  });

  child.on('message', (raw) => {
    const message = raw as FromWorker;
    silent = 0;
    if (message.type === 'notice') pending?.events.onNotice?.(message.text);
    else if (message.type === 'beat') {
      pending?.events.onBeat?.(message.beat);
      const { memory } = message.beat;
      if (limits.memory > 0 && memory > limits.memory) {
        killBecause(`it used ${mebibytes(memory)}, over the limit of ${mebibytes(limits.memory)}`, 'memory');
      }
    } else if (message.type === 'error')
      finish(({ fail }) => fail(new WorkerFailure(message.message, 'error')));
    else finish(({ settle }) => settle(message));
  });

  // Ticks are counted, not clocks compared: while this process is stopped (Ctrl-Z, a sleeping laptop) its workers are
  // too, and on waking none of them has been silent.
  const watch = setInterval(() => {
    spent += tick;
    silent += tick;
    const timeout = pending?.timeout ?? 0;
    const silence = longestSilence();
    if (timeout > 0 && spent > timeout) killBecause(`it took longer than ${timeout} seconds`, 'timeout');
    else if (silence > 0 && silent > silence)
      killBecause(`its worker process gave no sign of life for ${silence} seconds`, 'crash');
  }, tick * 1000);

  return {
    alive: () => !gone,
    kill: end,
    ask(message: ToWorker, terms: Pick<Pending, 'timeout' | 'silence' | 'events'>): Promise<FromWorker> {
      spent = silent = 0;
      return new Promise<FromWorker>((settle, fail) => {
        if (gone) {
          fail(new WorkerFailure('its worker process is gone', 'crash'));
          return;
        }
        pending = { ...terms, settle, fail };
        child.send(message, (error) => {
          if (error) killBecause(`its worker process could not be reached: ${error.message}`, 'crash');
        });
      });
    },
    async stop(): Promise<void> {
      if (!stopping) silent = 0;
      stopping = true;
      if (!gone && child.connected) child.send({ type: 'stop' } satisfies ToWorker, () => undefined);
      await ended;
    },
  };
}

/** The message in what a process has written as it died: the end, without its stack and Node's signature. */
const messageIn = (words: string) =>
  words
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^\s+at |^Node\.js v|^\s*\^+\s*$|^file:\/\//.test(line))
    .slice(-2)
    .map((line) => line.trim())
    .join(' | ');

/** Seconds between two looks at the limits. */
const tick = 0.2;

const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
