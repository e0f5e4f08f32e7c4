/** From the fetched files to a package that loads: unpacked, linked, compiled, listed. */
import { lstat, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { PACKAGE_FOLDER, SETUP_FILE, type SetUp } from '../backends/tensorflowHome.js';
import { writeBridges } from './bridges.js';
import { buildBinding, buildFunctions, buildSupport } from './build.js';
import { PINS, TENSORFLOW_VERSION, TFJS_VERSION, type Kind, type Pin } from './pins.js';
import { SEARCHED, UNSEARCHED, isLicence, placeOf } from './plan.js';
import { unpackPackage, unpackWheel } from './unpack.js';

/** To be raised with each change to native/tensorflow or to what is written here: set-ups are then made anew. */
const SUPPORT_VERSION = '2';

/** Where an npm package goes, below the set-up's folder. */
function packagePlace({ project }: Pin): string {
  if (project === '@tensorflow/tfjs-node-gpu') return PACKAGE_FOLDER;
  if (project === 'node-api-headers') return 'headers';
  return join(PACKAGE_FOLDER, 'node_modules', project);
}

/** Links NVIDIA's libraries that TensorFlow does not look for where they lie into a folder where it does. */
async function linkUnsearched(packageFolder: string): Promise<void> {
  const nvidia = join(packageFolder, 'deps/nvidia');
  const searched = join(nvidia, SEARCHED, 'lib');
  for (const name of UNSEARCHED) {
    const folder = join(nvidia, name, 'lib');
    for (const file of await readdir(folder)) {
      await symlink(relative(searched, join(folder, file)), join(searched, file));
    }
  }
}

/** Every file below a folder with its size in bytes; links are left out, as what they lead to is counted. */
export async function filesBelow(folder: string): Promise<Record<string, number>> {
  const files: Record<string, number> = {};
  for (const entry of (await readdir(folder, { recursive: true })).sort()) {
    const found = await lstat(join(folder, entry));
    if (found.isFile()) files[entry] = found.size;
  }
  return files;
}

/**
 * Builds a whole set-up in `folder`, which is empty, from the files in `downloads`.
 * @throws SetupError
 */
export async function assemble(
  kind: Kind,
  downloads: string,
  folder: string,
  say: (text: string) => void,
): Promise<void> {
  const packageFolder = join(folder, PACKAGE_FOLDER);
  await mkdir(packageFolder, { recursive: true });
  const pins = PINS[kind];
  say('Unpacking.');
  for (const pin of pins) {
    const file = join(downloads, pin.file);
    if (pin.registry === 'npm') await unpackPackage(file, join(folder, packagePlace(pin)));
    else
      await unpackWheel(file, packageFolder, (member) =>
        isLicence(member) ? join('licences', member) : placeOf(member),
      );
  }
  await writeBridges(packageFolder);
  if (kind === 'cuda') await linkUnsearched(packageFolder);
  say('Compiling the binding.');
  const headers = join(folder, 'headers/include');
  await buildBinding(packageFolder, headers);
  await buildSupport(packageFolder, headers);
  await buildFunctions(packageFolder, headers);
  const setUp: SetUp = {
    format: 1,
    kind,
    tensorflow: TENSORFLOW_VERSION,
    tfjs: TFJS_VERSION,
    packages: versionsOf(kind),
    files: await filesBelow(folder),
  };
  await writeFile(join(folder, SETUP_FILE), `${JSON.stringify(setUp, null, 2)}\n`, { flush: true });
}

/** Project and version of all that a set-up is made of. */
export const versionsOf = (kind: Kind): Record<string, string> =>
  Object.fromEntries([
    ...PINS[kind].map(({ project, version }) => [project, version]),
    ['adamw-bench support addon', SUPPORT_VERSION],
  ]) as Record<string, string>;
