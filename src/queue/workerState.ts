/** What a worker knows while it serves: its sweeps, those it leaves to others, and how to get the next cell. */
import type { Redis } from 'ioredis';
import type { QueuedJob } from './bull.js';
import { mayPass } from './connection.js';
import { printable } from '../experiment/printable.js';
import { isFinal, sentenceOf } from './refusals.js';
import { replyCode } from './reply.js';
import { closeIfDone, CannotServe, type Admission, type ServedSweep } from './servedSweep.js';
import type { CellOutcome } from './takenJob.js';
import { dropUnreadable, isUnreadable } from './unreadable.js';

export interface ServeOptions extends Admission {
  /** Cells trained at the same time, each in a process. */
  readonly concurrency: number;
  /** End after so long without a cell, seconds; 0: never. */
  readonly idleExit: number;
  /** Aborts: cells are handed back with their checkpoints. */
  readonly signal: AbortSignal;
  /** A clock that nobody sets, milliseconds; default: performance.now. */
  readonly now?: () => number;
}

export interface ServeEvents {
  onNotice(text: string): void;
  onOutcome?(sweep: string, cellId: string, outcome: CellOutcome): void;
}

/** After so long a sweep whose data was missing is looked at again, milliseconds. */
const refusalLasts = 60_000;

/** Why a sweep is left to others, and when to look again, if ever. */
interface Refusal {
  readonly why: string;
  readonly again?: number;
}

export interface WorkerState {
  readonly redis: Redis;
  readonly id: string;
  readonly sweeps: Map<string, ServedSweep>;
  readonly refuses: Map<string, Refusal>;
  readonly options: ServeOptions;
  readonly events: ServeEvents;
  readonly now: () => number;
  busy: number;
  lastBusy: number;
}

/** Leaves a sweep alone, for a while or for good, and says so once. */
export function leaveToOthers(
  { sweeps, refuses, events, now }: WorkerState,
  name: string,
  { message, temporary }: CannotServe,
): void {
  const served = sweeps.get(name);
  sweeps.delete(name);
  if (served) {
    served.retired = true;
    closeIfDone(served);
  }
  const before = refuses.get(name);
  refuses.set(name, { why: message, ...(temporary ? { again: now() + refusalLasts } : {}) });
  if (before?.why === message) return;
  events.onNotice(`Sweep ${name} is left to other workers: ${message.replace(/\.$/, '')}.`);
}

/** The next cell of any sweep, the least recently served first. */
export async function takeNextJob(
  state: WorkerState,
  token: string,
): Promise<{ sweep: ServedSweep; queued: QueuedJob } | undefined> {
  const { sweeps } = state;
  for (const sweep of [...sweeps.values()]) {
    try {
      const queued = (await sweep.consumer.getNextJob(token, { block: false })) as QueuedJob | undefined;
      if (!queued) continue;
      if (sweeps.get(sweep.name) === sweep) {
        sweeps.delete(sweep.name);
        sweeps.set(sweep.name, sweep);
      }
      return { sweep, queued };
    } catch (error) {
      await handleTakeError(state, sweep, token, error);
    }
  }
  return undefined;
}

/** What follows where no cell could be taken from a sweep. @throws what Redis answers where it refuses for good */
async function handleTakeError(
  state: WorkerState,
  sweep: ServedSweep,
  token: string,
  error: unknown,
): Promise<void> {
  const { redis, sweeps, events } = state;
  const { name } = sweep;
  // One sweep's keys are somebody else's: the other sweeps are as they were.
  if (replyCode(error) === 'WRONGTYPE') {
    leaveToOthers(state, name, new CannotServe(sentenceOf(error), { temporary: true, cause: error }));
    return;
  }
  if (isFinal(error)) throw error;
  const dropped = isUnreadable(error)
    ? await dropUnreadable(redis, name, token).catch(() => undefined)
    : undefined;
  if (dropped !== undefined) {
    events.onNotice(`Job ${printable(dropped)} of ${name} cannot be read and was taken off the queue.`);
  } else if (!mayPass(error) && sweeps.get(name) === sweep) {
    // Not a sweep that ended this moment, nor a broken connection: there the next round sees more clearly.
    events.onNotice(`No cell could be taken from ${name}: ${sentenceOf(error)}`);
  }
}
