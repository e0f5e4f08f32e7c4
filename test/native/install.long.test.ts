/** The real native/install.mjs, run on a small addon: whatever is missing or broken, the installation goes on. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'adamw-bench-install-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A package of its own whose native/ has the real install.mjs and an addon that compiles at once. */
function packageFolder({ source = 'int answer() { return 42; }\n', nodeGyp = true } = {}): string {
  const folder = scratch();
  mkdirSync(join(folder, 'native'));
  copyFileSync(join(root, 'native', 'install.mjs'), join(folder, 'native', 'install.mjs'));
  const gyp = { targets: [{ target_name: 'small', type: 'static_library', sources: ['small.cc'] }] };
  writeFileSync(join(folder, 'native', 'binding.gyp'), JSON.stringify(gyp));
  writeFileSync(join(folder, 'native', 'small.cc'), source);
  if (nodeGyp) symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** A folder for PATH with the programs named, of those that are here. */
function bin(...programs: string[]): string {
  const folder = scratch();
  for (const program of programs) {
    const at = (process.env['PATH'] ?? '')
      .split(delimiter)
      .map((place) => join(place, program))
      .find(existsSync);
    if (at !== undefined) symlinkSync(at, join(folder, program));
  }
  return folder;
}

function script(folder: string, name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

function install(folder: string, env: NodeJS.ProcessEnv = {}, asNobody = false) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'native', 'install.mjs')], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    ...(asNobody ? { uid: 65534, gid: 65534 } : {}),
  });
  return { status, stdout, stderr, built: existsSync(join(folder, 'native', 'build', 'Release', 'small.a')) };
}

const works = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
const probe = 'echo "#include <dnnl.hpp>" | g++ -x c++ -std=c++17 -fsyntax-only -';
const cannot =
  ['linux', 'darwin'].includes(process.platform) &&
  works('/bin/sh', '-c', probe) &&
  works('make', '--version') &&
  works('python3', '--version')
    ? undefined
    : 'needs g++, make, python3 and libdnnl-dev';

/** Root may start a process as nobody; a Node under root's own folders is one that nobody cannot run. */
const nobodyRuns =
  process.getuid?.() === 0 && spawnSync(process.execPath, ['-v'], { uid: 65534, gid: 65534 }).status === 0;

describe.skipIf(cannot)(`native/install.mjs${cannot ? ` (skipped: ${cannot})` : ''}`, () => {
  it.each<[string, () => NodeJS.ProcessEnv]>([
    ['as it is', () => ({})],
    // A build takes seconds, so what concerns the compiler and what concerns TMPDIR share one.
    ['with an empty CXX, where TMPDIR does not exist', () => ({ CXX: '', TMPDIR: '/nowhere/at/all' })],
    [
      'with options in CXX, where TMPDIR is a file',
      () => ({ CXX: 'g++ -O2', TMPDIR: script(scratch(), 'file', '') }),
    ],
    ['with a launcher in CXX', () => ({ CXX: `"${script(scratch(), 'my launcher', 'exec "$@"')}" g++` })],
  ])(
    'builds %s',
    (_what, env) => {
      expect(install(packageFolder(), env())).toMatchObject({ status: 0, built: true });
    },
    120_000,
  );

  const tools = [
    'sh',
    'g++',
    'make',
    'python3',
    'as',
    'ld',
    'ar',
    'uname',
    'sed',
    'mkdir',
    'rm',
    'touch',
    'ln',
  ];
  const without = (...missing: string[]) => ({
    PATH: bin(...tools.filter((tool) => !missing.includes(tool))),
  });

  it.each<[string, () => NodeJS.ProcessEnv, RegExp]>([
    ['Python', () => without('python3'), /Python 3/],
    ['make', () => without('make'), /make/],
    ['a compiler', () => without('g++'), /"g\+\+"/],
    ['anything in PATH', () => ({ PATH: '/nowhere' }), /"g\+\+"/],
    ['a compiler that runs', () => ({ CXX: '/bin/false' }), /"\/bin\/false"/],
    ['a compiler that the shell can read', () => ({ CXX: 'g++ "' }), /"g\+\+ ""/],
    [
      'a compiler that compiles',
      () => ({ CXX: script(scratch(), 'c++', '[ "$1" = --version ]') }),
      /cannot compile/,
    ],
    ['oneDNN', () => ({ CXX: 'g++ -nostdinc' }), /oneDNN is not installed/],
  ])('goes on without %s, and names it', (_what, env, reason) => {
    const { status, stdout, built } = install(packageFolder(), env());
    expect({ status, built }).toEqual({ status: 0, built: false });
    expect(stdout).toMatch(reason);
  });

  it('goes on where the code does not compile, and says with what error', () => {
    const { status, stdout, built } = install(packageFolder({ source: 'this is no C++;\n' }));
    expect({ status, built }).toEqual({ status: 0, built: false });
    expect(stdout).toContain('small.cc');
  }, 120_000);

  it('goes on without node-gyp', () => {
    const { status, stdout } = install(packageFolder({ nodeGyp: false }));
    expect(status).toBe(0);
    expect(stdout).toContain('node-gyp');
  });

  it('goes on where nothing reads what it says', () => {
    const folder = packageFolder();
    const line = `"${process.execPath}" "${join(folder, 'native', 'install.mjs')}" >&- 2>&-`;
    expect(spawnSync('/bin/sh', ['-c', line], { env: { PATH: '/nowhere' } }).status).toBe(0);
  });

  it.skipIf(!nobodyRuns)(
    'goes on where nothing can be written (needs root, and a Node that all may run)',
    () => {
      const folder = packageFolder();
      chmodSync(folder, 0o755);
      const { status, built } = install(folder, { TMPDIR: '/nowhere', HOME: '/nowhere' }, true);
      expect({ status, built }).toEqual({ status: 0, built: false });
      expect(readdirSync(join(folder, 'native')).sort()).toEqual(['binding.gyp', 'install.mjs', 'small.cc']);
    },
  );

  it.each([
    ['npm/10.8.2 node/v22.0.0 linux x64', 'npm rebuild adamw-bench'],
    ['pnpm/10.34.8 npm/? node/v22.0.0 linux x64', 'pnpm rebuild adamw-bench'],
    ['yarn/4.18.1 npm/? node/v22.0.0 linux x64', 'yarn rebuild adamw-bench'],
  ])('names the command of %s', (agent, command) => {
    const env = { npm_config_user_agent: agent, ADAMW_BENCH_SKIP_NATIVE: '1' };
    expect(install(packageFolder(), env).stdout).toContain(`then ${command}`);
  });

  it.each([
    ['0.3.0', true],
    ['0.2.9', false],
  ])('names the platform package of version %s where the package is 0.3.0: %s', (version, isNamed) => {
    const folder = packageFolder({ nodeGyp: false });
    const name = '@adamw-bench/onednn-linux-x64';
    mkdirSync(join(folder, 'node_modules', name), { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: '0.3.0' }));
    writeFileSync(join(folder, 'node_modules', name, 'package.json'), JSON.stringify({ version }));
    const { status, stdout } = install(folder, without('g++'));
    expect(status).toBe(0);
    expect(stdout.includes(`${name} brings it`)).toBe(isNamed);
    expect(stdout.includes('apt-get install')).toBe(!isNamed);
  });

  it('ends with 1 where the addon is required and cannot be built', () => {
    const env = { ...without('g++'), ADAMW_BENCH_REQUIRE_NATIVE: '1' };
    expect(install(packageFolder(), env)).toMatchObject({ status: 1, built: false });
  });
});
