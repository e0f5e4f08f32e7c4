/** The command line installed beside the platform package, without a local build. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { BackendReport } from '../../src/backends/index.js';
import { configure, results, scratch } from './cli.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const platform = JSON.parse(
  readFileSync(join(root, 'packages', 'onednn-linux-x64', 'package.json'), 'utf8'),
) as Record<string, string>;
const built = join(root, 'native', 'build', 'Release', 'adamw_onednn.node');

/** An application that has installed both; the addon finds the libraries of this system. */
function application({ changes = {}, addon = built }: { changes?: object; addon?: string } = {}): string {
  const modules = join(scratch(), 'node_modules');
  const main = join(modules, 'adamw-bench');
  mkdirSync(main, { recursive: true });
  for (const name of ['bin', 'dist', 'package.json'])
    cpSync(join(root, name), join(main, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(main, 'node_modules'));
  const beside = join(modules, platform['name']!);
  mkdirSync(beside, { recursive: true });
  writeFileSync(join(beside, 'package.json'), JSON.stringify({ ...platform, ...changes }));
  cpSync(addon, join(beside, 'adamw_onednn.node'));
  return join(main, 'bin', 'adamw-bench.js');
}

function command(program: string, ...args: string[]) {
  const env = { PATH: process.env['PATH'], HOME: scratch() };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    encoding: 'utf8',
    env,
  });
  expect(status, stderr).toBe(0);
  return { stdout, stderr };
}

function doctor(program: string): BackendReport {
  const { backends } = JSON.parse(command(program, 'doctor', '--json').stdout) as {
    backends: BackendReport[];
  };
  return backends.find(({ name }) => name === 'onednn')!;
}

interface Session {
  readonly backend: BackendReport;
}

function train(program: string) {
  const { file, dir } = configure({ backend: 'auto' });
  const { stderr } = command(program, 'run', file, '--out', dir, '--no-figures');
  const { sessions } = JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8')) as {
    sessions: Session[];
  };
  return { ...results(dir), stderr, backend: sessions[0]!.backend };
}

describe.skipIf(!existsSync(built))('adamw-bench beside the platform package', () => {
  it('trains on it with the bits of the local build, and doctor shows it', () => {
    const program = application();
    expect(doctor(program)).toMatchObject({
      available: true,
      facts: { addon: `${platform['name']} ${platform['version']}` },
    });
    const [brought, local] = [program, join(root, 'bin', 'adamw-bench.js')].map((one) => train(one));
    expect(brought!.backend.name).toBe('onednn');
    expect(local!.backend.facts?.['addon']).toContain('built here');
    expect(brought!.stderr).not.toContain('not used');
    expect(brought!.runs).toEqual(local!.runs);
    expect(brought!.epochs).toEqual(local!.epochs);
  });

  it.each<[string, Parameters<typeof application>[0], RegExp]>([
    ['the C library is too old', { changes: { glibc: '99.0' } }, /GNU C library 99\.0 or newer/],
    ['it has another version', { changes: { version: '0.0.9' } }, /version 0\.0\.9/],
    ['it does not load', { addon: join(root, 'package.json') }, /does not load \(.*\)/],
  ])('says why and trains on wasm where %s', (_what, installed, why) => {
    const program = application(installed);
    expect(doctor(program)).toMatchObject({ available: false, reason: expect.stringMatching(why) });
    const { backend, runs, stderr } = train(program);
    expect(backend.name).toBe('wasm');
    expect(backend.facts?.['onednn not used']).toMatch(why);
    expect(stderr).toMatch(new RegExp(`note: Backend onednn not used: .*${why.source}`));
    expect(runs.every(({ status }) => status === 'ok')).toBe(true);
  });
});
