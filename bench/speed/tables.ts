/** The benchmark in words: tables for the terminal, and ratios for README. */
import type { Machine } from './machine.js';
import type { WorkerRow } from './measureWorker.js';
import type { SweepRow } from './measureSweep.js';
import { cellCount } from './measureSweep.js';
import { models } from './models.js';
import type { Spread } from './statistics.js';
import { summariseSweep, type EngineSummary } from './summary.js';

export interface Measured {
  readonly steps: readonly EngineSummary[];
  readonly workers: readonly WorkerRow[];
  readonly sweep: readonly SweepRow[];
}

const digits = (value: number, n: number) => value.toFixed(n);
const percent = (share: number | undefined) => (share === undefined ? '?' : `${digits(share * 100, 0)} %`);
const mebibytes = (bytes: number) => `${digits(bytes / 2 ** 20, 0)} MiB`;
const speed = (value: number) => (value >= 100 ? digits(value, 0) : value.toPrecision(3));
const times = ({ median, min, max }: Spread) => `${digits(median, 2)} (${digits(min, 2)}..${digits(max, 2)})`;

/** Rows as aligned columns, the first row being the heads. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
    )
    .join('\n');
}

/** Training steps: images/s of the whole machine. */
export function stepsTable(steps: readonly EngineSummary[]): string {
  const heads = ['network', 'engine', 'images/s', 'min', 'max', 'of peak', 'over PyTorch', 'configuration'];
  const rows = models.flatMap((model) => {
    const own = steps.filter((row) => row.model === model.name);
    const lines = own.map((row) => {
      const { median, min, max } = row.imagesPerSecond;
      const ratio = row.overPytorch ? times(row.overPytorch) : '';
      const share = percent(row.shareOfPeak);
      return [
        model.title,
        row.engine,
        speed(median),
        speed(min),
        speed(max),
        share,
        ratio,
        row.configuration,
      ];
    });
    if (own.length === 0) return [];
    const missing = (['wasm', 'cpu'] as const).filter((engine) => !own.some((row) => row.engine === engine));
    const none = ['not measured', '', '', '', '', ''];
    return [...lines, ...missing.map((engine) => [model.title, engine, ...none])];
  });
  return aligned([heads, ...rows]);
}

/** One single-threaded worker: memory, and time outside of native code. */
export function workersTable(workers: readonly WorkerRow[]): string {
  const heads = ['network', 'peak memory: onednn', 'PyTorch', 'outside native code', 'garbage collection'];
  const rows = workers.map((row) => [
    row.model,
    mebibytes(row.onednnBytes),
    mebibytes(row.pytorchBytes),
    percent(row.outsideNative),
    percent(row.collection),
  ]);
  return aligned([heads, ...rows]);
}

/** The sweep's line. */
export function sweepLine(rows: readonly SweepRow[]): string {
  const { ours, pytorch, times: ratio } = summariseSweep(rows);
  return (
    `${cellCount} cells: adamw-bench ${digits(ours.median, 1)} s, PyTorch ${digits(pytorch.median, 1)} s, ` +
    `${times(ratio)} times as fast`
  );
}

/** README's section: ratios only, for those hold on other machines better than images per second do. */
export function readmeTable({ steps, workers, sweep }: Measured, machine: Machine): string {
  const of = (model: string, engine: string) =>
    steps.find((row) => row.model === model && row.engine === engine);
  const rows = models.map(({ name, title }) => {
    const own = of(name, 'onednn');
    const wasm = of(name, 'wasm');
    const worker = workers.find((row) => row.model === name);
    const overWasm =
      own && wasm ? `${digits(own.imagesPerSecond.median / wasm.imagesPerSecond.median, 1)}x` : '';
    const overPytorch = own?.overPytorch
      ? `**${digits(own.overPytorch.median, 2)}x** (${digits(own.overPytorch.min, 2)}–${digits(own.overPytorch.max, 2)})`
      : '';
    const memory = worker ? `${digits(worker.onednnBytes / worker.pytorchBytes, 2)}x` : '';
    return `| ${title} | ${overPytorch} | ${overWasm} | ${percent(own?.shareOfPeak)} | ${memory} |`;
  });
  const { times: ratio } = summariseSweep(sweep);
  return [
    `Whole training steps (forward, backward, AdamW; batch 128) on ${machine.cores} cores (${machine.cpu}), oneDNN`,
    `${machine.onednn}, against PyTorch ${machine.pytorch} in its best configuration; median and range of rounds taken`,
    'in turn:',
    '',
    '| network | `onednn` / PyTorch, images/s | `onednn` / `wasm`, images/s | of the multiply-add peak | memory of a worker / PyTorch’s |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
    `A whole sweep of ${cellCount} CNNs, start-up included, takes PyTorch **${digits(ratio.median, 2)}x** as long ` +
      `(${digits(ratio.min, 2)}–${digits(ratio.max, 2)}).`,
    'The peak counts the operations of the definition: Winograd convolutions do fewer. `npm run bench` measures all of it;',
    '[docs/benchmarks.md](docs/benchmarks.md) says how,',
    '[results/bench](results/bench) has the numbers.',
  ].join('\n');
}
