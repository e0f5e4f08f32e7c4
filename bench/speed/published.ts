/** What is published of a run: the ratios that README shows, one file for each kind of machine. */
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cellCount, type SweepRow } from './measureSweep.js';
import type { WorkerRow } from './measureWorker.js';
import type { Machine } from './machine.js';
import { models } from './models.js';
import type { Spread } from './statistics.js';
import { summariseSweep, type EngineSummary, type ThreadsSummary } from './summary.js';

/** A network's ratios; undefined what was not measured. */
export interface PublishedNetwork {
  readonly name: string;
  readonly title: string;
  readonly overPytorch: Spread | undefined;
  readonly onednn: string | undefined;
  readonly pytorch: string | undefined;
  /** Medians. */
  readonly overWasm: number | undefined;
  readonly shareOfPeak: number | undefined;
  readonly memoryOverPytorch: number | undefined;
}

export interface Published {
  readonly machine: Machine;
  readonly networks: readonly PublishedNetwork[];
  readonly threads: readonly ThreadsSummary[];
  readonly sweep: { readonly cells: number; readonly overPytorch: Spread } | undefined;
}

export interface Measured {
  readonly steps: readonly EngineSummary[];
  readonly workers: readonly WorkerRow[];
  readonly threads: readonly ThreadsSummary[];
  readonly sweep: readonly SweepRow[];
}

/** The ratios of a run. */
export function published({ steps, workers, threads, sweep }: Measured, machine: Machine): Published {
  const networks = models.flatMap(({ name, title }) => {
    const of = (engine: string) => steps.find((row) => row.model === name && row.engine === engine);
    const [own, pytorch, wasm] = [of('onednn'), of('pytorch'), of('wasm')];
    const worker = workers.find((row) => row.model === name);
    if (!own) return [];
    return {
      name,
      title,
      overPytorch: own.overPytorch,
      onednn: own.configuration,
      pytorch: pytorch?.configuration,
      overWasm: wasm && own.imagesPerSecond.median / wasm.imagesPerSecond.median,
      shareOfPeak: own.shareOfPeak,
      memoryOverPytorch: worker && worker.onednnBytes / worker.pytorchBytes,
    };
  });
  return {
    machine,
    networks,
    threads,
    sweep: sweep.length > 0 ? { cells: cellCount, overPytorch: summariseSweep(sweep).times } : undefined,
  };
}

/** The published runs below a folder, those of kinds with names that sort first being first. */
export async function readPublished(folder: string): Promise<Published[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name, 'summary.json'))
    .filter((file) => existsSync(file));
  return Promise.all(files.sort().map(async (file) => JSON.parse(await readFile(file, 'utf8')) as Published));
}
