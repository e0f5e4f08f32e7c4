/**
 * Fetches one file over HTTP so that it appears under its name whole and verified, or not at all: partial files
 * are resumed, mirrors are tried in turn, two processes do not fetch twice.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataError, reason } from './errors.js';
import { flush } from '../files/flush.js';
import { makeFolder } from '../files/folder.js';
import { acquireLock } from '../files/lock.js';

/** One file to fetch. Sizes in bytes. */
export interface Target {
  /** What messages call it, e.g. `mnist/train-images-idx3-ubyte.gz`. */
  readonly label: string;
  readonly path: string;
  readonly bytes?: number | undefined;
  readonly md5?: string | undefined;
  readonly urls: readonly string[];
}

export interface Progress {
  readonly file: string;
  readonly received: number;
  readonly total?: number;
}

export interface DownloadOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** A connection without data for so long is given up, in ms. */
  readonly stallMs?: number;
  /** How often the list of mirrors is gone through. */
  readonly rounds?: number;
  /** Pause before the second round, doubled before each further one, in ms. */
  readonly pauseMs?: number;
}

/** A mirror's answer that another request will not change. */
class Final extends Error {}

/** md5 (hex) of a file, read as a stream. */
export async function md5OfFile(file: string): Promise<string> {
  const hash = createHash('md5');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** The size of a file, or undefined if there is none. */
export async function sizeOf(file: string): Promise<number | undefined> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What a user without a network has to do, as the end of a sentence. */
export function byHand(target: Target): string {
  const size = target.bytes === undefined ? '' : ` (${target.bytes} bytes)`;
  const sum = target.md5 === undefined ? '' : `, md5 ${target.md5}${size}`;
  const from = target.urls[0] === undefined ? '' : ` from ${target.urls[0]}`;
  return `put the file${from} at ${target.path}${sum}`;
}

/** Where in the file the answer's body belongs: after the `have` bytes asked to be skipped, or at the start. */
function startOf(response: Response, have: number): number {
  if (response.status === 200) return 0;
  const match = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '');
  if (response.status === 206 && match !== null && Number(match[1]) === have) return have;
  if (response.status === 206 || response.status === 416)
    throw new Error(`HTTP ${response.status}: the server does not continue the partial file`);
  const message = `HTTP ${response.status} ${response.statusText}`.trim();
  const lasting =
    response.status >= 400 && response.status < 500 && ![408, 425, 429].includes(response.status);
  throw lasting ? new Final(message) : new Error(message);
}

/** The whole file's size as the answer announces it. */
function announced(response: Response, start: number): number | undefined {
  const length = response.headers.get('content-length');
  if (length === null || response.headers.has('content-encoding')) return undefined;
  return start + Number(length);
}

/** Aborts unless `alive` is called at least every `ms`. */
function watchdog(ms: number) {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new Error(`stalled: nothing received for ${ms / 1000} s`)),
    ms,
  );
  return { signal: controller.signal, alive: () => timer.refresh(), stop: () => clearTimeout(timer) };
}

/** Writes the body to the partial file from `start` on; returns the file's size then. */
async function save(
  body: ReadableStream<Uint8Array>,
  part: string,
  start: number,
  limit: number,
  onChunk: (received: number) => void,
): Promise<number> {
  const handle = await open(part, start === 0 ? 'w' : 'r+');
  let received = start;
  try {
    for await (const chunk of body) {
      await handle.write(chunk, 0, chunk.length, received);
      received += chunk.length;
      if (received > limit) throw new Final(`sends more than the expected ${limit} bytes`);
      onChunk(received);
    }
    await flush(handle);
  } finally {
    await handle.close();
  }
  return received;
}

/** One request to one mirror; on return the partial file is as long as it must be. */
async function request(url: string, target: Target, part: string, options: DownloadOptions): Promise<void> {
  const have = (await sizeOf(part)) ?? 0;
  if (have > 0 && have === target.bytes) return;
  const { signal, alive, stop } = watchdog(options.stallMs ?? 30_000);
  try {
    // identity: some servers would otherwise hand a .gz over unpacked.
    const headers = { 'accept-encoding': 'identity', ...(have > 0 ? { range: `bytes=${have}-` } : {}) };
    const response = await fetch(url, { headers, signal });
    let start: number;
    try {
      start = startOf(response, have);
      const total = announced(response, start);
      if (target.bytes !== undefined && total !== undefined && total !== target.bytes)
        throw new Final(`offers ${total} bytes, expected ${target.bytes}`);
    } catch (error) {
      await response.body?.cancel();
      throw error;
    }
    const total = target.bytes ?? announced(response, start);
    const received = await save(response.body!, part, start, total ?? Infinity, (sofar) => {
      alive();
      options.onProgress?.({
        file: target.label,
        received: sofar,
        ...(total === undefined ? {} : { total }),
      });
    });
    if (total !== undefined && received < total)
      throw new Error(`the connection ended after ${received} of ${total} bytes`);
  } catch (error) {
    throw signal.aborted ? (signal.reason as Error) : error;
  } finally {
    stop();
  }
}

/** Fetches and verifies; the partial file is kept for the next attempt only if it can be continued. */
async function attempt(url: string, target: Target, part: string, options: DownloadOptions): Promise<void> {
  const have = (await sizeOf(part)) ?? 0;
  if (have > (target.bytes ?? Infinity)) await rm(part, { force: true });
  try {
    await request(url, target, part, options);
  } catch (error) {
    const message = reason(error);
    if (/does not continue|more than the expected/.test(message)) await rm(part, { force: true });
    throw error;
  }
  if (target.md5 === undefined) return;
  const md5 = await md5OfFile(part);
  if (md5 === target.md5) return;
  await rm(part, { force: true });
  // A continued file may have begun as another one: that is worth a fresh start, a wrong whole one is not.
  throw new (have > 0 ? Error : Final)(`md5 ${md5}, expected ${target.md5}`);
}

/** Goes through the mirrors until one delivers. */
async function fromMirrors(target: Target, part: string, options: DownloadOptions): Promise<void> {
  const failures = new Map<string, string>();
  const given = new Set<string>();
  const { rounds = 3, pauseMs = 1000 } = options;
  for (let round = 0; round < rounds && given.size < target.urls.length; round++) {
    if (round > 0) await sleep(pauseMs * 2 ** (round - 1));
    for (const url of target.urls.filter((candidate) => !given.has(candidate))) {
      try {
        return await attempt(url, target, part, options);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw noRoom(target, error);
        failures.set(url, reason(error));
        if (error instanceof Final) given.add(url);
      }
    }
  }
  const tried = [...failures].map(([url, why]) => `${url}: ${why}`).join('; ');
  throw new DataError(
    `Could not download ${target.label} (${tried}). Check the network and try again, or ${byHand(target)}.`,
  );
}

function noRoom(target: Target, error: unknown): DataError {
  return new DataError(
    `Could not store ${target.label}: ${reason(error)}. Make room, or choose another --data-dir.`,
  );
}

/**
 * Makes sure that `target.path` holds the file; returns at once if something is there already. Another process
 * fetching the same file is waited for.
 * @throws DataError with each mirror's failure and what to do by hand
 */
export async function download(target: Target, options: DownloadOptions = {}): Promise<void> {
  if ((await sizeOf(target.path)) !== undefined) return;
  if (target.urls.length === 0)
    throw new DataError(`${target.label} cannot be downloaded without registration: ${byHand(target)}.`);
  let release: () => Promise<void>;
  try {
    await makeFolder(path.dirname(target.path));
    release = await acquireLock(`${target.path}.lock`);
  } catch (error) {
    throw new DataError(
      `Could not write to ${path.dirname(target.path)}: ${reason(error)}. Choose a folder with --data-dir or ADAMW_BENCH_DATA.`,
    );
  }
  try {
    if ((await sizeOf(target.path)) !== undefined) return;
    const part = `${target.path}.part`;
    await fromMirrors(target, part, options);
    await rename(part, target.path);
  } finally {
    await release();
  }
}
