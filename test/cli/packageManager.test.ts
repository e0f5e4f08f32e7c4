/** Package managers that run no install script: told by what they leave, their commands named by `doctor`. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { cautiousManager, type CautiousManager } from '../../src/cli/packageManager.js';
import { scratch } from './cli.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** A project with these files, and the package at `at` in it. */
function project(at: string, ...files: string[]): string {
  const folder = scratch();
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  mkdirSync(join(folder, at), { recursive: true });
  return join(folder, at);
}

describe('the package manager', () => {
  const flat = 'node_modules/adamw-bench';
  const isolated = 'node_modules/.pnpm/adamw-bench@0.1.0/node_modules/adamw-bench';
  const unplugged = '.yarn/unplugged/adamw-bench-npm-0.1.0-0123456789/node_modules/adamw-bench';
  it.each<[string, CautiousManager | undefined, string, ...string[]]>([
    ['pnpm', 'pnpm', isolated, 'pnpm-lock.yaml', 'node_modules/.modules.yaml'],
    ['pnpm without a lock file', 'pnpm', isolated],
    ['pnpm, hoisted', 'pnpm', flat, 'node_modules/.modules.yaml'],
    ["Yarn's Plug'n'Play", 'yarn', unplugged, 'yarn.lock', '.pnp.cjs', '.yarn/install-state.gz'],
    ['Yarn 4 with node_modules', 'yarn', flat, 'yarn.lock', 'node_modules/.yarn-state.yml'],
    ['Yarn 1', undefined, flat, 'yarn.lock', 'node_modules/.yarn-integrity'],
    ['npm', undefined, flat, 'package-lock.json', 'node_modules/.package-lock.json'],
  ])('is told by its traces: %s', (_what, manager, at, ...files) => {
    expect(cautiousManager(project(at, ...files))).toBe(manager);
  });

  it('is that of the nearest project', () => {
    const at = project('inner/node_modules/adamw-bench', 'pnpm-lock.yaml', 'inner/package-lock.json');
    expect(cautiousManager(at)).toBeUndefined();
  });
});

it.each<[CautiousManager, string, string]>([
  ['pnpm', 'node_modules/.modules.yaml', 'pnpm rebuild adamw-bench'],
  ['yarn', 'node_modules/.yarn-state.yml', 'yarn rebuild adamw-bench'],
])('doctor names the commands of %s where the addon is not built', (_manager, trace, command) => {
  const folder = project('node_modules/adamw-bench', trace);
  for (const name of ['bin', 'dist', 'package.json'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(folder, 'bin', 'adamw-bench.js'), 'doctor', '--json'],
    {
      encoding: 'utf8',
    },
  );
  expect(status).toBe(0);
  const { advice } = JSON.parse(stdout) as { advice?: string };
  expect(advice).toContain(command);
});
