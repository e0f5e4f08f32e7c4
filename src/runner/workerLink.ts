/** Request and answer over a worker process's message channel, under the limits. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReportedError } from '../errors/reported.js';
import type { Beat } from '../experiment/record.js';
import type { FromWorker, ToWorker } from './protocol.js';

/** Why a cell did not get its record from a worker. */
export class WorkerFailure extends ReportedError {
  constructor(
    message: string,
    readonly kind: 'crash' | 'error' | 'model' | 'device' | 'timeout' | 'memory' | 'stopped' | 'setup',
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

/** The terms of one request. */
export interface Terms {
  readonly events: WorkerEvents;
  /** Longest time for the answer and longest silence meanwhile, seconds; 0 for no limit. */
  readonly timeout: number;
  readonly silence: number;
}

interface Pending extends Terms {
  readonly settle: (message: FromWorker) => void;
  readonly fail: (failure: WorkerFailure) => void;
}

/**
 * A worker that was asked to stop and is silent for so long hangs, whatever `--hang-timeout` says; seconds. It has a
 * step to finish and a checkpoint to keep, if it has a cell.
 */
const longestStop = { idle: 20, busy: 60 };

/** Seconds between two looks at the limits. */
const tick = 0.2;

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

/** The coordinator's end of one worker's message channel. One request at a time. */
export class WorkerLink {
  private pending: Pending | undefined;
  private gone = false;
  private stopping = false;
  private stderrTail = '';
  /** Seconds that the request has taken, and since the last sign of life; counted while we ourselves run. */
  private spent = 0;
  private silent = 0;
  private readonly watch: NodeJS.Timeout;
  private readonly ended: Promise<void>;

  constructor(
    private readonly child: ChildProcess,
    private readonly limits: Limits,
    private readonly stopLimits = longestStop,
  ) {
    running.add(child);
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderrTail = (this.stderrTail + chunk.toString()).slice(-2000);
    });
    child.on('message', (raw) => this.hear(raw as FromWorker));
    this.watch = setInterval(() => this.checkLimits(), tick * 1000);
    this.ended = endOf(child).then((end) => this.conclude(end));
  }

  /** Whether it can be given a cell. */
  get alive(): boolean {
    return !this.gone;
  }

  /** @throws WorkerFailure */
  ask(message: ToWorker, terms: Terms): Promise<FromWorker> {
    this.spent = this.silent = 0;
    return new Promise<FromWorker>((settle, fail) => {
      if (this.gone) {
        fail(new WorkerFailure('its worker process is gone', 'crash'));
        return;
      }
      this.pending = { ...terms, settle, fail };
      this.child.send(message, (error) => {
        if (error) this.killBecause(`its worker process could not be reached: ${error.message}`, 'crash');
      });
    });
  }

  /** Lets it keep a checkpoint and exit; resolves when it has. One that does not is killed. */
  async stop(): Promise<void> {
    if (!this.stopping) this.silent = 0;
    this.stopping = true;
    if (!this.gone && this.child.connected)
      this.child.send({ type: 'stop' } satisfies ToWorker, () => undefined);
    await this.ended;
  }

  readonly kill = (): void => {
    this.gone = true;
    kill(this.child);
  };

  private hear(message: FromWorker): void {
    this.silent = 0;
    if (message.type === 'notice') this.pending?.events.onNotice?.(message.text);
    else if (message.type === 'beat') this.hearBeat(message.beat);
    else if (message.type === 'error') this.hearError(message);
    else this.finish(({ settle }) => settle(message));
  }

  private hearError({ message, kind }: Extract<FromWorker, { type: 'error' }>): void {
    // It is about to exit, and must be given nothing more.
    if (kind === 'device') this.gone = true;
    this.finish(({ fail }) => fail(new WorkerFailure(message, kind)));
  }

  private hearBeat(beat: Beat): void {
    this.pending?.events.onBeat?.(beat);
    const { memory: limit } = this.limits;
    if (limit > 0 && beat.memory > limit)
      this.killBecause(`it used ${mebibytes(beat.memory)}, over the limit of ${mebibytes(limit)}`, 'memory');
  }

  /**
   * Ticks are counted, not clocks compared: while this process is stopped (Ctrl-Z, a sleeping laptop) its workers are
   * too, and on waking none of them has been silent.
   */
  private checkLimits(): void {
    this.spent += tick;
    this.silent += tick;
    const timeout = this.pending?.timeout ?? 0;
    const silence = this.longestSilence();
    if (timeout > 0 && this.spent > timeout)
      this.killBecause(`it took longer than ${timeout} seconds`, 'timeout');
    else if (silence > 0 && this.silent > silence)
      this.killBecause(`its worker process sent no heartbeat for ${silence} seconds`, 'crash');
  }

  /** Seconds, now; 0 for no limit. */
  private longestSilence(): number {
    const usual = this.pending?.silence ?? 0;
    if (!this.stopping) return usual;
    const last = this.pending ? this.stopLimits.busy : this.stopLimits.idle;
    return usual > 0 ? Math.min(usual, last) : last;
  }

  private killBecause(message: string, kind: WorkerFailure['kind']): void {
    this.kill();
    this.finish(({ fail }) => fail(new WorkerFailure(message, kind)));
  }

  private conclude({ how, killed }: WorkerEnd): void {
    this.gone = true;
    clearInterval(this.watch);
    running.delete(this.child);
    const words = messageIn(this.stderrTail);
    const message = `its worker process ${how}${words ? `: ${words}` : ''}`;
    this.finish(({ fail }) => fail(new WorkerFailure(message, 'crash', killed)));
  }

  private finish(act: (pending: Pending) => void): void {
    const current = this.pending;
    this.pending = undefined;
    if (current) act(current);
  }
}

interface WorkerEnd {
  readonly how: string;
  /** By a signal. */
  readonly killed: boolean;
}

/**
 * Resolves with how a worker ended, when all that it said has been read: its last message and its standard error may
 * come after the event of its exit.
 */
async function endOf(child: ChildProcess): Promise<WorkerEnd> {
  const heard = Promise.allSettled([once(child, 'disconnect'), child.stderr && once(child.stderr, 'close')]);
  const ended = await Promise.race([
    once(child, 'exit') as Promise<[number | null, string | null]>,
    once(child, 'error').then(([error]) => error as Error),
  ]).catch((error: Error) => error);
  if (ended instanceof Error) return { how: `could not be used: ${ended.message}`, killed: false };
  await Promise.race([heard, sleep(1000)]);
  const [code, signal] = ended;
  const how = signal ? `was killed by ${signal}` : `exited with code ${String(code)}`;
  return { how, killed: signal !== null };
}

/** Lines that say nothing of a process's death: stacks, Node's signature, what Wayland tells a GPU driver of displays. */
const beside = /^\s*$|^\s+at |^Node\.js v|^\s*\^+\s*$|^file:\/\/|XDG_RUNTIME_DIR/;

/** The message in what a process has written as it died: the end. */
const messageIn = (words: string) =>
  words
    .split('\n')
    .filter((line) => !beside.test(line))
    .slice(-2)
    .map((line) => line.trim())
    .join(' | ');

const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;
