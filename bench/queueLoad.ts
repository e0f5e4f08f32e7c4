/**
 * What cells and workers cost Redis: `npm run bench:queue -- --parts load`. Cells sleep, so that one machine can stand
 * for many: with all cells of one length, jobs per second against the ideal; with two lengths, what a job costs once
 * and what it costs for each second that it is trained.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { start, type Program } from '../test/queue/program.js';
import type { Server } from '../test/queue/redis.js';
import { aligned } from './table.js';

/** Batches of a cell: each sleeps. */
const batches = 20;

interface Usage {
  readonly at: number;
  readonly records: number;
  readonly commands: number;
  readonly bytes: number;
  readonly cpuSeconds: number;
}

interface Load {
  readonly workers: number;
  readonly cellSeconds: number;
  readonly jobsPerSecond: number;
  readonly commandsPerJob: number;
  readonly bytesPerJob: number;
  readonly redisMsPerJob: number;
}

const countOf = (program: Program) => program.output.split('"event":"record"').length - 1;

async function usageOf({ client }: Server, program: Program): Promise<Usage> {
  const text = await client.info();
  const value = (name: string) => Number(new RegExp(`^${name}:([0-9.]+)`, 'm').exec(text)![1]);
  return {
    at: performance.now(),
    records: countOf(program),
    commands: value('total_commands_processed'),
    bytes: value('total_net_input_bytes') + value('total_net_output_bytes'),
    cpuSeconds: value('used_cpu_user') + value('used_cpu_sys'),
  };
}

function configOf(folder: string, cells: number): string {
  const file = join(folder, `load-${cells}.yaml`);
  const seeds = Array.from({ length: cells }, (_, seed) => seed).join(', ');
  writeFileSync(
    file,
    `name: load
dataset: { name: synthetic-mnist, train: 64, test: 16 }
model: { name: mlp, hidden: [4] }
train: { epochs: ${batches / 4}, batchSize: 16, seeds: [${seeds}] }
optimizers: [adamw]
grid: { lr: [0.001], wd: [0.001] }
backend: cpu
`,
  );
  return file;
}

/** So many workers at once, from when each has trained a cell. */
async function measure(server: Server, folder: string, workers: number, seconds: number): Promise<Load> {
  const cells = workers * 6;
  const env = { ADAMW_BENCH_FAULT: `slow:*:${(1000 * seconds) / batches}` };
  const worker = start(['worker', server.url, '--concurrency', String(workers), '--quiet'], env);
  const out = join(folder, `out-${performance.now()}`);
  const args = [
    'run',
    configOf(folder, cells),
    '--out',
    out,
    '--no-figures',
    '--json',
    '--queue',
    server.url,
  ];
  const program = start(args, env);
  const until = async (records: number): Promise<Usage> => {
    while (program.running && countOf(program) < records) await sleep(5);
    return usageOf(server, program);
  };
  const first = await until(2 * workers);
  // While all are busy: the last ones have nothing to take any more.
  const last = await until(cells - workers);
  const code = await program.ended;
  worker.kill('SIGKILL');
  await worker.ended;
  await server.client.flushall();
  if (code !== 0) throw new Error(`It ended with ${code}:\n${program.output.slice(-1000)}`);
  const jobs = last.records - first.records;
  const each = (what: 'commands' | 'bytes' | 'cpuSeconds') => (last[what] - first[what]) / jobs;
  return {
    workers,
    cellSeconds: seconds,
    jobsPerSecond: (1000 * jobs) / (last.at - first.at),
    commandsPerJob: each('commands'),
    bytesPerJob: each('bytes'),
    redisMsPerJob: 1000 * each('cpuSeconds'),
  };
}

const row = (load: Load): string[] => [
  String(load.workers),
  String(load.cellSeconds),
  load.jobsPerSecond.toFixed(2),
  (load.workers / load.cellSeconds).toFixed(2),
  load.commandsPerJob.toFixed(0),
  (load.bytesPerJob / 1024).toFixed(1),
  load.redisMsPerJob.toFixed(2),
];

/** Prints the table, and what it means for more workers. */
export async function load(server: Server, folder: string): Promise<void> {
  const loads: Load[] = [];
  for (const [workers, seconds] of [
    [1, 1],
    [8, 1],
    [8, 4],
    [64, 16],
  ] as const) {
    loads.push(await measure(server, folder, workers, seconds));
    console.error(`load: ${workers} workers, cells of ${seconds} s done`);
  }
  const heads = [
    'workers',
    'cell, s',
    'jobs/s',
    'at most',
    'commands a job',
    'KiB a job',
    'Redis CPU ms a job',
  ];
  console.log(aligned({ heads, rows: loads.map(row) }));
  const [short, long] = [loads[1]!, loads[2]!];
  for (const [what, of] of [
    ['commands', (one: Load) => one.commandsPerJob],
    ['bytes', (one: Load) => one.bytesPerJob],
    ['Redis CPU ms', (one: Load) => one.redisMsPerJob],
  ] as const) {
    const second = (of(long) - of(short)) / (long.cellSeconds - short.cellSeconds);
    const once = of(short) - second * short.cellSeconds;
    console.log(
      `${what}: ${once.toFixed(1)} a job, and ${second.toFixed(2)} for each second of its training`,
    );
  }
}
