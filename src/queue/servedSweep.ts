/** A sweep as a worker sees it: may it be served here, and the worker processes that can train its cells. */
import type { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { backendOfIdentity } from '../backends/identity.js';
import { loadDataset } from '../data/index.js';
import { ReportedError } from '../errors/reported.js';
import { packageVersion } from '../runner/index.js';
import { placeless } from '../experiment/ownData.js';
import { NUMERICS } from '../experiment/cell.js';
import { openConsumer } from './bull.js';
import { parseSpec, type JobData, type SweepSpec } from './payload.js';

/** What decides whether a worker serves a sweep. */
export interface Admission {
  readonly dataDir?: string | undefined;
  /** Serve only sweeps of this backend. */
  readonly backend?: string | undefined;
}

export interface ServedSweep {
  readonly name: string;
  readonly spec: SweepSpec;
  readonly consumer: Worker<JobData, unknown>;
  /** Cells of it that are being trained here. */
  active: number;
  /** No more cells are taken from it. */
  retired: boolean;
}

/** Closes a retired sweep once its last cell here is settled. */
export function closeIfDone({ consumer, active, retired }: ServedSweep): void {
  if (retired && active === 0) void consumer.close(true).catch(() => undefined);
}

/** Why a sweep is left to other workers. */
export class CannotServe extends ReportedError {
  /** Whether it may be served later, e.g. once its data is there. */
  readonly temporary: boolean;

  constructor(message: string, { temporary = false, cause }: { temporary?: boolean; cause?: unknown } = {}) {
    super(message, { code: 'sweep-not-served', exitCode: 1, cause });
    this.temporary = temporary;
  }
}

/**
 * Opens a sweep for work.
 * @throws CannotServe where this worker cannot give its results: other version, other backend, other data
 */
export async function openSweep(
  redis: Redis,
  name: string,
  text: string,
  about: Admission,
): Promise<ServedSweep> {
  const parsed = parseSpec(text);
  if ('problem' in parsed) throw new CannotServe(parsed.problem);
  const { spec } = parsed;
  checkVersion(spec);
  if (about.backend !== undefined && about.backend !== backendOfIdentity(spec.backend)) {
    throw new CannotServe(
      `it computes with ${spec.backend}, and this worker was told to use ${about.backend}`,
    );
  }
  await checkData(spec, about.dataDir);
  return { name, spec, consumer: await openConsumer(redis, name, spec.stall), active: 0, retired: false };
}

function checkVersion({ version, numerics, variants, backend, threads, dataset }: SweepSpec): void {
  if (version !== packageVersion || numerics !== NUMERICS) {
    throw new CannotServe(
      `it is of adamw-bench ${version} (numerics ${numerics}), this worker of ${packageVersion} (numerics ${NUMERICS}). Install the same version here`,
    );
  }
  const stated = JSON.stringify([numerics, backend, threads, placeless(dataset)]);
  const other = variants.some(
    ({ cell }) => JSON.stringify([cell.numerics, cell.backend, cell.threads, cell.dataset]) !== stated,
  );
  if (other)
    throw new CannotServe('its cells are not of the version, backend, threads and data that it states');
}

async function checkData(spec: SweepSpec, dataDir: string | undefined): Promise<void> {
  let fingerprint: string;
  try {
    ({ fingerprint } = await loadDataset(spec.dataset, dataDir === undefined ? {} : { dataDir }));
  } catch (error) {
    throw new CannotServe(
      `its data ${spec.dataset.name} cannot be loaded here: ${(error as Error).message}`,
      {
        temporary: true,
        cause: error,
      },
    );
  }
  if (fingerprint !== spec.fingerprint) {
    throw new CannotServe(
      `its ${spec.dataset.name} has fingerprint ${spec.fingerprint.slice(0, 16)}, the one here ${fingerprint.slice(0, 16)}. Replace the files here by the sweep's`,
      { temporary: true },
    );
  }
}
