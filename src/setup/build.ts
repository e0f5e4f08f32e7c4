/** Compiles the binding of @tensorflow/tfjs-node-gpu against the libraries beside it, and our own addons. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FUNCTIONS_ADDON, SUPPORT_ADDON } from '../backends/tensorflowHome.js';
import { SetupError } from './errors.js';
import { compiler, firstLine } from './machine.js';
import { run } from './run.js';

const INSTALL =
  'Install a C++ compiler (Debian and Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++), or name one in CXX.';

/** Refuses a machine without a C++ compiler, before anything is fetched. @throws SetupError */
export async function requireCompiler(): Promise<void> {
  if ((await firstLine(compiler(), '--version')) === undefined) {
    throw new SetupError(`The C++ compiler "${compiler()}" does not run.`, 'setup-compiler', INSTALL);
  }
}

/** The folders in a library's RUNPATH, each once. */
export function runpathIn(readelf: string): string[] {
  const path = /\((?:RUNPATH|RPATH)\)[^[]*\[(.*)\]/.exec(readelf)?.[1] ?? '';
  return [...new Set(path.split(':').filter(Boolean))];
}

const failing = {
  code: 'setup-build',
  remedy:
    'Run `adamw-bench setup` with another compiler in CXX (GCC 9 or later), and report this with its version.',
} as const;

/** Options for an addon: N-API of version 8, which one build serves Node 20, 22 and 24 with. */
const options = (headers: string) => [
  '-shared',
  '-fPIC',
  '-O2',
  '-std=gnu++17',
  '-DNAPI_VERSION=8',
  '-DNODE_GYP_MODULE_NAME=tfjs_binding',
  `-I${headers}`,
];

/**
 * @param folder of the package: `binding/` and `deps/` are there, `lib/` is made
 * @param headers folder of node_api.h
 * @throws SetupError with the compiler's first complaint
 */
export async function buildBinding(folder: string, headers: string): Promise<void> {
  await mkdir(join(folder, 'lib/napi-v8'), { recursive: true });
  await run(
    compiler(),
    [
      ...options(headers),
      ...['-Ideps/include', 'binding/tfjs_backend.cc', 'binding/tfjs_binding.cc', '-Ldeps/lib'],
      ...['-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2', '-Wl,-rpath,$ORIGIN/../../deps/lib'],
      ...['-o', 'lib/napi-v8/tfjs_binding.node'],
    ],
    { cwd: folder, ...failing },
  );
}

const sourceOf = (name: string) => fileURLToPath(new URL(`../../native/tensorflow/${name}`, import.meta.url));

/** Our addon that makes functions of recorded steps. It takes TensorFlow's types from the headers and nothing else. */
export async function buildFunctions(folder: string, headers: string): Promise<void> {
  const own = ['-fvisibility=hidden', '-Ideps/include', sourceOf('functions.cc'), '-ldl'];
  await run(compiler(), [...options(headers), ...own, '-o', FUNCTIONS_ADDON], { cwd: folder, ...failing });
}

/** Our addon, which opens libraries as libtensorflow_framework does: with its search path, from its folder. */
export async function buildSupport(folder: string, headers: string): Promise<void> {
  const said = await run('readelf', ['-d', 'deps/lib/libtensorflow_framework.so.2'], {
    cwd: folder,
    ...failing,
  });
  const runpath = runpathIn(said).join(':');
  await run(
    compiler(),
    [
      ...options(headers),
      sourceOf('support.cc'),
      '-ldl',
      ...(runpath === '' ? [] : [`-Wl,-rpath,${runpath}`]),
      '-o',
      SUPPORT_ADDON,
    ],
    { cwd: folder, ...failing },
  );
}
