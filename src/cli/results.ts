/** A results folder, read back for reports: records of its configuration's cells, manifest, command. */
import { identityOf } from '../backends/identity.js';
import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadExperiment, type Experiment } from '../config/index.js';
import { withConfirmation } from '../experiment/stages.js';
import { plan } from '../experiment/plan.js';
import { errnoOf, explainingFiles } from '../files/problem.js';
import type { ReportInput } from '../report/index.js';
import {
  endpointsOf,
  frozenChoice,
  isOwn,
  jobsInSlices,
  journalFile,
  keptChoiceOf,
  layout,
  readImportManifest,
  readJournal,
  readManifest,
  recordsOf,
  type Manifest,
} from '../runner/index.js';
import type { ImportedRecord, RunRecord } from '../experiment/record.js';
import { UsageError } from './exit.js';

/**
 * Every record in a folder that `run` has written or is writing.
 * @throws UsageError if the folder has no journal, or one that cannot be read, or one of an import
 */
export async function readRecords(dir: string): Promise<readonly RunRecord[]> {
  const { records, imported } = await readContent(dir);
  if (imported) {
    throw new UsageError(
      `${dir} has records that were imported from another program: no run of it is here.`,
      {
        code: 'imported-folder',
        remedy: 'Name a folder that adamw-bench run has made.',
      },
    );
  }
  return records;
}

async function readContent(dir: string) {
  const { journal } = layout(dir);
  const content = await explainingFiles(journal, async () => {
    if (!(await exists(journal))) throw new UsageError(noResults(dir));
    await requireOwnJournal(dir);
    return readJournal(journal);
  });
  const { damaged, imported } = content;
  if (damaged.length > 0) {
    const again = imported ? 'import them again to have them.' : 'the next run trains their cells again.';
    console.error(`note: ${damaged.length} damaged line(s) of ${journal} left out; ${again}`);
  }
  return content;
}

/** @throws the file system's error if it cannot be told whether the file exists */
async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw error;
    return false;
  }
}

/** @throws UsageError if runs.jsonl is another program's */
async function requireOwnJournal(dir: string): Promise<void> {
  const { journal } = layout(dir);
  if ((await stat(journal)).isFile() && !(await isOwn(dir, journalFile))) {
    throw new UsageError(`${journal} is no journal of adamw-bench.`, {
      code: 'foreign-files',
      remedy: 'Name a folder that adamw-bench run has made.',
    });
  }
}

function noResults(dir: string): string {
  const packed = join(dir, 'runs.jsonl.gz');
  if (existsSync(packed)) return `${dir} has its journal packed. Unpack it first: gunzip ${packed}`;
  const what = existsSync(dir) ? 'has no runs.jsonl: it is no results folder' : 'does not exist';
  return `${dir} ${what}. Make one with: adamw-bench run CONFIG --out ${dir}`;
}

/**
 * Reads a results folder for a report. Without config.yaml every record counts, those on fresh seeds for the second stage.
 * @throws UsageError as `readRecords`
 */
export async function readResults(dir: string): Promise<ReportInput> {
  const paths = layout(dir);
  const { records, imported } = await readContent(dir);
  if (imported) return importedInput(dir, imported);
  const experiment = existsSync(paths.config) ? loadExperiment(paths.config, { written: true }) : null;
  const manifest = (await readManifest(paths.manifest)) ?? null;
  const command = manifest?.command ?? `adamw-bench run ${paths.config} --out ${dir}`;
  const shared = { experiment, manifest: { ...manifest }, endpoints: endpointsOf(manifest), command };
  if (!experiment) return { ...shared, records, choice: keptChoiceOf(manifest) };
  // A folder keeps the arithmetic that trained it: a later version reads it, too.
  const grid = plan(experiment, backendOf(experiment, manifest, records), manifest?.numerics);
  const choice = await frozenChoice(grid, manifest);
  const jobs = await jobsInSlices(choice ? withConfirmation(grid, choice) : grid);
  const own = recordsOf(jobs, new Map(records.map((record) => [record.cell.id, record])));
  const others = records.length - new Set(own.map(({ cell }) => cell.id)).size;
  if (others > 0) {
    console.error(
      `note: ${others} record(s) of other cells (another backend, another version of the arithmetic or an earlier configuration) left out.`,
    );
  }
  const planned = jobs.slice(0, grid.size);
  return { ...shared, records: own, planned, ...(choice ? { choice: keptChoiceOf(manifest) } : {}) };
}

/** An imported folder has no configuration: its manifest says where the records are from. */
async function importedInput(dir: string, records: readonly ImportedRecord[]): Promise<ReportInput> {
  const manifest = await readImportManifest(dir);
  return {
    records,
    experiment: null,
    manifest: { ...manifest },
    command: manifest?.command ?? 'adamw-bench import FILE',
    ...(manifest ? { name: manifest.imported.file } : {}),
  };
}

/** The backend of the latest session: `run` reports its cells, and so must this. */
function backendOf(
  { backend }: Experiment,
  manifest: Manifest | null,
  records: readonly RunRecord[],
): string {
  const last = manifest?.sessions.at(-1)?.backend;
  if (last !== undefined && (backend === 'auto' || backend === last.name)) return identityOf(last);
  if (backend !== 'auto') return backend;
  return records.at(-1)?.cell.backend ?? 'cpu';
}
