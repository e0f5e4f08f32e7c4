/**
 * Fetches one file over HTTP. It appears under its name whole and verified, or not at all. Partial files are resumed,
 * mirrors are tried one after the other, and two processes do not fetch the same file twice.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataError, reason, usingData } from './errors.js';
import { proxyAdvice, useProxy } from './proxy.js';
import { flush } from '../files/flush.js';
import { makeFolder } from '../files/folder.js';
import { acquireLock } from '../files/lock.js';
import { FileError } from '../files/problem.js';

/** One file to fetch. Sizes in bytes. */
export interface Target {
  /** What messages call it, e.g. `mnist/train-images-idx3-ubyte.gz`. */
  readonly label: string;
  readonly path: string;
  readonly bytes?: number | undefined;
  readonly md5?: string | undefined;
  readonly urls: readonly string[];
  /** What is in its place, as a sentence with a space in front. */
  readonly found?: string;
}

export interface Progress {
  readonly file: string;
  /** What is counted where it is not bytes that are fetched: images that are read. */
  readonly what?: 'images';
  readonly received: number;
  readonly total?: number;
}

export interface DownloadOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** A connection is dropped after this long without data, in ms. */
  readonly stallMs?: number;
  /** How often the list of mirrors is gone through. */
  readonly rounds?: number;
  /** Pause before the second round, doubled before each further one, in ms. */
  readonly pauseMs?: number;
}

class MirrorError extends Error {
  /** Another request will not change it. */
  readonly final: boolean;
  /** The partial file cannot be continued: it must be removed. */
  readonly discardPart: boolean;

  constructor(message: string, { final = false, discardPart = false } = {}) {
    super(message);
    this.final = final;
    this.discardPart = discardPart;
  }
}

export class DownloadError extends DataError {
  constructor(
    { label, found = '', ...target }: Target,
    /** What each mirror did wrong. */
    readonly mirrors: readonly { readonly url: string; readonly why: string }[],
  ) {
    const proxy = proxyAdvice();
    const advice = `Check the network and try again, or ${manualDownload({ label, ...target })}.${proxy === undefined ? '' : ` ${proxy}`}`;
    const tried = mirrors.map(({ url, why }) => `\n  ${url}: ${why}`).join('');
    super(`Could not download ${label}.${found} ${advice}\nTried:${tried}`, { code: 'download-failed' });
  }
}

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

/** How to get the file by hand, as the end of a sentence. */
export function manualDownload(target: Target): string {
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
    throw new MirrorError(`HTTP ${response.status}: the server does not continue the partial file`, {
      discardPart: true,
    });
  const message = `HTTP ${response.status} ${response.statusText}`.trim();
  const final = response.status >= 400 && response.status < 500 && ![408, 425, 429].includes(response.status);
  throw new MirrorError(message, { final });
}

/** The whole file's size as the answer announces it. */
function announcedSize(response: Response, start: number): number | undefined {
  const length = response.headers.get('content-length');
  if (length === null || response.headers.has('content-encoding')) return undefined;
  return start + Number(length);
}

/** Aborts unless `alive` is called at least every `ms`. */
function watchdog(ms: number) {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new MirrorError(`stalled: nothing received for ${ms / 1000} s`)),
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
  const handle = await usingData(part, () => open(part, start === 0 ? 'w' : 'r+'));
  let received = start;
  try {
    for await (const chunk of body) {
      await usingData(part, () => handle.write(chunk, 0, chunk.length, received));
      received += chunk.length;
      if (received > limit)
        throw new MirrorError(`sends more than the expected ${limit} bytes`, {
          final: true,
          discardPart: true,
        });
      onChunk(received);
    }
    await usingData(part, () => flush(handle));
  } finally {
    await handle.close();
  }
  return received;
}

/** One request to one mirror; on return the partial file is as long as it must be. */
async function request(url: string, target: Target, part: string, options: DownloadOptions): Promise<void> {
  const have = (await usingData(part, () => sizeOf(part))) ?? 0;
  if (have > 0 && have === target.bytes) return;
  const { signal, alive, stop } = watchdog(options.stallMs ?? 30_000);
  try {
    // identity: some servers would otherwise unpack a .gz on the way.
    const headers = { 'accept-encoding': 'identity', ...(have > 0 ? { range: `bytes=${have}-` } : {}) };
    const response = await fetch(url, { headers, signal });
    let start: number;
    try {
      start = startOf(response, have);
      const total = announcedSize(response, start);
      if (target.bytes !== undefined && total !== undefined && total !== target.bytes)
        throw new MirrorError(`offers ${total} bytes, expected ${target.bytes}`, { final: true });
    } catch (error) {
      await response.body?.cancel();
      throw error;
    }
    const total = target.bytes ?? announcedSize(response, start);
    const received = await save(response.body!, part, start, total ?? Infinity, (sofar) => {
      alive();
      options.onProgress?.({
        file: target.label,
        received: sofar,
        ...(total === undefined ? {} : { total }),
      });
    });
    if (total !== undefined && received < total)
      throw new MirrorError(`the connection ended after ${received} of ${total} bytes`);
  } catch (error) {
    throw signal.aborted ? (signal.reason as Error) : error;
  } finally {
    stop();
  }
}

/** Fetches and verifies; the partial file is kept for the next attempt only if it can be continued. */
async function attempt(url: string, target: Target, part: string, options: DownloadOptions): Promise<void> {
  const have = (await usingData(part, () => sizeOf(part))) ?? 0;
  const discard = () => usingData(part, () => rm(part, { force: true }));
  if (have > (target.bytes ?? Infinity)) await discard();
  try {
    await request(url, target, part, options);
  } catch (error) {
    if (error instanceof MirrorError && error.discardPart) await discard();
    throw error;
  }
  if (target.md5 === undefined) return;
  const md5 = await usingData(part, () => md5OfFile(part));
  if (md5 === target.md5) return;
  await discard();
  // A continued file may have begun as another one, so it deserves a fresh start; a whole wrong file does not.
  throw new MirrorError(`md5 ${md5}, expected ${target.md5}`, { final: have === 0 });
}

/** Goes through the mirrors until one delivers. @throws DownloadError; FileError if the file cannot be stored */
async function fromMirrors(target: Target, part: string, options: DownloadOptions): Promise<void> {
  const failures = new Map<string, string>();
  const given = new Set<string>();
  const { rounds = 3, pauseMs = 1000 } = options;
  useProxy();
  for (let round = 0; round < rounds && given.size < target.urls.length; round++) {
    if (round > 0) await sleep(pauseMs * 2 ** (round - 1));
    for (const url of target.urls.filter((candidate) => !given.has(candidate))) {
      try {
        await attempt(url, target, part, options);
        return;
      } catch (error) {
        // Another mirror does not help if the disk is full.
        if (error instanceof FileError) throw error;
        failures.set(url, reason(error));
        if (error instanceof MirrorError && error.final) given.add(url);
      }
    }
  }
  throw new DownloadError(
    target,
    [...failures].map(([url, why]) => ({ url, why })),
  );
}

/**
 * Makes sure that `target.path` holds the file; returns at once if something is there already. Another process
 * fetching the same file is waited for.
 * @throws DownloadError with what to do by hand and each mirror's failure; FileError if it cannot be stored
 */
export async function download(target: Target, options: DownloadOptions = {}): Promise<void> {
  const isThere = async () => (await usingData(target.path, () => sizeOf(target.path))) !== undefined;
  if (await isThere()) return;
  if (target.urls.length === 0)
    throw new DataError(
      `${target.label} cannot be downloaded without registration${target.found ? `.${target.found} To have it,` : ':'} ${manualDownload(target)}.`,
      { code: 'data-needs-registration' },
    );
  const folder = path.dirname(target.path);
  const release = await usingData(folder, async () => {
    await makeFolder(folder);
    return acquireLock(`${target.path}.lock`);
  });
  try {
    if (await isThere()) return;
    const part = `${target.path}.part`;
    await fromMirrors(target, part, options);
    await usingData(target.path, () => rename(part, target.path));
  } finally {
    await release();
  }
}
