import { ReplyError } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { WaitAborted, withRetries, unlessStopped } from '../../src/queue/redisRetry.js';
import { NoAnswer } from '../../src/queue/unanswered.js';

const never = () => new Promise<never>(() => undefined);
const calm = new AbortController().signal;

/** Errors as ioredis hands them on: Redis's answers, and the words of its own for a connection that broke. */
const reply = (message: string) => new (ReplyError as new (message: string) => Error)(message);
const broken = () => new NoAnswer(new Error('any words'));

describe('retries', () => {
  it('tries again until Redis accepts, or has refused too often', async () => {
    let times = 0;
    const refusing = () => (++times < 3 ? Promise.reject(reply('OOM no memory')) : Promise.resolve(times));
    expect(await withRetries(refusing, { signal: calm })).toBe(3);
    times = 0;
    await expect(withRetries(refusing, { signal: calm, refusals: 1 })).rejects.toThrow('OOM');
    expect(times).toBe(2);
  });

  it('ends with the signal, be it given before or meanwhile', async () => {
    await expect(unlessStopped(never, AbortSignal.abort(), 10)).rejects.toThrow(WaitAborted);
    await expect(unlessStopped(never, AbortSignal.timeout(10), 10)).rejects.toThrow(WaitAborted);
    const away = () => Promise.reject(broken());
    await expect(withRetries(away, { signal: AbortSignal.timeout(10), grace: 10 })).rejects.toThrow(
      WaitAborted,
    );
    expect(await unlessStopped(() => Promise.resolve(1), AbortSignal.abort(), 1000)).toBe(1);
  });
});
