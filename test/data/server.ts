/** A real HTTP server on the loopback interface that serves one file, well or badly. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface Served {
  readonly url: string;
  /** The Range header of each request so far ('' if it had none). */
  readonly ranges: string[];
}

/** Starts a server which is stopped after the test. */
export async function serve(handler: Handler): Promise<Served> {
  const ranges: string[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range ?? '');
    handler(request, response);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/file.bin`, ranges };
}

/** The whole file, or the part asked for by Range as RFC 9110 has it. */
export function wellBehaved(content: Buffer): Handler {
  return (request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start >= content.length) {
      response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
      return;
    }
    const range = `bytes ${start}-${content.length - 1}/${content.length}`;
    const length = { 'content-length': content.length - start };
    if (start > 0) response.writeHead(206, { ...length, 'content-range': range });
    else response.writeHead(200, length);
    response.end(content.subarray(start));
  };
}
