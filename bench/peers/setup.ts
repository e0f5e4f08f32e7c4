/** Makes the virtual environments of the peers from PyPI. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { peersFolder, type Peer } from './python.js';

/** What pip installs: the newest PyTorch, whose version the results name; the TensorFlow that `setup` takes. */
const requirements: Record<Peer, string> = {
  pytorch: 'torch',
  tensorflow: 'tensorflow-cpu==2.21.0',
};

export const peers = Object.keys(requirements) as Peer[];

const show = (command: string, args: readonly string[]) => {
  console.error(`> ${command} ${args.join(' ')}`);
  execFileSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
};

/**
 * Makes (or brings up to date) the environment of a peer. pip's own settings hold: PIP_INDEX_URL, PIP_FIND_LINKS, ...
 * @param base the Python to make it with: 3.10 or later
 * @throws Error where a command fails, which has then said why
 */
export function setUpPeer(peer: Peer, base: string): void {
  const folder = join(peersFolder(), peer);
  mkdirSync(folder, { recursive: true });
  show(base, ['-m', 'venv', folder]);
  const python = join(folder, 'bin', 'python');
  // setuptools: PyTorch's compiler wants it. numpy: PyTorch warns without it.
  const more = peer === 'pytorch' ? ['numpy', 'setuptools'] : [];
  show(python, ['-m', 'pip', 'install', '--upgrade', '--quiet', requirements[peer], ...more]);
  const module = peer === 'pytorch' ? 'torch' : 'tensorflow';
  show(python, ['-c', `import ${module}; print("${peer}", ${module}.__version__)`]);
}
