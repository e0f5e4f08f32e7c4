/**
 * What a queue costs, `npm run bench:queue`: a sweep of 5-second cells on two workers through the queue against the
 * local pool, interleaved; and 100,000 queued cells: Redis's memory, the time to queue them and to see their status.
 * Options: `--cells 40` for the sweep, `--rounds 3`, `--queued 100000`; `--parts capacity,load,overhead`. `load` is what
 * jobs cost Redis with 1, 8 and 64 workers (queueLoad.ts).
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { experimentSchema } from '../src/experiment/experiment.js';
import { openQueue } from '../src/queue/bull.js';
import { enqueue, packed } from '../src/queue/enqueue.js';
import { registerSweep } from '../src/queue/registry.js';
import { plan } from '../src/experiment/plan.js';
import { NUMERICS } from '../src/experiment/cell.js';
import { call, start, temporaryFolder } from '../test/queue/program.js';
import { noRedis, startRedis, type Server } from '../test/queue/redis.js';
import { load } from './queueLoad.js';

const { values } = parseArgs({
  options: {
    cells: { type: 'string', default: '40' },
    rounds: { type: 'string', default: '3' },
    queued: { type: 'string', default: '100000' },
    parts: { type: 'string', default: 'capacity,load,overhead' },
  },
});

const median = (times: readonly number[]) => [...times].sort((a, b) => a - b)[times.length >> 1]!;
const folder = temporaryFolder();

/** Cells of five seconds: 100 beats of 50 ms, asleep, so that a busy machine does not blur the comparison. */
const slow = { ADAMW_BENCH_FAULT: 'slow:*:50' };
const config = join(folder, 'five.yaml');
writeFileSync(
  config,
  `name: five
dataset: { name: synthetic-mnist, train: 64, test: 16 }
model: { name: mlp, hidden: [4] }
train: { epochs: 20, batchSize: 16, seeds: [${Array.from({ length: Number(values.cells) }, (_, i) => i).join(', ')}] }
optimizers: [adamw]
grid: { lr: [0.001], wd: [0.001] }
backend: cpu
`,
);

/** Seconds of the whole command, and from its first record to its last. */
async function sweep(args: readonly string[]): Promise<{ whole: number; steady: number }> {
  const dir = join(folder, `out-${performance.now()}`);
  const began = performance.now();
  const program = start(['run', config, '--out', dir, '--no-figures', '--json', ...args], slow);
  const records = async (n: number): Promise<number> => {
    while (program.running && program.output.split('"event":"record"').length <= n) await sleep(2);
    return performance.now();
  };
  const first = await records(1);
  const last = await records(Number(values.cells));
  const code = await program.ended;
  if (code !== 0) throw new Error(`It ended with ${code}:\n${program.output}`);
  return { whole: (performance.now() - began) / 1000, steady: (last - first) / 1000 };
}

async function overhead(server: Server): Promise<void> {
  const local: { whole: number; steady: number }[] = [];
  const queued: { whole: number; steady: number }[] = [];
  const worker = start(['worker', server.url, '--concurrency', '2', '--quiet'], slow);
  for (let round = 0; round < Number(values.rounds); round++) {
    local.push(await sweep(['--workers', '2']));
    queued.push(await sweep(['--queue', server.url]));
    console.log(
      `round ${round + 1}: whole command local ${local.at(-1)!.whole.toFixed(2)} s, queue ${queued.at(-1)!.whole.toFixed(2)} s; first to last record local ${local.at(-1)!.steady.toFixed(2)} s, queue ${queued.at(-1)!.steady.toFixed(2)} s`,
    );
  }
  worker.kill('SIGKILL');
  await worker.ended;
  for (const part of ['whole', 'steady'] as const) {
    const [a, b] = [median(local.map((one) => one[part])), median(queued.map((one) => one[part]))];
    console.log(
      `${part === 'whole' ? 'whole command' : 'first to last record'}: local ${a.toFixed(2)} s, queue ${b.toFixed(2)} s, overhead ${(100 * (b / a - 1)).toFixed(2)} % (target < 2 %)`,
    );
  }
}

async function capacity(server: Server): Promise<void> {
  const count = Number(values.queued);
  const experiment = experimentSchema.parse({
    name: 'hundred-thousand',
    dataset: { name: 'synthetic-mnist' },
    model: { name: 'mlp' },
    train: { epochs: 100, seeds: [0] },
    optimizers: ['adam', 'adamw'],
    grid: {
      lr: { logspace: { from: -20, to: 0, steps: Math.ceil(count / 200) } },
      wd: { logspace: { from: -20, to: 0, steps: 100 } },
    },
  });
  const jobs = [...plan(experiment, 'cpu').jobs()].slice(0, count);
  const { variants, data } = await packed(jobs);
  const name = 'hundred-thousand-0';
  const spec = {
    format: 1,
    name: 'hundred-thousand',
    version: '0',
    numerics: NUMERICS,
    fingerprint: '',
    dataset: experiment.dataset,
    backend: 'cpu',
    threads: 1,
    variants,
    policy: { epochs: 0, seconds: 60 },
    limits: { timeout: 0, hang: 0, memory: 0 },
    stall: 60_000,
    shareBytes: 0,
    keepWeights: false,
  };
  await registerSweep(server.client, name, spec);
  const queue = openQueue(server.client, name);
  const began = performance.now();
  await enqueue(queue, data.keys(), data, 1);
  const seconds = (performance.now() - began) / 1000;
  const memory = Number(/used_memory:(\d+)/.exec(await server.client.info('memory'))![1]);
  console.log(
    `${jobs.length} cells queued in ${seconds.toFixed(1)} s; Redis uses ${(memory / 2 ** 20).toFixed(0)} MiB (target < 512), ${Math.round(memory / jobs.length)} bytes a cell`,
  );
  const asked = performance.now();
  const { output } = await call(['queue', 'status', server.url]);
  console.log(
    `queue status in ${((performance.now() - asked) / 1000).toFixed(2)} s: ${output.split('\n')[0]!}`,
  );
  await queue.close();
}

if (noRedis) {
  console.log(`Skipped: ${noRedis}.`);
} else {
  const server = await startRedis();
  try {
    const parts = { capacity, load: (one: Server) => load(one, folder), overhead };
    for (const [name, measure] of Object.entries(parts)) {
      if (!values.parts.split(',').includes(name)) continue;
      await measure(server);
      await server.client.flushall();
    }
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
