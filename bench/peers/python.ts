/** Where the Python of a peer is: a virtual environment that `npm run bench -- --setup` makes, or the user's own. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheHome, homeFolder, type FolderEnvironment } from '../../src/files/cacheHome.js';

export type Peer = 'pytorch' | 'tensorflow';

/** Environment variables that name a Python which has the peer already. */
const ownPython: Record<Peer, string> = {
  pytorch: 'BENCH_PYTHON',
  tensorflow: 'BENCH_TENSORFLOW_PYTHON',
};

/** Names another folder for the virtual environments than the usual one. */
const folderVariable = 'BENCH_PEERS';

const thisMachine = (): FolderEnvironment => ({
  platform: process.platform,
  env: process.env,
  home: homeFolder(),
});

/** The folder of the virtual environments: $BENCH_PEERS, else one in the user's cache folder. */
export function peersFolder(environment: FolderEnvironment = thisMachine()): string {
  const chosen = environment.env[folderVariable];
  if (chosen) return resolve(chosen);
  const cache = cacheHome(environment, `Set HOME, or name a folder in ${folderVariable}.`);
  return join(cache, 'adamw-bench', 'peers');
}

/** The Python of a peer, whether it is there or not. */
export function pythonOf(peer: Peer, environment: FolderEnvironment = thisMachine()): string {
  return environment.env[ownPython[peer]] || join(peersFolder(environment), peer, 'bin', 'python');
}

/** The same. @throws Error that says what to do where it is not there */
export function requirePython(peer: Peer): string {
  const python = pythonOf(peer);
  // A bare name is looked for on the PATH.
  if (!python.includes('/') || existsSync(python)) return python;
  throw new Error(
    `There is no ${python}: run \`npm run bench -- --setup ${peer}\`, or name a Python that has ${peer} in ${ownPython[peer]}.`,
  );
}

/** The path of a program of this folder. */
export const peer = (name: string) => fileURLToPath(new URL(name, import.meta.url));
