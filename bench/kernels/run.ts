/** `npm run bench -- --kernels`: how near each native kernel comes to the multiply-add peak, shape by shape. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { batchSize, type BenchModel } from '../speed/models.js';
import { quietPeak } from '../speed/peak.js';
import { startProcess, type Stepper } from '../speed/process.js';
import { median } from '../speed/statistics.js';
import { aligned, csvOf, decimals, markdown, writeFiles } from '../table.js';
import { kernelRows, kernelTable, type KernelRow, type Timed } from './rows.js';
import type { Call } from './work.js';

const worker = fileURLToPath(new URL('./worker.mjs', import.meta.url));

const sizes = {
  quick: { rounds: 1, seconds: 0, rest: 0 },
  full: { rounds: 7, seconds: 0.03, rest: 1 },
};

interface CountedCall extends Call {
  readonly count: number;
}

/** Seconds of one call, and the peak of one core, round by round: in each all calls take turns. */
async function timeCalls(
  stepper: Stepper,
  calls: readonly CountedCall[],
  size: (typeof sizes)['full'],
  peak: ((cores: number) => Promise<number>) | undefined,
) {
  const seconds = calls.map(() => [] as number[]);
  const peaks: number[] = [];
  for (let round = 0; round < size.rounds; round++) {
    await sleep(1000 * size.rest);
    if (peak) peaks.push(await peak(1));
    for (const call of calls.keys())
      seconds[call]!.push((await stepper.ask({ do: 'time', call, seconds: size.seconds })).seconds!);
  }
  return { seconds, peaks };
}

async function measureModel(
  model: BenchModel,
  size: (typeof sizes)['full'],
  peak: ((cores: number) => Promise<number>) | undefined,
): Promise<Timed[]> {
  const setup = JSON.stringify({ model: model.spec, shape: model.shape, batchSize, threads: 1 });
  const { stepper } = await startProcess({
    name: 'kernels',
    command: process.execPath,
    args: [worker, setup],
  });
  try {
    const { calls } = await stepper.ask<{ calls: CountedCall[] }>({ do: 'calls' });
    await timeCalls(stepper, calls, { rounds: 1, seconds: 0, rest: 0 }, undefined);
    const { seconds, peaks } = await timeCalls(stepper, calls, size, peak);
    return calls.map((call, i) => ({
      model: model.name,
      call,
      count: call.count,
      seconds: seconds[i]!,
      peaks,
    }));
  } finally {
    await stepper.end();
  }
}

const csv = (rows: readonly KernelRow[]) =>
  csvOf(
    rows.map((row) => ({
      kernel: row.kernel,
      shape: row.shape,
      networks: row.networks.join(' '),
      ms: row.ms.toPrecision(4),
      gflops: decimals(row.gflops, 1),
      share_of_peak: decimals(row.shareOfPeak, 4),
      gigabytes_per_second: row.gigabytesPerSecond.toPrecision(4),
      ms_in_step: Object.entries(row.msInStep)
        .map(([model, ms]) => `${model}:${ms.toPrecision(4)}`)
        .join(' '),
    })),
  );

/** Measures the calls of a step of each network, with one thread; prints the worst first. */
export async function benchKernels(options: {
  readonly models: readonly BenchModel[];
  readonly quick: boolean;
  readonly out: string | undefined;
}): Promise<void> {
  const size = options.quick ? sizes.quick : sizes.full;
  const peak = await quietPeak(options.quick);
  const timed: Timed[] = [];
  for (const model of options.models) {
    timed.push(...(await measureModel(model, size, peak)));
    console.error(`kernels of ${model.title}: done`);
  }
  const rows = kernelRows(timed);
  const [products, others] = kernelTable(rows);
  const peaks = timed.flatMap((one) => one.peaks);
  if (peaks.length > 0) console.log(`peak of one core: ${median(peaks).toFixed(1)} GFLOP/s\n`);
  console.log(`${aligned(products)}\n\n${aligned(others)}`);
  if (options.out === undefined) return;
  await writeFiles(options.out, {
    'kernels.csv': csv(rows),
    'kernels.md': `${markdown(products)}\n\n${markdown(others)}\n`,
  });
}
