/** How results came about: versions, backend, data, machine, sessions. Nothing secret, nothing that decides a number. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { BackendReport } from '../backends/index.js';
import { versionOf } from '../backends/version.js';
import {
  keepEndpoints,
  keptEndpointsSchema,
  resolvedEndpoints,
  type KeptEndpoints,
} from '../experiment/endpoints.js';
import { keptChoiceSchema, type KeptChoice } from '../experiment/confirm.js';
import type { Experiment } from '../experiment/experiment.js';
import { NUMERICS } from '../experiment/cell.js';
import { packageVersion } from '../files/version.js';

export { packageVersion } from '../files/version.js';

/** One `run` command's share in the results. */
export interface Session {
  readonly startedAt: string;
  /** Null where a queue's workers trained. */
  readonly workers: number | null;
  readonly backend: BackendReport;
  readonly node: string;
  readonly host: HostFacts;
}

export interface HostFacts {
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
}

export interface Manifest {
  readonly adamwBench: string;
  readonly numerics: number;
  readonly tfjs: string;
  /** Commit of the working tree the program ran from, `+` behind it where that was changed; null outside of git. */
  readonly gitRevision: string | null;
  readonly seeds: readonly number[];
  readonly dataset: {
    readonly name: string;
    readonly fingerprint: string;
    readonly warnings: readonly string[];
  };
  readonly command: string;
  /** What the experiment is to show, as fixed before its first cell was trained; absent where nothing was listed. */
  readonly endpoints?: KeptEndpoints;
  /** Which cells the second stage trains on fresh seeds, once they are chosen. */
  readonly confirmation?: KeptChoice;
  readonly sessions: readonly Session[];
}

export const hostFacts = (): HostFacts => ({
  platform: `${platform()} ${arch()}`,
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: availableParallelism(),
  memoryBytes: totalmem(),
});

async function gitRevision(): Promise<string | null> {
  const git = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)('git', args, { cwd: new URL('../..', import.meta.url) });
    return stdout.trim();
  };
  try {
    const changed = await git('status', '--porcelain', '--untracked-files=no');
    return (await git('rev-parse', 'HEAD')) + (changed ? '+' : '');
  } catch {
    return null;
  }
}

/**
 * The manifest of a folder after one more session.
 * @param before what the folder had, if anything
 * @param records how many records its journal has
 */
export async function extendManifest(
  before: Manifest | undefined,
  experiment: Experiment,
  dataset: Manifest['dataset'],
  command: string,
  session: Session,
  records: number,
): Promise<Manifest> {
  const endpoints = endpointsAfter(before, experiment, records);
  return {
    adamwBench: packageVersion,
    numerics: NUMERICS,
    tfjs: versionOf('@tensorflow/tfjs-core'),
    gitRevision: await gitRevision(),
    seeds: experiment.train.seeds,
    dataset,
    command,
    ...(endpoints ? { endpoints } : {}),
    ...(before?.confirmation ? { confirmation: before.confirmation } : {}),
    sessions: [...(before?.sessions ?? []), session],
  };
}

/** What a manifest keeps of endpoints; undefined where it keeps none, or something that cannot be read. */
export const endpointsOf = (manifest: Manifest | null | undefined): KeptEndpoints | undefined =>
  keptEndpointsSchema.optional().safeParse(manifest?.endpoints).data;

/** What a manifest keeps of the second stage; likewise. */
export const keptChoiceOf = (manifest: Manifest | null | undefined): KeptChoice | undefined =>
  keptChoiceSchema.optional().safeParse(manifest?.confirmation).data;

/** Which endpoints it is to keep from now on. */
export const endpointsAfter = (
  before: Manifest | undefined,
  experiment: Experiment,
  records: number,
): KeptEndpoints | undefined =>
  keepEndpoints(endpointsOf(before), resolvedEndpoints(experiment), records, new Date());

/** The manifest that a text holds; undefined where it is none. */
export function parseManifest(text: string): Manifest | undefined {
  try {
    const manifest = JSON.parse(text) as Partial<Manifest> | null;
    const isWhole = Array.isArray(manifest?.sessions) && typeof manifest.dataset?.fingerprint === 'string';
    return isWhole ? (manifest as Manifest) : undefined;
  } catch {
    return undefined;
  }
}

/** The manifest in a folder; undefined where there is none or it cannot be read. */
export async function readManifest(file: string): Promise<Manifest | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parseManifest(text);
}
