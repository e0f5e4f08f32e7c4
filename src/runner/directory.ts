/**
 * The results folder of an experiment: who may write to it, what it already holds, and whether that belongs to
 * the configuration at hand.
 */
import { readFile, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { experimentToYaml, loadExperiment, type Experiment } from '../config/index.js';
import { ReportedError, type ReportedOptions } from '../errors/reported.js';
import { clearTemporaries, writeAtomically } from '../files/atomic.js';
import { makeFolder } from '../files/folder.js';
import { claimLock } from '../files/lock.js';
import { errnoOf, sentenceFor } from '../files/problem.js';
import { requireNotImported } from './importManifest.js';
import { withoutPath } from '../experiment/ownData.js';
import { endpointsHash, resolvedEndpoints, type Endpoint } from '../experiment/endpoints.js';
import { endpointsOf, keptChoiceOf, readManifest, type Manifest } from './manifest.js';
import { isOwnName, ownFolders, sweepFiles } from './ownFiles.js';
import { isSameFile, requireOwn } from './ownership.js';

/** A refusal that tells the user what to do; the command ends with exit code 2. */
export class DirectoryError extends ReportedError {
  constructor(message: string, options: ReportedOptions = {}) {
    super(message, { code: 'folder-unusable', ...options });
  }
}

/** The results folder failed while the sweep was under way; what is in it stays. The command ends with exit code 1. */
export class StorageError extends ReportedError {
  constructor(message: string, options: ReportedOptions = {}) {
    super(message, { code: 'storage-failed', exitCode: 1, ...options });
  }
}

/** Paths inside a results folder. */
export const layout = (dir: string) => ({
  config: join(dir, 'config.yaml'),
  manifest: join(dir, 'manifest.json'),
  journal: join(dir, 'runs.jsonl'),
  checkpoints: join(dir, 'checkpoints'),
  weights: join(dir, 'weights'),
  lock: join(dir, '.lock'),
  claims: join(dir, 'claims'),
});

/**
 * What two runs into one folder must agree on, as YAML: all but what decides only how fast a sweep runs, how it is
 * called and described, and where its data lie. Endpoints have a check of their own.
 */
const essence = (experiment: Experiment): string =>
  experimentToYaml({
    ...withoutPath(experiment),
    workers: undefined,
    name: '',
    description: '',
    endpoints: undefined,
  });

export interface TakeOptions {
  /** Work in the folder beside another process: cells are shared through claims. */
  readonly join?: boolean;
  /** The file that the configuration was read from. It is never written over. */
  readonly configFile?: string | undefined;
  /** Change the endpoints of a folder that has records. */
  readonly amendEndpoints?: boolean;
  /** Make the choice of a second stage anew. */
  readonly chooseAgain?: boolean;
  /** Called if the folder vanishes, or another process takes it over, while it is ours. */
  onLost?(): void;
}

/** What to do about files of somebody else's in a folder for results. */
export const moveOrChoose = 'Move them elsewhere, or choose another folder with --out.';

/**
 * Takes the folder for this process: makes it, locks it, and makes sure that what it holds comes from the same
 * configuration, which is written to config.yaml.
 * @param update take over a folder of another configuration: its cells that still belong are kept
 * @returns a function that releases the folder
 * @throws ForeignFiles where files in it are somebody else's; ImportedFolderError where they are of `import`;
 * DirectoryError where another process works in it, it belongs to another configuration, or it cannot be written to
 */
export async function takeDirectory(
  dir: string,
  experiment: Experiment,
  update: boolean,
  {
    join: joining = false,
    configFile,
    amendEndpoints = false,
    chooseAgain = false,
    onLost,
  }: TakeOptions = {},
): Promise<() => Promise<void>> {
  const paths = layout(dir);
  await explainingAccess(dir, async () => {
    await requireOwn(dir, sweepFiles, moveOrChoose);
    await requireNotImported(dir);
    await makeFolder(dir);
  });
  const claim = await explainingAccess(dir, () => claimLock(paths.lock, onLost));
  const ours = 'release' in claim;
  const release = ours ? claim.release : () => Promise.resolve();
  if (!ours && !joining) {
    const who = claim.owner ? `process ${claim.owner.pid} on ${claim.owner.host}` : 'another process';
    throw new DirectoryError(
      `${dir} is in use by ${who}. Wait for it to end, share its work with --join, or choose another folder with --out.`,
    );
  }
  try {
    await explainingAccess(dir, () =>
      settleConfig(dir, experiment, update && ours, {
        inUse: !ours,
        configFile,
        amendEndpoints: amendEndpoints && ours,
        chooseAgain: chooseAgain && ours,
      }),
    );
    if (ours) {
      for (const within of ['', ...ownFolders] as const) {
        await clearTemporaries(join(dir, within), (name) => isOwnName(within, name));
      }
    }
    return release;
  } catch (error) {
    await release();
    throw error;
  }
}

/** Refuses a folder of another configuration, unless it has no results or `update` says to take it over. */
async function settleConfig(
  dir: string,
  experiment: Experiment,
  update: boolean,
  {
    inUse,
    configFile,
    amendEndpoints,
    chooseAgain,
  }: Required<Pick<TakeOptions, 'configFile' | 'amendEndpoints' | 'chooseAgain'>> & {
    readonly inUse: boolean;
  },
): Promise<void> {
  const paths = layout(dir);
  const old = existsSync(paths.config) ? await readFile(paths.config, 'utf8') : undefined;
  const text = experimentToYaml(experiment);
  const hasResults = inUse || ((await stat(paths.journal).catch(() => undefined))?.size ?? 0) > 0;
  const before = () => (old === undefined ? undefined : loadExperiment(paths.config, { written: true }));
  const manifest = await readManifest(paths.manifest);
  if (hasResults && !amendEndpoints) requireSameEndpoints(dir, experiment, manifest, before);
  if (old === text) return;
  if (old !== undefined && hasResults) {
    const [was, now] = [essence(before()!), essence(experiment)];
    if (!update) {
      requireSameData(dir, before()!, experiment);
      requireSame(was, now, dir);
    }
    if (!chooseAgain && was !== now && keptChoiceOf(manifest)) throw choiceFrozen(dir);
  }
  if (inUse) return;
  if (configFile !== undefined && (await isSameFile(configFile, paths.config))) {
    // It stays as it is: that it loads to the same experiment is all that the folder needs.
    requireUnchanged(configFile, experiment, dir);
  } else await writeAtomically(paths.config, text);
}

function requireUnchanged(configFile: string, experiment: Experiment, dir: string): void {
  const unchanged = loadExperiment(configFile);
  const sameEndpoints =
    endpointsHash(resolvedEndpoints(unchanged)) === endpointsHash(resolvedEndpoints(experiment));
  if (essence(unchanged) === essence(experiment) && sameEndpoints) return;
  throw new DirectoryError(
    `${configFile} is the configuration of ${dir} itself: it is not written over with other settings.`,
    {
      code: 'config-in-folder',
      remedy: 'Copy it to another place and run the copy, or choose another folder with --out.',
    },
  );
}

const choiceFrozen = (dir: string) =>
  new DirectoryError(
    `${dir} has chosen the cells of its second stage from the grid as it was: another grid, or other fresh seeds, could choose others.`,
    {
      code: 'choice-frozen',
      remedy:
        'Choose another folder with --out. Or add --choose-again: the cells are chosen anew once the new grid is settled, the manifest keeps the earlier choice, and the report says so.',
    },
  );

/** @throws DirectoryError where the folder was begun with other endpoints, or with none */
function requireSameEndpoints(
  dir: string,
  experiment: Experiment,
  manifest: Manifest | undefined,
  config: () => Experiment | undefined,
): void {
  const now = resolvedEndpoints(experiment);
  const kept = manifest ? endpointsOf(manifest)?.list : resolvedEndpoints(config() ?? experiment);
  if (endpointsHash(kept ?? []) === endpointsHash(now)) return;
  const listed = (list: readonly Endpoint[]) => list.map((one) => JSON.stringify(one));
  const [before, after] = [listed(kept ?? []), listed(now)];
  const lines = [
    `${dir} has records, and its endpoints were fixed before them. They differ in:`,
    ...before.filter((line) => !after.includes(line)).map((line) => `  - ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `  + ${line}`),
  ];
  const remedy =
    'Choose another folder with --out. Or change them openly with --amend-endpoints: the manifest then keeps both lists, and the report says after how many records they were changed.';
  throw new DirectoryError([...lines, remedy].join('\n'), { code: 'endpoints-changed' });
}

/** Of what was found at the path of own data: a difference there is the files', not the configuration's. */
function requireSameData(dir: string, { dataset: before }: Experiment, { dataset: now }: Experiment): void {
  const [was, is] = [before, now].map((dataset) =>
    'content' in dataset ? dataset.content?.sha256 : undefined,
  );
  if (was === undefined || is === undefined || was === is || !('path' in now)) return;
  throw new DirectoryError(
    `${now.path} is not what ${dir} was begun with: its fingerprint is ${is.slice(0, 16)}, and was ${was.slice(0, 16)}.`,
    {
      code: 'data-changed',
      remedy: 'Restore the files, or choose another folder with --out; with --update this one begins anew.',
    },
  );
}

function requireSame(old: string, now: string, dir: string): void {
  if (old === now) return;
  const before = new Set(old.split('\n'));
  const after = new Set(now.split('\n'));
  const gone = [...before].filter((line) => !after.has(line)).slice(0, 5);
  const come = [...after].filter((line) => !before.has(line)).slice(0, 5);
  throw new DirectoryError(
    [
      `${dir} holds results of another configuration. It differs in:`,
      ...gone.map((line) => `  - ${line}`),
      ...come.map((line) => `  + ${line}`),
      'Choose another folder with --out, or keep this one with --update: cells that are in both are not trained again.',
    ].join('\n'),
  );
}

/** Turns the file system's refusals into sentences about the folder: a DirectoryError, or what `as` makes of them. */
export async function explainingAccess<T>(
  dir: string,
  act: () => Promise<T>,
  as: (message: string, options: ReportedOptions) => Error = (message, options) =>
    new DirectoryError(message, options),
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const code = errnoOf(error);
    const sentence = sentences[code ?? '']?.(dir) ?? sentenceFor(dir, error);
    if (code === undefined || sentence === undefined) throw error;
    const remedy = remedies[code] ?? 'Choose another folder with --out.';
    // The system's own words name the file.
    throw as(`${sentence} ${remedy} (${(error as Error).message})`, { cause: error });
  }
}

const forbidden = (dir: string) => `${dir} cannot be written to: you have no permission.`;

/** What is said of a results folder in other words than of any path. */
const sentences: Readonly<Record<string, (dir: string) => string>> = {
  EACCES: forbidden,
  EPERM: forbidden,
  ENOENT: (dir) => `${dir} no longer exists, or something in it.`,
};

const freeSpace = 'Free some space and run the same command again: finished cells are kept.';

/** What helps with a results folder, by the system's error; elsewhere another folder does. */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: freeSpace,
  EDQUOT: freeSpace,
  ENOENT: 'Run the same command again to train what is missing, or choose another folder with --out.',
  EIO: 'Run the same command again when it works: finished cells are kept.',
  ESTALE: 'Run the same command again when it is back: finished cells are kept.',
  EMFILE: 'Raise the limit with `ulimit -n 4096` and run the same command again: finished cells are kept.',
  ENFILE: 'Run the same command again later: finished cells are kept.',
};
