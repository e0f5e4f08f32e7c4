/** A results folder, read back for reports: records of its configuration's cells, manifest, command. */
import { identityOf } from '../backends/identity.js';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadExperiment, type Experiment } from '../config/index.js';
import type { ReportInput } from '../report/index.js';
import { expand, layout, readJournal, readManifest, relabelled, type Manifest } from '../sweep/index.js';
import type { RunRecord } from '../train/record.js';
import { UsageError } from './exit.js';

/**
 * Every record in a folder that `run` has written, also while it is being written.
 * @throws UsageError where the folder has no journal, or one that cannot be read
 */
export async function readRecords(dir: string): Promise<readonly RunRecord[]> {
  const { journal } = layout(dir);
  if (!existsSync(journal)) throw new UsageError(noResults(dir));
  const { records, damaged } = await readJournal(journal).catch((error: Error) => {
    throw new UsageError(`${journal} cannot be read (${error.message}).`);
  });
  if (damaged.length > 0) {
    console.error(
      `note: ${damaged.length} damaged line(s) of ${journal} left out; the next run trains their cells again.`,
    );
  }
  return records;
}

function noResults(dir: string): string {
  const packed = join(dir, 'runs.jsonl.gz');
  if (existsSync(packed)) return `${dir} has its journal packed. Unpack it first: gunzip ${packed}`;
  const what = existsSync(dir) ? 'has no runs.jsonl: it is no results folder' : 'does not exist';
  return `${dir} ${what}. Make one with: adamw-bench run CONFIG --out ${dir}`;
}

/**
 * Reads a results folder for a report. Without config.yaml every record counts.
 * @throws UsageError as `readRecords`
 */
export async function readResults(dir: string): Promise<ReportInput> {
  const paths = layout(dir);
  const records = await readRecords(dir);
  const experiment = existsSync(paths.config) ? loadExperiment(paths.config) : null;
  const manifest = (await readManifest(paths.manifest)) ?? null;
  const command = manifest?.command ?? `adamw-bench run ${paths.config} --out ${dir}`;
  if (!experiment) return { records, experiment, manifest: { ...manifest }, command };
  const jobs = expand(experiment, backendOf(experiment, manifest, records));
  const own = [...relabelled(records, jobs).values()];
  if (own.length < records.length) {
    console.error(
      `note: ${records.length - own.length} record(s) of other cells (another backend, another version of the arithmetic or an earlier configuration) left out.`,
    );
  }
  return { records: own, experiment, manifest: { ...manifest }, command, planned: jobs };
}

/** What the latest session computed with: `run` reports its cells, and so must this. */
function backendOf(
  { backend }: Experiment,
  manifest: Manifest | null,
  records: ReportInput['records'],
): string {
  const last = manifest?.sessions.at(-1)?.backend;
  if (last !== undefined && (backend === 'auto' || backend === last.name)) return identityOf(last);
  if (backend !== 'auto') return backend;
  return records.at(-1)?.cell.backend ?? 'cpu';
}
