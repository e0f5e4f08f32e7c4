/** A results folder, read back for reports: records of its configuration's cells, manifest, command. */
import { existsSync } from 'node:fs';
import { loadExperiment } from '../config/index.js';
import type { ReportInput } from '../report/index.js';
import { expand, layout, readJournal, readManifest, relabelled } from '../sweep/index.js';
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
  const jobs = expand(
    experiment,
    records[0]?.cell.backend ?? manifest?.sessions.at(-1)?.backend.name ?? 'cpu',
  );
  return {
    records: [...relabelled(records, jobs).values()],
    experiment,
    manifest: { ...manifest },
    command,
    planned: jobs,
  };
}
