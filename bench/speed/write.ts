/** The benchmark's files: CSVs of what was measured, the machine's facts, and README's section. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { format, resolveConfig } from 'prettier';
import { writeAtomically } from '../../src/files/atomic.js';
import { makeFolder } from '../../src/files/folder.js';
import type { Machine } from './machine.js';
import type { StepRow } from './measureSteps.js';
import type { SweepRow } from './measureSweep.js';
import type { WorkerRow } from './measureWorker.js';

export interface Results {
  readonly steps: readonly StepRow[];
  readonly workers: readonly WorkerRow[];
  readonly sweep: readonly SweepRow[];
}

const rounded = (value: number | undefined, n: number) => (value === undefined ? '' : value.toFixed(n));

/** steps.csv, workers.csv, sweep.csv and machine.json in a folder. */
export async function writeResults(folder: string, results: Results, machine: Machine): Promise<void> {
  await makeFolder(folder);
  const csv = (name: string, heads: readonly string[], rows: readonly (readonly (string | number)[])[]) =>
    writeAtomically(join(folder, name), stringify([heads, ...rows] as (string | number)[][]));
  await csv(
    'steps.csv',
    ['model', 'engine', 'configuration', 'round', 'images_per_second', 'peak_gflops', 'share_of_peak'],
    results.steps.map((row) => [
      row.model,
      row.engine,
      row.configuration,
      row.round,
      row.imagesPerSecond.toPrecision(5),
      rounded(row.peakGflops, 1),
      rounded(row.shareOfPeak, 4),
    ]),
  );
  await csv(
    'workers.csv',
    [
      'model',
      'onednn_peak_bytes',
      'pytorch_peak_bytes',
      'onednn_outside_native',
      'onednn_garbage_collection',
    ],
    results.workers.map((row) => [
      row.model,
      row.onednnBytes,
      row.pytorchBytes,
      rounded(row.outsideNative, 4),
      rounded(row.collection, 4),
    ]),
  );
  await csv(
    'sweep.csv',
    ['round', 'engine', 'seconds'],
    results.sweep.map((row) => [row.round, row.engine, rounded(row.seconds, 2)]),
  );
  const facts = await format(JSON.stringify(machine), { parser: 'json' });
  await writeAtomically(join(folder, 'machine.json'), facts);
}

const marks = /(<!-- benchmark -->\n)[\s\S]*?(<!-- end benchmark -->)/;

/**
 * README's text with a new section between its two marks.
 * @throws Error where the marks are not there
 */
export function withSection(text: string, section: string): string {
  if (!marks.test(text))
    throw new Error(
      'README has no <!-- benchmark --> and <!-- end benchmark -->: put them where the table goes.',
    );
  return text.replace(marks, (_, open: string, close: string) => `${open}\n${section}\n\n${close}`);
}

export async function rewriteReadme(file: string, section: string): Promise<void> {
  const text = withSection(await readFile(file, 'utf8'), section);
  const options = (await resolveConfig(file)) ?? {};
  await writeAtomically(file, await format(text, { ...options, parser: 'markdown' }));
}
