/** One more session into a folder's manifest. */
import type { BackendReport } from '../backends/index.js';
import type { Experiment } from '../config/index.js';
import { writeAtomically } from '../files/atomic.js';
import { holdingLock } from '../files/lock.js';
import { DirectoryError, explainingAccess, layout } from './directory.js';
import {
  endpointsAfter,
  endpointsOf,
  extendManifest,
  hostFacts,
  readManifest,
  type Manifest,
} from './manifest.js';

export interface SessionFacts {
  readonly dir: string;
  /** Null where a queue's workers train. */
  readonly workers: number | null;
  /** What the user typed. */
  readonly command: string;
  readonly backend: BackendReport;
  readonly data: Manifest['dataset'];
  /** Whether the folder has records of this experiment's cells. */
  readonly hasRecords: boolean;
  /** How many records its journal has, of other cells too. */
  readonly records: number;
  /** Whether there is nothing to train. */
  readonly idle: boolean;
}

/** @throws DirectoryError where the folder's records are of other data */
export async function recordSession(experiment: Experiment, facts: SessionFacts): Promise<Manifest> {
  const { dir, workers, command, backend, data, hasRecords, records, idle } = facts;
  const file = layout(dir).manifest;
  const startedAt = new Date().toISOString();
  const session = { startedAt, workers, backend, node: process.version, host: hostFacts() };
  const write = async (manifest: Manifest) => {
    await writeAtomically(file, `${JSON.stringify(manifest, null, 2)}\n`);
    return manifest;
  };
  const extend = () =>
    holdingLock(`${file}.lock`, async () => {
      const before = await readManifest(file);
      if (hasRecords && before && before.dataset.fingerprint !== data.fingerprint) {
        throw new DirectoryError(
          `${dir} holds results on other data: ${before.dataset.name} with fingerprint ${before.dataset.fingerprint}, now ${data.fingerprint}. Choose another folder with --out.`,
        );
      }
      // A run that found everything there has added nothing to how the results came about.
      const endpoints = endpointsAfter(before, experiment, records);
      if (idle && before) {
        if (!endpoints || endpoints.sha256 === endpointsOf(before)?.sha256) return before;
        return write({ ...before, endpoints });
      }
      return write(await extendManifest(before, experiment, data, command, session, records));
    });
  return explainingAccess(dir, extend);
}
