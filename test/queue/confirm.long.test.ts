/** The second stage over a real Redis: the same results as on one machine, also after a kill. */
import { appendFileSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, journalOf, programs, resultsOf, temporaryFolder, writeConfig } from './program.js';
import { lastingKeys, noRedis, startRedis, type Server } from './redis.js';

describe.skipIf(noRedis)('a second stage on a queue', () => {
  const folder = temporaryFolder();
  const local = join(folder, 'local');
  const started = programs();
  let config: string;
  let server: Server;
  let env: Record<string, string>;
  const launch = (args: string[], more: Record<string, string> = env) => started.launch(args, more);
  const run = (out: string) => launch(['run', config, '--out', join(folder, out), '--no-figures', '--queue']);
  const choiceOf = (out: string) =>
    (JSON.parse(readFileSync(join(folder, out, 'manifest.json'), 'utf8')) as { confirmation: object })
      .confirmation;

  beforeAll(async () => {
    server = await startRedis({});
    env = { ADAMW_BENCH_REDIS: `redis://127.0.0.1:${server.port}` };
    config = writeConfig(folder);
    appendFileSync(config, 'confirm: { freshSeeds: 4 }\n');
    const { code, output } = await call(['run', config, '--out', local, '--no-figures', '--workers', '1']);
    expect(code, output).toBe(0);
  });
  afterAll(async () => {
    await started.end();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('gives what one machine gives, with one worker for both stages, and leaves nothing in Redis', async () => {
    const worker = launch(['worker']);
    const coordinator = run('queued');
    expect(await coordinator.ended, coordinator.output).toBe(0);
    expect(coordinator.output).toMatch(/8 cells wait[^]*The grid is settled[^]*8 cells wait/);
    expect(resultsOf(join(folder, 'queued'))).toEqual(resultsOf(local));
    expect(journalOf(join(folder, 'queued'))).toHaveLength(16);
    const left = await lastingKeys(server, 'adamw-bench:tiny-*');
    expect(left.filter((key) => !key.endsWith(':meta'))).toEqual([]);
    worker.kill('SIGTERM');
    await worker.ended;
  });

  it('goes on after its coordinator was killed in the second stage, with what workers have done meanwhile', async () => {
    const worker = launch(['worker'], { ...env, ADAMW_BENCH_FAULT: 'slow:*:100' });
    const first = run('killed');
    await first.until(/The grid is settled[^]*\[1\/8\]/);
    first.kill('SIGKILL');
    await first.ended;
    const choice = choiceOf('killed');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const second = run('killed');
    expect(await second.ended, second.output).toBe(0);
    expect(choiceOf('killed')).toEqual(choice);
    expect(resultsOf(join(folder, 'killed'))).toEqual(resultsOf(local));
    expect(journalOf(join(folder, 'killed'))).toHaveLength(16);
    worker.kill('SIGTERM');
    await worker.ended;
  });
});
