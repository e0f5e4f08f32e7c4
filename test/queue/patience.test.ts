import { describe, expect, it } from 'vitest';
import { isConnectionError, mayPass } from '../../src/queue/connection.js';
import { GivenUp, steadily, unlessStopped } from '../../src/queue/patience.js';

const never = () => new Promise<never>(() => undefined);
const calm = new AbortController().signal;

describe('Redis’s refusals', () => {
  it.each([
    "OOM command not allowed when used memory > 'maxmemory'.",
    'ERR Error running script (call to f_1): @user_script:3: -OOM command not allowed',
    "READONLY You can't write against a read only replica. script: 1, on @user_script:3.",
    'MISCONF Redis is configured to save RDB snapshots, but it is unable to persist to disk.',
    'MASTERDOWN Link with MASTER is down',
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'LOADING Redis is loading the dataset in memory',
    'BUSY Redis is busy running a script.',
  ])('%s may pass', (message) => {
    expect(mayPass(new Error(message))).toBe(true);
    expect(isConnectionError(new Error(message))).toBe(false);
  });

  it.each([
    'Lock mismatch for job c1. Cmd extendLock',
    'NOAUTH Authentication required.',
    'BUSYGROUP exists',
  ])('%s does not', (message) => expect(mayPass(new Error(message))).toBe(false));
});

describe('patience', () => {
  it('tries again until Redis accepts, or has refused too often', async () => {
    let times = 0;
    const refusing = () =>
      ++times < 3 ? Promise.reject(new Error('OOM no memory')) : Promise.resolve(times);
    expect(await steadily(refusing, { signal: calm })).toBe(3);
    times = 0;
    await expect(steadily(refusing, { signal: calm, refusals: 1 })).rejects.toThrow('OOM');
    expect(times).toBe(2);
  });

  it('ends with the signal, be it given before or meanwhile', async () => {
    await expect(unlessStopped(never, AbortSignal.abort(), 10)).rejects.toThrow(GivenUp);
    await expect(unlessStopped(never, AbortSignal.timeout(10), 10)).rejects.toThrow(GivenUp);
    const away = () => Promise.reject(new Error('Connection is closed.'));
    await expect(steadily(away, { signal: AbortSignal.timeout(10), grace: 10 })).rejects.toThrow(GivenUp);
    expect(await unlessStopped(() => Promise.resolve(1), AbortSignal.abort(), 1000)).toBe(1);
  });
});
