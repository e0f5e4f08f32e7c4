/**
 * Small packages that stand in the set-up for what tfjs-node-gpu requires.
 *
 * Its kernels must register with the one copy of tfjs-core that this program uses: a copy of its own would be another
 * registry. So `@tensorflow/tfjs` and its core are a line each that asks the program that loads it for its own (see TFJS_BRIDGE), which
 * works for every clone and install that shares a set-up. And `@mapbox/node-pre-gyp` is asked for one path only.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TFJS_BRIDGE } from '../backends/tensorflowHome.js';

/** Code that hands over the loading program's own copy of a package. */
const hostsOwn = (name: string) =>
  `module.exports = globalThis[Symbol.for('${TFJS_BRIDGE.description!}')]('${name}');\n`;

const bridges: Readonly<Record<string, string>> = {
  '@tensorflow/tfjs': hostsOwn('@tensorflow/tfjs'),
  '@tensorflow/tfjs-core': hostsOwn('@tensorflow/tfjs-core'),
  '@mapbox/node-pre-gyp': [
    `const { dirname, join } = require('node:path');`,
    `exports.find = (file) => join(dirname(file), 'lib/napi-v8/tfjs_binding.node');\n`,
  ].join('\n'),
};

/** Writes them into the `node_modules` of a package. */
export async function writeBridges(packageFolder: string): Promise<void> {
  for (const [name, code] of Object.entries(bridges)) {
    const folder = join(packageFolder, 'node_modules', name);
    await mkdir(folder, { recursive: true });
    const about = { name, version: '0.0.0', description: 'Written by adamw-bench setup', main: 'index.js' };
    await writeFile(join(folder, 'package.json'), `${JSON.stringify(about, null, 2)}\n`);
    await writeFile(join(folder, 'index.js'), code);
  }
}
