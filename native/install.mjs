// Builds the oneDNN addon where oneDNN, a C++ compiler, make and Python are present; where one is missing, says in one
// line what to install. It ends well whatever happens, so that the package is installed and runs on its other backends;
// with ADAMW_BENCH_REQUIRE_NATIVE, a build that fails is an error.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** The compiler that node-gyp's makefiles will call: words for the shell, like "ccache g++". */
const compiler = process.env.CXX?.trim() || 'g++';

/** What node-gyp looks for Python by, in its order. */
const pythons = [
  process.env.NODE_GYP_FORCE_PYTHON,
  process.env.npm_config_python,
  process.env.PYTHON,
  'python3',
  'python',
].filter(Boolean);

/** Brings the built addon, where it is installed: see src/backends/onednn/locate.ts. */
const platformPackage = '@adamw-bench/onednn-linux-x64';

/** Why there will be no addon. */
class Skip extends Error {}

function remedy() {
  const manager = /^(pnpm|yarn)\//.exec(process.env.npm_config_user_agent ?? '')?.[1] ?? 'npm';
  return `apt-get install libdnnl-dev g++ make python3, then ${manager} rebuild adamw-bench`;
}

function runs(command, args, cwd) {
  return spawnSync(command, args, { stdio: 'ignore', cwd }).status === 0;
}

/** As make does it: the shell takes the compiler's words apart. */
function compiles(args, cwd) {
  return runs('/bin/sh', ['-c', `${compiler} "$@"`, 'sh', ...args], cwd);
}

/** A new folder in the first place that can be written to. */
function temporaryFolder() {
  for (const place of [tmpdir(), '/tmp', here]) {
    try {
      return mkdtempSync(join(place, 'adamw-bench-'));
    } catch {
      // The next one may do.
    }
  }
  throw new Skip(`neither ${tmpdir()}, /tmp nor ${here} can be written to`);
}

/** Whether an empty program, and one that uses oneDNN, compile and link here. */
function probe() {
  const folder = temporaryFolder();
  const links = (source, ...libraries) => {
    writeFileSync(join(folder, 'probe.cc'), source);
    return compiles(['probe.cc', ...libraries, '-o', 'probe'], folder);
  };
  try {
    return {
      cpp: links('int main() { return 0; }\n'),
      onednn: links('#include <dnnl.hpp>\nint main() { return dnnl_version() == nullptr; }\n', '-ldnnl'),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function requireTools() {
  if (process.env.ADAMW_BENCH_SKIP_NATIVE) throw new Skip('ADAMW_BENCH_SKIP_NATIVE is set');
  if (!compiles(['--version'])) throw new Skip(`the C++ compiler "${compiler}" does not run`);
  if (!runs('make', ['--version'])) throw new Skip('make is not installed');
  if (!pythons.some((python) => runs(python, ['-c', 'import sys; sys.exit(sys.version_info < (3, 6))'])))
    throw new Skip('Python 3, which node-gyp needs, is not installed');
  const { cpp, onednn } = probe();
  if (!cpp) throw new Skip(`the C++ compiler "${compiler}" cannot compile an empty program`);
  if (!onednn) throw new Skip('oneDNN is not installed');
}

/** Node's own headers, where they are installed beside it; otherwise node-gyp downloads them. */
function headers() {
  const prefix = resolve(dirname(process.execPath), '..');
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? [`--nodedir=${prefix}`] : [];
}

function build() {
  const nodeGyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  // Not rebuild: what is up to date stays, and a build that fails leaves the last one in place. N-API is the same for every Node.
  const args = [nodeGyp, 'configure', 'build', '--jobs=max', ...headers(), ...process.argv.slice(2)];
  const env = { ...process.env };
  // make would take an empty word for the compiler.
  if (!env.CXX?.trim()) delete env.CXX;
  const result = spawnSync(process.execPath, args, { cwd: here, env, encoding: 'utf8', maxBuffer: 1 << 28 });
  const { status, signal, error, stdout, stderr } = result;
  if (status === 0) return;
  if (process.env.ADAMW_BENCH_BUILD_LOG) console.error(stdout, stderr);
  const line = /^.*\berror\b.*$/im.exec(stderr ?? '')?.[0]?.trim();
  throw new Skip(
    `the build failed: ${line ?? error?.message ?? `node-gyp ended with ${signal ?? `status ${status}`}`}`,
  );
}

function isBrought() {
  try {
    const { version } = createRequire(import.meta.url)(`${platformPackage}/package.json`);
    return version === createRequire(import.meta.url)('../package.json').version;
  } catch {
    return false;
  }
}

/** @returns whether the addon was built */
function buildOrExplain() {
  try {
    requireTools();
    build();
    console.log('adamw-bench: built the oneDNN backend');
    return true;
  } catch (error) {
    // A defect here must not end the installation either.
    const reason = error instanceof Skip ? error.message : `${error}`;
    const instead = isBrought() ? `${platformPackage} brings it` : `to have it: ${remedy()}`;
    console.log(`adamw-bench: the oneDNN backend was not built (${reason}); ${instead}`);
    return false;
  }
}

// The installation goes on when nobody reads the output.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
const linux = process.platform === 'linux';
if (!linux)
  console.log('adamw-bench: the oneDNN backend builds on Linux only; here the other backends compute');
const done = linux && buildOrExplain();
process.exitCode = !done && process.env.ADAMW_BENCH_REQUIRE_NATIVE ? 1 : 0;
