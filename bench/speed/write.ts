/** The files of the benchmark of speed: CSVs of what was measured, the machine's facts, the ratios. */
import { format } from 'prettier';
import { csvOf, decimals, writeFiles } from '../table.js';
import type { Machine } from './machine.js';
import type { StepRow } from './measureSteps.js';
import type { SweepRow } from './measureSweep.js';
import type { WorkerRow } from './measureWorker.js';
import type { Published } from './published.js';

export interface Results {
  readonly steps: readonly StepRow[];
  readonly workers: readonly WorkerRow[];
  readonly sweep: readonly SweepRow[];
}

const stepsCsv = (rows: readonly StepRow[]) =>
  csvOf(
    rows.map((row) => ({
      model: row.model,
      engine: row.engine,
      configuration: row.configuration,
      round: row.round,
      images_per_second: row.imagesPerSecond.toPrecision(5),
      peak_gflops: decimals(row.peakGflops, 1),
      share_of_peak: decimals(row.shareOfPeak, 4),
    })),
  );

const workersCsv = (rows: readonly WorkerRow[]) =>
  csvOf(
    rows.map((row) => ({
      model: row.model,
      onednn_peak_bytes: row.onednnBytes,
      pytorch_peak_bytes: row.pytorchBytes,
      onednn_outside_native: decimals(row.outsideNative, 4),
      onednn_garbage_collection: decimals(row.collection, 4),
    })),
  );

const sweepCsv = (rows: readonly SweepRow[]) =>
  csvOf(rows.map(({ round, engine, seconds }) => ({ round, engine, seconds: decimals(seconds, 2) })));

export const json = (value: unknown) => format(JSON.stringify(value), { parser: 'json' });

/** steps.csv, workers.csv, sweep.csv, machine.json and summary.json in a folder. */
export async function writeResults(
  folder: string,
  results: Results,
  machine: Machine,
  summary: Published,
): Promise<void> {
  await writeFiles(folder, {
    'steps.csv': stepsCsv(results.steps),
    'workers.csv': workersCsv(results.workers),
    'sweep.csv': sweepCsv(results.sweep),
    'machine.json': await json(machine),
    'summary.json': await json(summary),
  });
}
