/** Fetching pinned files: from a folder, and over HTTP from a registry of our own that cuts, lies and goes away. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { bytesThere, fetchAll, fromFolder, requireFiles } from '../../src/setup/fetch.js';
import { fetchOverHttps } from '../../src/setup/https.js';
import type { Pin } from '../../src/setup/pins.js';

const content = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 31) % 251));
const pin: Pin = {
  registry: 'pypi',
  project: 'some-wheel',
  version: '1.0',
  file: 'some_wheel-1.0-py3-none-any.whl',
  platforms: ['any'],
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
};

const root = mkdtempSync(join(tmpdir(), 'adamw-bench-fetch-'));
let count = 0;
const folder = () => {
  const made = join(root, String(count++));
  mkdirSync(made);
  return made;
};
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => (error as { code?: unknown }).code,
  );

/** What the registry does with the file itself; each test sets it. */
let serve: (request: IncomingMessage, response: ServerResponse) => void;
const ranges: (string | undefined)[] = [];
const server = createServer((request, response) => {
  if (request.url === '/simple/some-wheel/') {
    response.end(JSON.stringify({ files: [{ filename: pin.file, url: '../../files/wheel' }] }));
  } else if (request.url === '/files/wheel') {
    ranges.push(request.headers.range);
    serve(request, response);
  } else response.writeHead(404).end();
});

/** The file, or the part of it that is asked for. */
const whole = (request: IncomingMessage, response: ServerResponse) => {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from > 0) {
    response.writeHead(206, { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` });
  }
  response.end(content.subarray(from));
};

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  vi.stubEnv('PIP_INDEX_URL', `http://127.0.0.1:${port}/simple/`);
});
afterEach(() => void ranges.splice(0));
afterAll(() => {
  vi.unstubAllEnvs();
  server.close();
  rmSync(root, { recursive: true });
});

describe('over HTTP', () => {
  it('finds the file on the JSON page, fetches and checks it, and tells how it grows', async () => {
    serve = whole;
    const [to, told] = [folder(), [] as number[]];
    await fetchAll([pin], to, fetchOverHttps, (_, bytes) => told.push(bytes));
    expect(readFileSync(join(to, pin.file))).toEqual(content);
    expect(told.at(-1)).toBe(content.length);
  });

  it('goes on with a file that was cut off', async () => {
    const to = folder();
    writeFileSync(join(to, `${pin.file}.part`), content.subarray(0, 150_000));
    expect((await bytesThere([pin], to)).get(pin.file)).toBe(150_000);
    serve = whole;
    await fetchAll([pin], to, fetchOverHttps, () => undefined);
    expect(ranges).toEqual(['bytes=150000-']);
    expect(readFileSync(join(to, pin.file))).toEqual(content);
  });

  it('goes on by itself where the connection breaks', async () => {
    serve = (request, response) => {
      if (request.headers.range !== undefined) return whole(request, response);
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 50_000));
      // A stream that fails loses what nobody has read yet.
      setTimeout(() => response.destroy(), 500);
    };
    const to = folder();
    await fetchAll([pin], to, fetchOverHttps, () => undefined);
    expect(ranges).toHaveLength(2);
    expect(readFileSync(join(to, pin.file))).toEqual(content);
  });

  it('refuses a file with another checksum, and keeps nothing of it', async () => {
    serve = (_, response) => response.end(Buffer.alloc(content.length));
    const to = folder();
    expect(await codeOf(fetchAll([pin], to, fetchOverHttps, () => undefined))).toBe('setup-checksum');
    expect(existsSync(join(to, pin.file))).toBe(false);
  });

  it('says so where the index does not have the file', async () => {
    const other = { ...pin, file: 'some_wheel-1.1-py3-none-any.whl' };
    expect(await codeOf(fetchAll([other], folder(), fetchOverHttps, () => undefined))).toBe('setup-download');
    const unknown = { ...pin, project: 'no-such-project' };
    expect(await codeOf(fetchAll([unknown], folder(), fetchOverHttps, () => undefined))).toBe(
      'setup-download',
    );
  });
});

describe('from a folder', () => {
  it('takes whole files only, and leaves the folder as it is', async () => {
    const [from, to] = [folder(), folder()];
    writeFileSync(join(from, pin.file), content);
    await requireFiles([pin], from);
    await fetchAll([pin], to, fromFolder(from), () => undefined);
    expect(readFileSync(join(to, pin.file))).toEqual(content);

    writeFileSync(join(from, pin.file), 'changed');
    const other = folder();
    expect(await codeOf(fetchAll([pin], other, fromFolder(from), () => undefined))).toBe('setup-checksum');
    expect(readFileSync(join(from, pin.file), 'utf8')).toBe('changed');
  });

  it('names all files that are missing at once', async () => {
    const second = { ...pin, file: 'another.whl' };
    const error = await requireFiles([pin, second], folder()).catch((e: unknown) => e as Error);
    expect(error).toMatchObject({ code: 'setup-file-missing', exitCode: 2 });
    expect((error as Error).message).toContain(pin.file);
    expect((error as Error).message).toContain(second.file);
    expect(await codeOf(requireFiles([pin], join(root, 'nowhere')))).toBe('file-enoent');
  });
});
