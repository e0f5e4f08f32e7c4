// Builds the oneDNN addon where oneDNN, a C++ compiler and make are present; where one is missing, says in one
// line what to install and ends well, so that `npm ci` succeeds and the package runs on its other backends.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const remedy = 'apt-get install libdnnl-dev g++ make python3, then npm rebuild adamw-bench';

/** The compiler node-gyp's makefiles will call. */
const compiler = process.env.CXX ?? 'g++';

function skip(reason) {
  console.log(`adamw-bench: the oneDNN backend was not built (${reason}); to have it: ${remedy}`);
  process.exit(0);
}

function runs(command, args) {
  return spawnSync(command, args, { stdio: 'ignore', shell: false }).status === 0;
}

/** Whether a program using oneDNN compiles and links here. */
function hasOnednn() {
  const folder = mkdtempSync(join(tmpdir(), 'adamw-bench-'));
  try {
    const source = join(folder, 'probe.cc');
    writeFileSync(source, '#include <dnnl.hpp>\nint main() { return dnnl_version() == nullptr; }\n');
    return runs(compiler, ['-std=c++17', source, '-ldnnl', '-o', join(folder, 'probe')]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
  return spawnSync(process.execPath, args, { cwd: here, encoding: 'utf8', maxBuffer: 1 << 28 });
}

if (process.env.ADAMW_BENCH_SKIP_NATIVE) skip('ADAMW_BENCH_SKIP_NATIVE is set');
if (!['linux', 'darwin'].includes(process.platform)) skip(`no build is known for ${process.platform}`);
if (!runs(compiler, ['--version'])) skip(`the C++ compiler "${compiler}" does not run`);
if (!runs('make', ['--version'])) skip('make is not installed');
if (!hasOnednn()) skip('oneDNN is not installed');
const { status, stdout, stderr } = build();
if (status !== 0) {
  if (process.env.ADAMW_BENCH_BUILD_LOG) console.error(stdout, stderr);
  const line = /^.*\berror\b.*$/im.exec(stderr)?.[0]?.trim() ?? `node-gyp ended with status ${status}`;
  skip(`the build failed: ${line}`);
}
console.log('adamw-bench: built the oneDNN backend');
