/**
 * Where the native addon is: built here from native/, or brought by the platform package, which has the libraries beside
 * it (packages/onednn-linux-x64). Both must be of this package's version: the addon and its callers change together.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageVersion } from '../../files/version.js';
import { BackendError } from '../backend.js';

export const PLATFORM_PACKAGE = '@adamw-bench/onednn-linux-x64';
const FILE = 'adamw_onednn.node';

export type OnednnCode = 'onednn-not-built' | 'onednn-other-version' | 'onednn-glibc' | 'onednn-load';

/** What can be found on a machine, and what decides. */
export interface Surroundings {
  /** This package's. */
  readonly version: string;
  /** The file of the local build, if there is one. */
  readonly localBuild: string | undefined;
  /** The folder of the platform package, if it is installed. */
  readonly platformPackage: string | undefined;
  /** The version of the GNU C library, or undefined where there is another one. */
  readonly glibc: () => string | undefined;
}

export interface AddonPlace {
  readonly file: string;
  /** For `doctor`: which of the two it is. */
  readonly origin: string;
}

/** The parts of the platform package's package.json that are read here. */
interface PlatformManifest {
  readonly version: string;
  /** The least version of the GNU C library. */
  readonly glibc: string;
}

const build = 'apt-get install libdnnl-dev g++ make python3, then npm rebuild adamw-bench';

/** An addon that cannot be used, in sentences for the user. */
export const refusal = (
  code: OnednnCode,
  reason: string,
  advice = `To build it here: ${build}.`,
): BackendError => new BackendError('onednn', reason, advice, code);

/** native/build/Release/adamw_onednn.node in the nearest folder above this file that has it. */
function findLocalBuild(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const file = join(folder, 'native', 'build', 'Release', FILE);
    if (existsSync(file)) return file;
    if (folder === dirname(folder)) return undefined;
  }
}

/** Asked for by its name, as any dependency: package.json need not list it (native/README.md says why). */
function findPlatformPackage(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${PLATFORM_PACKAGE}/package.json`));
  } catch {
    return undefined;
  }
}

/** The GNU C library of this process. */
function glibcVersion(): string | undefined {
  // Not in the types of Node 20. Without it the report looks up the names of open connections.
  const report = process.report as typeof process.report & { excludeNetwork: boolean };
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  const { header } = report.getReport() as { header: { glibcVersionRuntime?: string } };
  report.excludeNetwork = before;
  return header.glibcVersionRuntime;
}

/** This machine. */
export const surroundings = (): Surroundings => ({
  version: packageVersion,
  localBuild: findLocalBuild(),
  platformPackage: findPlatformPackage(),
  glibc: glibcVersion,
});

/**
 * The version of this package that an addon was built from, read from the file without loading it: a library that
 * stands in the process once cannot be replaced by another of its name.
 * @returns undefined if the file has no version, as those of 0.2.0 and before
 */
export function builtFrom(file: string): string | undefined {
  const mark = 'adamw-bench addon ';
  const bytes = readFileSync(file);
  const start = bytes.indexOf(mark);
  return start < 0 ? undefined : bytes.toString('latin1', start + mark.length, bytes.indexOf(0, start));
}

/** Whether version a ("2.34") is b or newer. */
function isAtLeast(a: string, b: string): boolean {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA === majorB ? minorA >= minorB : majorA > majorB;
}

/** Why the platform package cannot be used; undefined if it can. */
function problemOf(folder: string, { version, glibc }: Surroundings): BackendError | undefined {
  const found = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PlatformManifest;
  if (found.version !== version) {
    return refusal(
      'onednn-other-version',
      `${PLATFORM_PACKAGE} has version ${found.version}, and adamw-bench has ${version}.`,
      `Install version ${version} of it. To build the addon here instead: ${build}.`,
    );
  }
  if (!existsSync(join(folder, FILE)))
    return refusal('onednn-not-built', `${PLATFORM_PACKAGE} in ${folder} lacks ${FILE}.`);
  const system = glibc();
  if (system !== undefined && isAtLeast(system, found.glibc)) return undefined;
  return refusal(
    'onednn-glibc',
    `${PLATFORM_PACKAGE} needs the GNU C library ${found.glibc} or newer, and this system has ${system ?? 'another C library'}.`,
    `Use a newer distribution. To build the addon here instead: ${build}.`,
  );
}

/**
 * The addon to load: a local build of this version, else the platform package of this version.
 * @throws BackendError that says why neither can be used: code `onednn-not-built`, `onednn-other-version` or `onednn-glibc`
 */
export function locateAddon(here: Surroundings = surroundings()): AddonPlace {
  const { version, localBuild, platformPackage } = here;
  const localVersion = localBuild === undefined ? undefined : builtFrom(localBuild);
  if (localBuild !== undefined && localVersion === version) {
    return { file: localBuild, origin: `built here, version ${version}` };
  }
  if (platformPackage !== undefined) {
    const problem = problemOf(platformPackage, here);
    if (problem !== undefined) throw problem;
    return { file: join(platformPackage, FILE), origin: `${PLATFORM_PACKAGE} ${version}` };
  }
  if (localBuild === undefined) throw refusal('onednn-not-built', 'its native addon is not built.');
  throw refusal(
    'onednn-other-version',
    `its native addon was built from ${localVersion === undefined ? 'an earlier version' : `version ${localVersion}`}, and this is ${version}.`,
    'Build it again: npm rebuild adamw-bench (in a clone: npm rebuild, or node native/install.mjs).',
  );
}
