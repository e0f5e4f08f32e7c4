/**
 * The live page: the report served on this machine only, redrawn as runs finish.
 *
 * Bound to 127.0.0.1. The Host header must name this machine, or another site's page could reach the server through a
 * DNS name that it points here (DNS rebinding). GET only; nothing a client sends is kept or run.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ReportedError } from '../errors/reported.js';
import { analyse, type ReportInput } from './input.js';
import { pageData } from './page/data.js';
import { reportHtml } from './report.js';

export interface ServeOptions {
  /** Reads the results as they are now. Called at most once at a time, and only when someone looks. */
  readonly load: () => Promise<ReportInput>;
  /** One value for each change of the results (a finished run). Ends when nothing changes any more. */
  readonly changes?: AsyncIterable<unknown>;
  /** Default 0: a free port. */
  readonly port?: number;
}

export interface LiveServer {
  /** Such as `http://127.0.0.1:43123/`. */
  readonly url: string;
  /** Ends all connections. */
  readonly close: () => Promise<void>;
}

/** Bootstrap replicates for a live page: its intervals are rough, the final report's are not. */
const LIVE_REPLICATES = 200;
/** Changes closer together than this are told as one, milliseconds. */
const SETTLE = 400;
/** Comment lines that keep idle connections open, milliseconds. */
const HEARTBEAT = 15_000;

const HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const;

function answer(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    ...HEADERS,
    'Content-Type': `${type}; charset=utf-8`,
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** Whether a Host header means this server, at `port` of this machine. Browsers leave out HTTP's own port, 80. */
export function isLocal(host: string | undefined, port: number): boolean {
  return ['127.0.0.1', 'localhost'].some(
    (name) => host === `${name}:${String(port)}` || (port === 80 && host === name),
  );
}

/**
 * Keeps the last analysis until a change; concurrent requests share one. If a change comes during an analysis, another
 * one follows; two never run at once.
 */
function cached(load: () => Promise<ReportInput>) {
  let current: ReturnType<typeof fresh> | undefined;
  let last: Promise<unknown> = Promise.resolve();
  /** Whether `current` has begun to read: until then it will see any change. */
  let isReading = false;
  const fresh = async () => analyse(await load(), LIVE_REPLICATES);
  const start = () => {
    isReading = false;
    const mine = last.then(() => {
      isReading = true;
      return fresh();
    });
    last = mine.catch(() => {
      if (current === mine) current = undefined;
    });
    return mine;
  };
  return {
    get: () => (current ??= start()),
    drop: () => {
      if (isReading) current = undefined;
    },
  };
}

/** Open event streams. */
function eventStreams() {
  const clients = new Set<ServerResponse>();
  const send = (text: string): void => clients.forEach((client) => client.write(text));
  return {
    add: (request: IncomingMessage, response: ServerResponse) => {
      response.writeHead(200, { ...HEADERS, 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' });
      response.write('retry: 1000\n\n');
      clients.add(response);
      request.on('close', () => clients.delete(response));
    },
    change: () => send('event: change\ndata: {}\n\n'),
    beat: () => send(':\n\n'),
    end: () => clients.forEach((client) => client.end()),
  };
}

async function body(
  path: string,
  results: ReturnType<typeof cached>,
): Promise<readonly [string, string] | null> {
  if (path === '/') return ['text/html', reportHtml(await results.get(), [], true)];
  if (path !== '/data.json') return null;
  const { input, records, decoupling, verdict } = await results.get();
  const { experiment, planned } = input;
  const data = pageData({
    records,
    experiment,
    decoupling,
    verdict,
    ...(planned === undefined ? {} : { planned }),
  });
  return ['application/json', JSON.stringify(data)];
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new ReportedError(`Port ${String(port)} is taken.`, {
              code: 'port-taken',
              remedy: 'Choose another one, or none to get a free one.',
              cause: error,
            })
          : error,
      ),
    );
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** Watches `changes` and calls `tell` for each burst of them, until they end or `stop` is called. */
function settle(changes: AsyncIterable<unknown> | undefined, tell: () => void): () => void {
  const iterator = changes?.[Symbol.asyncIterator]();
  let timer: NodeJS.Timeout | undefined;
  const watch = async (): Promise<void> => {
    while (iterator !== undefined && (await iterator.next()).done !== true)
      timer ??= setTimeout(() => {
        timer = undefined;
        tell();
      }, SETTLE);
  };
  // If the watcher fails, updates end, but the server goes on with what it has.
  void watch().catch(() => undefined);
  return () => {
    clearTimeout(timer);
    void iterator?.return?.();
  };
}

/** Serves the report until `close`. Throws if the port is taken. */
export async function serveReport({ load, changes, port = 0 }: ServeOptions): Promise<LiveServer> {
  const results = cached(load);
  const streams = eventStreams();
  let bound = port;
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!isLocal(request.headers.host, bound)) {
      answer(response, 403, 'text/plain', 'This server answers to 127.0.0.1 only.\n');
      return;
    }
    if (request.method !== 'GET') {
      answer(response, 405, 'text/plain', 'Only GET is allowed.\n');
      return;
    }
    const path = new URL(request.url ?? '/', 'http://127.0.0.1').pathname;
    if (path === '/events') {
      streams.add(request, response);
      return;
    }
    const found = await body(path, results);
    if (found === null) answer(response, 404, 'text/plain', 'There is no such page.\n');
    else answer(response, 200, ...found);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      if (!response.headersSent)
        answer(response, 500, 'text/plain', `The results could not be read: ${why}\n`);
    });
  });
  bound = await listen(server, port);
  const stop = settle(changes, () => {
    results.drop();
    streams.change();
  });
  const heart = setInterval(streams.beat, HEARTBEAT);
  return {
    url: `http://127.0.0.1:${String(bound)}/`,
    close: () =>
      new Promise((resolve) => {
        stop();
        clearInterval(heart);
        streams.end();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
