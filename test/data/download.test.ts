import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { download, DownloadError, type Progress, type Target } from '../../src/data/download.js';
import { acquireLock } from '../../src/files/lock.js';
import { scratch } from './scratch.js';
import { serve, wellBehaved, type Handler } from './server.js';

const content = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) >> 4));
const md5 = createHash('md5').update(content).digest('hex');
const fast = { rounds: 3, pauseMs: 1, stallMs: 300 };

function target(...urls: string[]): Target {
  return {
    label: 'set/file.bin',
    path: path.join(scratch(), 'set', 'file.bin'),
    bytes: content.length,
    md5,
    urls,
  };
}

/** Puts a partial download beside the target, as an interrupted run leaves it. */
async function withPart(wanted: Target, part: Uint8Array): Promise<void> {
  await download({ ...wanted, path: path.join(path.dirname(wanted.path), 'other') }, fast);
  writeFileSync(`${wanted.path}.part`, part);
}

const folderOf = (wanted: Target) => readdirSync(path.dirname(wanted.path)).sort();

describe('downloading', () => {
  it('fetches, reports progress, and leaves nothing but the file', async () => {
    const { url } = await serve(wellBehaved(content));
    const wanted = target(url);
    const seen: Progress[] = [];
    await download(wanted, { ...fast, onProgress: (p) => seen.push(p) });
    expect(readFileSync(wanted.path).equals(content)).toBe(true);
    expect(folderOf(wanted)).toEqual(['file.bin']);
    expect(seen.at(-1)).toEqual({ file: 'set/file.bin', received: content.length, total: content.length });
  });

  it('does nothing if the file is there', async () => {
    const { url, ranges } = await serve(wellBehaved(content));
    const wanted = target(url);
    await download(wanted, fast);
    await download(wanted, fast);
    expect(ranges).toEqual(['']);
  });

  it('resumes a partial file', async () => {
    const { url, ranges } = await serve(wellBehaved(content));
    const wanted = target(url);
    await withPart(wanted, content.subarray(0, 1000));
    await download(wanted, fast);
    expect(ranges).toEqual(['', 'bytes=1000-']);
    expect(readFileSync(wanted.path).equals(content)).toBe(true);
  });

  it('starts over where the server ignores Range', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': content.length }).end(content);
    });
    const wanted = target(url);
    await withPart(wanted, content.subarray(0, 1000));
    await download(wanted, fast);
    expect(readFileSync(wanted.path).equals(content)).toBe(true);
  });

  it('starts over after HTTP 416, and after a wrong Content-Range', async () => {
    for (const bad of [
      (response: Parameters<Handler>[1]) => response.writeHead(416).end(),
      (response: Parameters<Handler>[1]) =>
        response.writeHead(206, { 'content-range': 'bytes 5-9/10' }).end('wrong'),
    ]) {
      const { url, ranges } = await serve((request, response) => {
        if (request.headers.range === undefined) wellBehaved(content)(request, response);
        else bad(response);
      });
      const wanted = target(url);
      await withPart(wanted, content.subarray(0, 1000));
      await download(wanted, fast);
      expect(ranges).toEqual(['', 'bytes=1000-', '']);
      expect(readFileSync(wanted.path).equals(content)).toBe(true);
    }
  });

  it('starts over if the partial file was of another file, or is too long', async () => {
    const { url, ranges } = await serve(wellBehaved(content));
    for (const part of [
      Buffer.alloc(1000, 7),
      Buffer.alloc(content.length, 7),
      Buffer.alloc(content.length + 9),
    ]) {
      const wanted = target(url);
      await withPart(wanted, part);
      await download(wanted, fast);
      expect(readFileSync(wanted.path).equals(content)).toBe(true);
    }
    expect(ranges.filter((range) => range !== '')).toEqual(['bytes=1000-']);
  });

  it('continues where a connection broke', async () => {
    let requests = 0;
    const { url, ranges } = await serve((request, response) => {
      if (++requests > 1) return wellBehaved(content)(request, response);
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50));
    });
    const wanted = target(url);
    await download(wanted, fast);
    expect(ranges).toEqual(['', 'bytes=100000-']);
    expect(readFileSync(wanted.path).equals(content)).toBe(true);
  });

  it('gives a stalled mirror up and continues at the next', async () => {
    const stalled = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 100_000));
    });
    const good = await serve(wellBehaved(content));
    const wanted = target(stalled.url, good.url);
    await download(wanted, fast);
    expect(good.ranges).toEqual(['bytes=100000-']);
    expect(readFileSync(wanted.path).equals(content)).toBe(true);
  });

  it('takes the next mirror after 404, a wrong size and a wrong md5', async () => {
    const missing = await serve((_request, response) => response.writeHead(404).end('gone'));
    const portal = await serve(wellBehaved(Buffer.from('<html>please log in</html>')));
    const changed = await serve(wellBehaved(Buffer.from(content).fill(1, 5, 6)));
    const good = await serve(wellBehaved(content));
    const wanted = target(missing.url, portal.url, changed.url, good.url);
    await download(wanted, fast);
    expect(readFileSync(wanted.path).equals(content)).toBe(true);
  });

  it('says what failed, and what to do by hand, when no mirror delivers', async () => {
    const missing = await serve((_request, response) => response.writeHead(404).end());
    const changed = await serve(wellBehaved(Buffer.from(content).fill(content[5]! ^ 1, 5, 6)));
    const wanted = target(missing.url, changed.url);
    const failed = await download(wanted, fast).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(DownloadError);
    expect(failed).toMatchObject({ code: 'download-failed', exitCode: 2 });
    const { message, mirrors } = failed as DownloadError;
    expect(mirrors.map(({ url }) => url)).toEqual([missing.url, changed.url]);
    expect(mirrors[0]!.why).toContain('404');
    expect(mirrors[1]!.why).toContain('md5');
    // What to do comes first; the mirrors, which few users can do anything about, come last.
    for (const advice of [wanted.path, md5, '300000'])
      for (const { url, why } of mirrors)
        expect(message.indexOf(advice)).toBeLessThan(message.indexOf(`${url}: ${why}`));
    expect(folderOf(wanted)).toEqual([]);
    // Both answers are final: neither mirror was asked twice.
    expect([missing.ranges.length, changed.ranges.length]).toEqual([1, 1]);
  });

  it('explains an unreachable network', async () => {
    const wanted = target('http://127.0.0.1:9/file.bin');
    await expect(download(wanted, { ...fast, rounds: 1 })).rejects.toMatchObject({
      code: 'download-failed',
      mirrors: [{ url: wanted.urls[0] }],
    });
  });

  it('says what lies there instead of the file', async () => {
    const wanted = { ...target('http://127.0.0.1:9/file.bin'), found: ' Found: file.zip.' };
    await expect(download(wanted, { ...fast, rounds: 1 })).rejects.toMatchObject({
      code: 'download-failed',
      message: expect.stringContaining('file.zip') as string,
    });
  });

  it.skipIf(!existsSync('/proc/self'))('refuses a folder that can never be', async () => {
    const wanted = { ...target('http://127.0.0.1:9/file.bin'), path: '/proc/none/set/file.bin' };
    await expect(download(wanted, fast)).rejects.toMatchObject({ code: 'file-enoent', exitCode: 2 });
  });

  it.skipIf(!existsSync('/dev/full'))(
    'gives up at once where the file cannot be stored, without blaming a mirror',
    async () => {
      const { url, ranges } = await serve(wellBehaved(content));
      const wanted = target(url, url);
      mkdirSync(path.dirname(wanted.path));
      symlinkSync('/dev/full', `${wanted.path}.part`);
      await expect(download(wanted, fast)).rejects.toMatchObject({ code: 'file-enospc', exitCode: 2 });
      expect(ranges).toEqual(['']);
    },
  );

  it('refuses a body longer than the file', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200);
      response.end(Buffer.concat([content, content]));
    });
    const wanted = target(url);
    await expect(download(wanted, fast)).rejects.toMatchObject({ code: 'download-failed' });
    expect(folderOf(wanted)).toEqual([]);
  });
});

const script = fileURLToPath(new URL('fetchInChild.ts', import.meta.url));

/** A download in a process of its own. */
function child(wanted: Target) {
  const started = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(wanted)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  started.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<string>((end) => started.on('close', () => end(output.trim())));
  return { started, ended };
}

/** Serves the first half at once and the rest after `ms`. */
function slowly(ms: number): Handler {
  return (request, response) => {
    const start = Number(/\d+/.exec(request.headers.range ?? '0')![0]);
    const half = content.length / 2;
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': content.length - start,
      'content-range': `bytes ${start}-${content.length - 1}/${content.length}`,
    });
    response.write(content.subarray(start, half));
    setTimeout(() => response.end(content.subarray(Math.max(start, half))), ms);
  };
}

describe('two processes', () => {
  it('fetch one file once', async () => {
    const { url, ranges } = await serve(slowly(1500));
    const wanted = target(url);
    const both = [child(wanted), child(wanted)];
    expect(await Promise.all(both.map(({ ended }) => ended))).toEqual(['done', 'done']);
    expect(ranges).toEqual(['']);
    expect(folderOf(wanted)).toEqual(['file.bin']);
    expect(readFileSync(wanted.path).equals(content)).toBe(true);
  });

  it('take over from one another: killed half-way, the next resumes', async () => {
    const { url, ranges } = await serve(slowly(60_000));
    const wanted = target(url);
    const { started, ended } = child(wanted);
    const part = `${wanted.path}.part`;
    while (!existsSync(part) || statSync(part).size < content.length / 2) await sleep(20);
    started.kill('SIGKILL');
    await ended;
    expect(folderOf(wanted)).toEqual(['file.bin.lock', 'file.bin.part']);
    const good = await serve(wellBehaved(content));
    await download({ ...wanted, urls: [good.url] }, fast);
    expect([ranges, good.ranges]).toEqual([[''], ['bytes=150000-']]);
    expect(folderOf(wanted)).toEqual(['file.bin']);
  });
});

describe('the lock', () => {
  it('is held by one at a time', async () => {
    const file = path.join(scratch(), 'lock');
    let holders = 0;
    let most = 0;
    const use = async () => {
      const release = await acquireLock(file, 1);
      most = Math.max(most, ++holders);
      await sleep(2);
      holders--;
      await release();
    };
    await Promise.all(Array.from({ length: 8 }, use));
    expect([most, existsSync(file)]).toEqual([1, false]);
  });

  it('of a dead process is taken by exactly one of several', async () => {
    const file = path.join(scratch(), 'lock');
    const { started, ended } = child({ ...target(), path: script });
    await ended;
    writeFileSync(file, JSON.stringify({ pid: started.pid, host: hostname() }));
    let holders = 0;
    const take = async () => {
      const release = await acquireLock(file, 1);
      expect(++holders).toBe(1);
      await sleep(5);
      holders--;
      await release();
    };
    await Promise.all([take(), take(), take()]);
    expect(readdirSync(path.dirname(file))).toEqual([]);
  });

  it('of another host is respected', async () => {
    const file = path.join(scratch(), 'lock');
    writeFileSync(file, JSON.stringify({ pid: 1, host: 'another-host' }));
    const waiting = acquireLock(file, 5).then(() => 'taken');
    expect(await Promise.race([waiting, sleep(100, 'waits')])).toBe('waits');
    writeFileSync(file, JSON.stringify({ pid: 999_999_999, host: hostname() }));
    expect(await waiting).toBe('taken');
  });
});
