/**
 * The results folder of an experiment: who may write to it, what it already holds, and whether that belongs to
 * the configuration at hand.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { experimentToYaml, loadExperiment, type Experiment } from '../config/index.js';
import { writeAtomically } from '../files/atomic.js';
import { claimLock } from '../files/lock.js';

/** A refusal that tells the user what to do; the command ends with exit code 2. */
export class DirectoryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DirectoryError';
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
});

/**
 * What two runs into one folder must agree on, as YAML: all but what decides only how fast a sweep runs or how it
 * is described.
 */
const essence = (experiment: Experiment): string =>
  experimentToYaml({ ...experiment, workers: undefined, description: '' });

/**
 * Takes the folder for this process: makes it, locks it, and makes sure that what it holds comes from the same
 * configuration, which is written to config.yaml.
 * @param update take over a folder of another configuration: its cells that still belong are kept
 * @returns a function that releases the folder
 * @throws DirectoryError where another process works in it, it belongs to another configuration, or it cannot be
 * written to
 */
export async function takeDirectory(
  dir: string,
  experiment: Experiment,
  update: boolean,
): Promise<() => Promise<void>> {
  const paths = layout(dir);
  await explainingAccess(dir, () => mkdir(dir, { recursive: true }));
  const claim = await explainingAccess(dir, () => claimLock(paths.lock));
  if (!('release' in claim)) {
    const who = claim.owner ? `process ${claim.owner.pid} on ${claim.owner.host}` : 'another process';
    throw new DirectoryError(
      `${dir} is in use by ${who}. Wait for it to end, choose another folder with --out, or share its work with --queue.`,
    );
  }
  try {
    const old = await readFile(paths.config, 'utf8').catch(() => undefined);
    if (old !== undefined && !update)
      requireSame(essence(loadExperiment(paths.config)), essence(experiment), dir);
    const text = experimentToYaml(experiment);
    if (old !== text) await explainingAccess(dir, () => writeAtomically(paths.config, text));
    return claim.release;
  } catch (error) {
    await claim.release();
    throw error;
  }
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

/** Turns the file system's refusals into sentences about the folder. */
export async function explainingAccess<T>(dir: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = accessProblems[code ?? ''];
    throw why ? new DirectoryError(`${why(dir)} (${message})`) : error;
  }
}

const accessProblems: Record<string, (dir: string) => string> = {
  EACCES: (dir) => `${dir} cannot be written to: you have no permission. Choose another folder with --out.`,
  EPERM: (dir) => `${dir} cannot be written to: you have no permission. Choose another folder with --out.`,
  EROFS: (dir) => `${dir} is on a read-only file system. Choose another folder with --out.`,
  ENOSPC: (dir) =>
    `The disk of ${dir} is full. Free some space and run the same command again: finished cells are kept.`,
  EDQUOT: (dir) =>
    `Your quota on the disk of ${dir} is used up. Free some space and run the same command again.`,
  ENOENT: (dir) =>
    `${dir} has vanished. Run the same command again to start afresh, or choose another folder with --out.`,
  ENOTDIR: (dir) => `${dir} is not a folder. Choose another with --out.`,
};
