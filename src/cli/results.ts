/** A results folder, read back for reports: records of its configuration's cells, manifest, command. */
import { existsSync } from 'node:fs';
import { loadExperiment, type Experiment } from '../config/index.js';
import type { ReportInput } from '../report/index.js';
import { expand, layout, readJournal, readManifest, relabelled, type Manifest } from '../sweep/index.js';
import { UsageError } from './exit.js';

/**
 * Reads a folder that `run` has written, also while it is being written. Without config.yaml every record counts.
 * @throws UsageError where the folder has no journal
 */
export async function readResults(dir: string): Promise<ReportInput> {
  const paths = layout(dir);
  if (!existsSync(paths.journal)) {
    throw new UsageError(
      `${dir} has no runs.jsonl: it is no results folder. Make one with: adamw-bench run CONFIG --out ${dir}`,
    );
  }
  const { records, damaged } = await readJournal(paths.journal);
  if (damaged.length > 0) {
    console.error(
      `note: ${damaged.length} damaged line(s) of ${paths.journal} left out; the next run trains their cells again.`,
    );
  }
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
  if (backend !== 'auto') return backend;
  return manifest?.sessions.at(-1)?.backend.name ?? records.at(-1)?.cell.backend ?? 'cpu';
}
