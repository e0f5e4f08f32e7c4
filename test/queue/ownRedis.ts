/** A Redis and a folder of their own for the tests of one `describe`. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll } from 'vitest';
import { temporaryFolder } from './program.js';
import { startRedis, type Server } from './redis.js';

/** @returns the folder; `take` is given the server before the first test. Both go after the last. */
export function ownRedis(take: (server: Server) => void): string {
  const folder = temporaryFolder();
  let server: Server;
  beforeAll(async () => take((server = await startRedis())));
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
