/** The benchmark of speed in words: tables for the terminal. */
import { aligned, decimals, mebibytes, percent, significant } from '../table.js';
import type { WorkerRow } from './measureWorker.js';
import type { SweepRow } from './measureSweep.js';
import { cellCount } from './measureSweep.js';
import { models } from './models.js';
import type { Spread } from './statistics.js';
import { summariseSweep, type EngineSummary, type ThreadsSummary } from './summary.js';

/** `1.61 (1.54..1.73)`. */
export const times = ({ median, min, max }: Spread) =>
  `${decimals(median, 2)} (${decimals(min, 2)}..${decimals(max, 2)})`;

const stepHeads = ['network', 'engine', 'images/s', 'min', 'max', 'of peak', 'over PyTorch', 'configuration'];

function stepRow(title: string, row: EngineSummary): string[] {
  const { median, min, max } = row.imagesPerSecond;
  return [
    title,
    row.engine,
    significant(median),
    significant(min),
    significant(max),
    percent(row.shareOfPeak),
    row.overPytorch ? times(row.overPytorch) : '',
    row.configuration,
  ];
}

/** Training steps: images/s of the whole machine. */
export function stepsTable(steps: readonly EngineSummary[]): string {
  const rows = models.flatMap(({ name, title }) => {
    const own = steps.filter((row) => row.model === name);
    if (own.length === 0) return [];
    const missing = (['wasm', 'cpu'] as const).filter((engine) => !own.some((row) => row.engine === engine));
    const none = ['not measured', '', '', '', '', ''];
    return [...own.map((row) => stepRow(title, row)), ...missing.map((engine) => [title, engine, ...none])];
  });
  return aligned({ heads: stepHeads, rows });
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
  return aligned({ heads, rows });
}

/** Several threads for one cell. */
export function threadsTable(rows: readonly ThreadsSummary[]): string {
  return rows
    .map(
      ({ model, threads, overOne, overProcesses }) =>
        `${model}, 1 x ${threads} threads: ${times(overOne)} times 1 x 1 thread, ` +
        `${times(overProcesses)} times ${threads} x 1 thread`,
    )
    .join('\n');
}

/** The sweep's line. */
export function sweepLine(rows: readonly SweepRow[]): string {
  const { ours, pytorch, times: ratio } = summariseSweep(rows);
  return (
    `${cellCount} cells: adamw-bench ${decimals(ours.median, 1)} s, PyTorch ${decimals(pytorch.median, 1)} s, ` +
    `${times(ratio)} times as fast`
  );
}
