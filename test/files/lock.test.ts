/** Locks between processes: one owner at a time, and none for ever. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { acquireLock, claimLock, holdingLock, removeDeadLock, type Owner } from '../../src/files/lock.js';
import { birthOf, isRunning, place } from '../../src/files/process.js';
import { scratch } from '../runner/scratch.js';

const lockIn = (folder: string) => join(folder, 'x.lock');
const put = (file: string, owner: Partial<Owner> | string) =>
  writeFileSync(file, typeof owner === 'string' ? owner : JSON.stringify(owner));
const longAgo = () => new Date(Date.now() - 10 * 60_000);

/** The pid of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '0']);
  await once(child, 'exit');
  return child.pid!;
}

async function isFree(file: string): Promise<boolean> {
  const claim = await claimLock(file);
  if ('release' in claim) await claim.release();
  return 'release' in claim;
}

describe('a lock', () => {
  it('is one owner’s, who is named to others, until it is released', async () => {
    const file = lockIn(scratch());
    const claim = await claimLock(file);
    expect(await claimLock(file)).toMatchObject({ owner: { pid: process.pid, host: hostname() } });
    if ('release' in claim) await claim.release();
    expect(existsSync(file)).toBe(false);
    expect(await isFree(file)).toBe(true);
  });

  it('of a process that died is taken over, whatever its age', async () => {
    const file = lockIn(scratch());
    put(file, { pid: await deadPid(), host: hostname(), place, birth: '1' });
    expect(await isFree(file)).toBe(true);
    expect(readdirSync(join(file, '..'))).toEqual([]);
  });

  it.runIf(birthOf(process.pid) !== undefined)(
    'of a pid that is another process by now is taken over',
    async () => {
      const file = lockIn(scratch());
      put(file, { pid: process.pid, host: hostname(), place, birth: '1' });
      expect(await isFree(file)).toBe(true);
      put(file, { pid: process.pid, host: hostname(), place, birth: birthOf(process.pid)! });
      utimesSync(file, longAgo(), longAgo());
      expect(await isFree(file)).toBe(false);
    },
  );

  it('of another machine stands while it is rewritten, and falls when it is not', async () => {
    const file = lockIn(scratch());
    put(file, { pid: await deadPid(), host: 'elsewhere', place: 'elsewhere', birth: '1' });
    expect(await isFree(file)).toBe(false);
    utimesSync(file, longAgo(), longAgo());
    expect(await isFree(file)).toBe(true);
  });

  it('of another machine stands while it is rewritten, and falls when it is not, however its clock was set', async () => {
    const file = lockIn(scratch());
    const owner = { pid: await deadPid(), host: 'elsewhere', place: 'elsewhere', birth: '1' };
    put(file, owner);
    utimesSync(file, longAgo(), longAgo());
    // The owner is alive: it writes its lock again before anybody may think that it is not.
    setTimeout(() => put(file, owner), 1000);
    expect(await isFree(file)).toBe(false);
    const later = new Date(Date.now() + 3_600_000);
    utimesSync(file, later, later);
    expect(await isFree(file)).toBe(true);
  });

  it('that is still empty stands for a moment; a damaged one not for ever', async () => {
    const file = lockIn(scratch());
    put(file, '');
    expect(await isFree(file)).toBe(false);
    put(file, '{"pid":');
    utimesSync(file, longAgo(), longAgo());
    expect(await isFree(file)).toBe(true);
  });

  it('survives a process that died while taking over', async () => {
    const file = lockIn(scratch());
    const dead = { pid: await deadPid(), host: hostname(), place, birth: '1' };
    put(file, dead);
    put(`${file}.takeover`, dead);
    expect(await isFree(file)).toBe(true);
  });

  it('says when it was lost, and then leaves the new owner’s alone', async () => {
    const file = lockIn(scratch());
    const lost = new Promise<string>((resolve) => {
      void claimLock(file, () => resolve('lost')).then(async (claim) => {
        rmSync(file);
        put(file, { pid: 1, host: 'elsewhere' });
        await new Promise<void>((go) => void setTimeout(go, 2_500));
        if ('release' in claim) await claim.release();
      });
    });
    expect(await lost).toBe('lost');
    await sleep(700);
    expect(readFileSync(file, 'utf8')).toContain('elsewhere');
  });

  it('lets one in at a time, of many', async () => {
    const file = lockIn(scratch());
    put(file, { pid: await deadPid(), host: hostname(), place, birth: '1' });
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 12 }, () =>
        holdingLock(file, async () => {
          most = Math.max(most, ++inside);
          await sleep(3);
          inside--;
        }),
      ),
    );
    expect(most).toBe(1);
    expect(existsSync(file)).toBe(false);
  });

  it('is released though the work under it fails', async () => {
    const file = lockIn(scratch());
    await expect(holdingLock(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(existsSync(file)).toBe(false);
  });

  it('cannot be taken where there is no folder', async () => {
    await expect(acquireLock(join(scratch(), 'none', 'x.lock'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is removed if dead, and only then', async () => {
    const file = lockIn(scratch());
    put(file, { pid: process.pid, host: hostname(), place, birth: birthOf(process.pid)! });
    await removeDeadLock(file);
    expect(existsSync(file)).toBe(true);
    put(file, { pid: await deadPid(), host: hostname(), place, birth: '1' });
    await removeDeadLock(file);
    expect(existsSync(file)).toBe(false);
  });
});

describe('a process', () => {
  it('runs until it ends, also before its parent has looked', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)']);
    await once(child, 'spawn');
    expect(isRunning(child.pid!)).toBe(true);
    expect(birthOf(child.pid!)).toBe(birthOf(child.pid!));
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isRunning(child.pid!)).toBe(false);
    expect(isRunning(process.pid)).toBe(true);
  });
});
