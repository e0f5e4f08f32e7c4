/** Sharing cells between coordinators: each cell has one trainer at a time, and none is forgotten. */
import { existsSync, readdirSync, writeFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { place } from '../../src/files/process.js';
import { clearClaims, sharedSource, type JobSource } from '../../src/runner/claims.js';
import { cellOf } from './records.js';
import { scratch } from './scratch.js';

const jobs = Array.from({ length: 12 }, (_, seed) => ({ cell: cellOf({ seed }), label: 'AdamW' }));
const never = new AbortController().signal;

/** Takes jobs in `places` at once until none is left, marking each as done. */
async function work(source: JobSource, places: number, done: Map<string, number>): Promise<void> {
  const one = async () => {
    for (;;) {
      const claimed = await source.next(never);
      if (!claimed) return;
      await new Promise((go) => setTimeout(go, 5));
      const { id } = claimed.job.cell;
      done.set(id, (done.get(id) ?? 0) + 1);
      await claimed.release();
    }
  };
  await Promise.all(Array.from({ length: places }, one));
}

describe('shared jobs', () => {
  it('are each done once by two coordinators with two places each', async () => {
    const folder = join(scratch(), 'claims');
    const done = new Map<string, number>();
    const isDone = (id: string) => Promise.resolve(done.has(id));
    const sources = [sharedSource(jobs, folder, isDone), sharedSource([...jobs].reverse(), folder, isDone)];
    await Promise.all(sources.map((source) => work(source, 2, done)));
    expect([...done.values()]).toEqual(Array(12).fill(1));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that another has claimed are waited for, and taken when it gives up', async () => {
    const folder = join(scratch(), 'claims');
    const none = () => Promise.resolve(false);
    const held = await sharedSource(jobs.slice(0, 1), folder, none).next(never);
    const mine = sharedSource(jobs.slice(0, 2), folder, none);
    expect((await mine.next(never))?.job).toEqual(jobs[1]);
    let got = false;
    const waiting = mine.next(never).then((claimed) => ((got = true), claimed));
    await new Promise((go) => setTimeout(go, 700));
    expect(got).toBe(false);
    await held!.release();
    expect((await waiting)?.job).toEqual(jobs[0]);
    expect(await mine.next(never)).toBeUndefined();
  });

  it('are no longer waited for once a stop is asked', async () => {
    const folder = join(scratch(), 'claims');
    const none = () => Promise.resolve(false);
    await sharedSource(jobs.slice(0, 1), folder, none).next(never);
    const stop = new AbortController();
    const waiting = sharedSource(jobs.slice(0, 1), folder, none).next(stop.signal);
    stop.abort();
    expect(await waiting).toBeUndefined();
  });

  it('give their claim back where the journal cannot be read', async () => {
    const folder = join(scratch(), 'claims');
    const broken = sharedSource(jobs, folder, () => Promise.reject(new Error('no journal')));
    await expect(broken.next(never)).rejects.toThrow('no journal');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('do not bring a removed results folder back', async () => {
    const folder = join(scratch(), 'gone', 'claims');
    await expect(sharedSource(jobs, folder, () => Promise.resolve(false)).next(never)).rejects.toThrow(
      /ENOENT/,
    );
  });
});

it('clears what the dead have left, and keeps what the living hold', async () => {
  const folder = join(scratch(), 'claims');
  const none = () => Promise.resolve(false);
  const held = await sharedSource(jobs.slice(0, 1), folder, none).next(never);
  const foreign = ['editor.lock', 'notes.txt'].map((name) => join(folder, name));
  // Birth 1: a process that started before this machine's first tick is none of this boot.
  const dead = JSON.stringify({ pid: 2 ** 30, host: hostname(), place, birth: '1' });
  for (const file of [join(folder, `${'0'.repeat(16)}.lock`), ...foreign]) writeFileSync(file, dead);
  await clearClaims(folder);
  expect(readdirSync(folder).sort()).toEqual([`${jobs[0]!.cell.id}.lock`, 'editor.lock', 'notes.txt'].sort());
  for (const file of foreign) rmSync(file);
  await held!.release();
  await clearClaims(folder);
  expect(existsSync(folder)).toBe(false);
});
