/** What a sweep does with its cells apart from training them, each as one function of a number of cells and a folder. */
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { experimentSchema, type Experiment } from '../../src/experiment/experiment.js';
import { plan } from '../../src/experiment/plan.js';
import type { RunRecord } from '../../src/experiment/record.js';
import { writeReport } from '../../src/report/index.js';
import { jobsInSlices, readJournal, runSweep, type SweepResult } from '../../src/runner/index.js';
import { encodeLine, openJournal } from '../../src/runner/journal.js';
import { layout } from '../../src/runner/directory.js';
import { experimentOf, recordOf, wideExperimentOf } from './synthetic.js';

/** What a stage has done; bytes of the file that it is about. */
export interface Done {
  readonly cells: number;
  readonly bytes?: number;
}

export type Stage = (cells: number, dir: string, seconds: number) => Promise<Done>;

const experiment = (cells: number) => experimentSchema.parse(experimentOf(cells));
const planned = (cells: number) => plan(experiment(cells), 'cpu');

/** Runs the sweep with an executor that trains nothing. */
async function sweep(cells: number, dir: string): Promise<SweepResult> {
  const result = await runSweep(
    experiment(cells),
    {
      dir,
      workers: 1,
      retries: 0,
      failFast: false,
      retryFailed: false,
      update: false,
      limits: { timeout: 0, hang: 0, memory: 0 },
      policy: { epochs: 0, seconds: 0 },
      executor: () => Promise.resolve(),
      command: 'adamw-bench run scale.yaml',
      signal: new AbortController().signal,
    },
    {},
  );
  return result!;
}

/** Makes all cells. */
const expand: Stage = async (cells) => ({ cells: (await jobsInSlices(planned(cells))).length });

/** Appends records one by one, each flushed to disk, for some seconds at most. */
const write: Stage = async (cells, dir, seconds) => {
  const { journal } = await openJournal(join(dir, 'written.jsonl'));
  const end = performance.now() + 1000 * seconds;
  let n = 0;
  for (const job of planned(cells).jobs()) {
    if (performance.now() > end) break;
    await journal.append(recordOf(job));
    n++;
  }
  await journal.close();
  return { cells: n };
};

/** Not measured: makes a folder whose journal has all records. */
const fill: Stage = async (cells, dir) => {
  await sweep(cells, dir);
  const lines = Readable.from(
    (function* () {
      for (const job of planned(cells).jobs()) yield encodeLine(recordOf(job));
    })(),
  );
  const file = layout(dir).journal;
  await pipeline(lines, createWriteStream(file, { flags: 'a' }));
  return { cells, bytes: (await stat(file)).size };
};

const read: Stage = async (_cells, dir) => {
  const file = layout(dir).journal;
  const { records } = await readJournal(file);
  return { cells: records.length, bytes: (await stat(file)).size };
};

/** The same sweep again: there is nothing to train. */
const resume: Stage = async (cells, dir) => {
  const { records, interrupted } = await sweep(cells, dir);
  if (interrupted) throw new Error('Cells are missing that the journal has.');
  return { cells: records.length };
};

/** CSVs, figures and the page; bytes of the page. */
async function reportOf(records: readonly RunRecord[], experiment: Experiment, dir: string): Promise<Done> {
  const input = {
    records,
    experiment,
    manifest: {},
    command: 'adamw-bench run scale.yaml',
  };
  const paths = await writeReport(dir, input);
  const page = paths.find((path) => path.endsWith('.html'))!;
  return { cells: records.length, bytes: (await stat(page)).size };
}

const report: Stage = async (cells, dir) =>
  reportOf((await readJournal(layout(dir).journal)).records, experiment(cells), dir);

/** The same for one seed on a wide grid: each record is a square of its own. */
const wide: Stage = async (cells, dir) => {
  const settings = experimentSchema.parse(wideExperimentOf(cells));
  return reportOf(Array.from(plan(settings, 'cpu').jobs(), recordOf), settings, dir);
};

export const stages = { expand, write, fill, read, resume, report, wide };
export type StageName = keyof typeof stages;
