/** Waiting for a Redis that is away, but not once this process is to stop. */
import { setTimeout as sleep } from 'node:timers/promises';
import { mayPass } from './connection.js';
import { isUnanswered } from './unanswered.js';

/** Redis did not answer, and this process was told to stop. */
export class WaitAborted extends Error {
  constructor() {
    super('Redis gave no answer while this process was to stop');
    this.name = 'WaitAborted';
  }
}

/** How long an answer is waited for after the signal, milliseconds: for a result that is being written. */
const graceMs = 3000;
const pause = 500;

/**
 * What `act` answers; rejects once `signal` has been aborted, and `act` under way, for `grace` milliseconds.
 * @throws WaitAborted then; else what `act` throws
 */
export async function unlessStopped<T>(
  act: () => Promise<T>,
  signal: AbortSignal,
  grace = graceMs,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let arm: () => void = () => undefined;
  const givenUp = new Promise<never>((_, reject) => {
    arm = () => (timer = setTimeout(() => reject(new WaitAborted()), grace));
  });
  if (signal.aborted) arm();
  else signal.addEventListener('abort', arm, { once: true });
  try {
    return await Promise.race([act(), givenUp]);
  } finally {
    signal.removeEventListener('abort', arm);
    clearTimeout(timer);
  }
}

export interface RetryTerms {
  readonly signal: AbortSignal;
  readonly grace?: number;
  /** How often Redis may refuse (it is full, a replica, ...) before that is an error; default: always. */
  readonly refusals?: number;
}

/**
 * Does something with Redis, again after connections break and while Redis refuses for reasons that pass.
 * @throws WaitAborted where the process is to stop meanwhile; other errors of `act`
 */
export async function withRetries<T>(act: () => Promise<T>, terms: RetryTerms): Promise<T> {
  const { signal, grace, refusals = Infinity } = terms;
  let over = false;
  const retrying = async () => {
    for (let refused = 0; ;) {
      try {
        return await act();
      } catch (error) {
        if (!mayPass(error)) throw error;
        if (!isUnanswered(error) && ++refused > refusals) throw error;
        await sleep(pause);
        if (over) throw error;
      }
    }
  };
  try {
    return await unlessStopped(retrying, signal, grace);
  } finally {
    over = true;
  }
}
