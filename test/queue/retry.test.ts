/** `--retry-failed` after a coordinator that died with a failure on disk, before its job was off Redis. */

import { join } from 'node:path';
import { Queue } from 'bullmq';
import { describe, expect, it } from 'vitest';
import { openConsumer } from '../../src/queue/bull.js';
import type { RunRecord } from '../../src/experiment/record.js';
import { journalOf, start, writeConfig } from './program.js';
import { ownRedis } from './ownRedis.js';
import { lastingKeys, noRedis, type Server } from './redis.js';

describe.skipIf(noRedis)('a failure that is still in Redis', () => {
  let server!: Server;
  const folder = ownRedis((one) => (server = one));

  /** The failed job as it was before the coordinator took it off. */
  async function putBack(name: string, { cell, startedAt, seconds, reason }: RunRecord): Promise<void> {
    const queue = new Queue(name, { connection: server.client, prefix: 'adamw-bench' });
    await queue.add('cell', {}, { jobId: `c${cell.id}` });
    const consumer = await openConsumer(server.client, name, 60_000);
    const queued = (await consumer.getNextJob('dead', { block: false }))!;
    await queued.moveToFailed(new Error(reason), 'dead');
    const began = Date.parse(startedAt);
    const times = { processedOn: began, progress: JSON.stringify({ spent: seconds }) };
    await server.client.hset(`adamw-bench:${name}:c${cell.id}`, times);
    await consumer.close(true);
    await queue.close();
  }

  it('is not taken for the result of the new attempt', async () => {
    const config = writeConfig(folder, { name: 'again', lr: [0.001], wd: [0.01] });
    const out = join(folder, 'again');
    const records = () => journalOf(out).map((line) => (JSON.parse(line) as { record: RunRecord }).record);
    const run = ['run', config, '--out', out, '--no-figures', '--retries', '0', '--queue', server.url];
    const workers = [start(['worker', server.url], { ADAMW_BENCH_FAULT: 'throw:*:1' })];
    try {
      const first = start(run);
      expect(await first.ended, first.output).toBe(3);
      workers[0]!.kill('SIGKILL');
      const [name] = /again-[0-9a-f]{12}/.exec(first.output)!;
      await putBack(name, records()[0]!);
      workers.push(start(['worker', server.url]));
      const second = start([...run, '--retry-failed']);
      expect(await second.ended, second.output).toBe(0);
      expect(records().map(({ status }) => status)).toEqual(['failed', 'failed', 'ok', 'ok']);
      expect(await lastingKeys(server, `adamw-bench:${name}:*`)).toEqual([]);
    } finally {
      for (const worker of workers) if (worker.running) worker.kill('SIGKILL');
    }
  });
});
