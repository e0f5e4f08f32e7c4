import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { isLocal, type LiveServer, serveReport } from '../../src/report/serve.js';
import { powers, sweepRecords } from './records.js';

const records = sweepRecords({ lrs: powers(-11, 3), wds: powers(-12, 3), seeds: [0], epochs: 2 });
const input = { records, experiment: null, manifest: {}, command: 'adamw-bench run x.yaml' };

interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly body: string;
}

/** A request with headers that fetch would not let one set. */
function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const call = request(url, { headers, method }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (piece: string) => (body += piece));
      response.on('end', () =>
        resolve({ status: response.statusCode!, type: response.headers['content-type'], body }),
      );
    });
    call.on('error', reject).end();
  });
}

describe('serveReport', () => {
  let server: LiveServer | undefined;
  afterEach(() => server?.close());

  it('serves the page and its data on the loopback address', async () => {
    server = await serveReport({ load: () => Promise.resolve(input) });
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const page = await ask(server.url);
    expect(page.type).toContain('text/html');
    expect(page.body).toContain("connect-src 'self'");
    const data = await ask(`${server.url}data.json`);
    expect((JSON.parse(data.body) as { panels: unknown[] }).panels).toHaveLength(2);
    expect((await ask(`${server.url}../package.json`)).status).toBe(404);
  });

  it.each(['evil.example', '127.0.0.1.evil.example', 'localhost:1', '127.0.0.1'])(
    'refuses the Host %s',
    async (host) => {
      server = await serveReport({ load: () => Promise.resolve(input) });
      expect((await ask(`${server.url}data.json`, { Host: host })).status).toBe(403);
    },
  );

  it('takes a Host without a port for port 80, as browsers send it', () => {
    const hosts = ['127.0.0.1', 'localhost', 'localhost:80', 'evil.example', undefined];
    expect(hosts.map((host) => isLocal(host, 80))).toEqual([true, true, true, false, false]);
    expect(hosts.some((host) => isLocal(host, 8080))).toBe(false);
  });

  it('reads once at a time, and again after a change while it was reading', async () => {
    let tell: () => void = () => undefined;
    const changes = (async function* () {
      for (;;) {
        await new Promise<void>((resolve) => (tell = resolve));
        yield;
      }
    })();
    const reads: { resolve: (value: typeof input) => void; reject: (error: Error) => void }[] = [];
    const load = () => new Promise<typeof input>((resolve, reject) => void reads.push({ resolve, reject }));
    server = await serveReport({ load, changes });
    const events = new Promise<void>((resolve) => {
      request(`${server!.url}events`, (response) => {
        response.on('data', (chunk: Buffer) => chunk.includes('event: change') && resolve());
        response.on('error', () => undefined);
        tell();
      }).end();
    });
    const first = ask(server.url);
    await expect.poll(() => reads.length).toBe(1);
    await events;
    const second = ask(server.url);
    const third = ask(server.url);
    // Time for a second read to begin, if it would.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(reads).toHaveLength(1);
    reads[0]!.reject(new Error('gone'));
    expect((await first).status).toBe(500);
    await expect.poll(() => reads.length).toBe(2);
    reads[1]!.resolve(input);
    expect([(await second).status, (await third).status]).toEqual([200, 200]);
    expect((await ask(server.url)).status).toBe(200);
    expect(reads).toHaveLength(2);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    server = await serveReport({ load: () => Promise.resolve(input) });
    expect((await ask(server.url, {}, method)).status).toBe(405);
  });

  it('says why results cannot be read, and recovers', async () => {
    let broken = true;
    const load = () =>
      broken ? Promise.reject(new Error('runs.jsonl is missing.')) : Promise.resolve(input);
    server = await serveReport({ load });
    const answer = await ask(server.url);
    expect([answer.status, answer.body]).toEqual([
      500,
      'The results could not be read: runs.jsonl is missing.\n',
    ]);
    broken = false;
    expect((await ask(server.url)).status).toBe(200);
  });

  it('says that a port is taken', async () => {
    server = await serveReport({ load: () => Promise.resolve(input) });
    const port = Number(new URL(server.url).port);
    await expect(serveReport({ load: () => Promise.resolve(input), port })).rejects.toMatchObject({
      code: 'port-taken',
      message: expect.stringContaining(String(port)) as string,
    });
  });
});
