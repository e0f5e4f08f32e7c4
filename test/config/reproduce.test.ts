/** The command line of `npm run reproduce`, as far as it trains nothing. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const reproduce = (...args: string[]) =>
  spawnSync(process.execPath, ['configs/paper/reproduce.js', ...args], { encoding: 'utf8' });

it.each([['--help'], ['-h'], ['--only', 'fig1', '--help']])('shows its own help once: %s', (...args) => {
  const { status, stdout, stderr } = reproduce(...args);
  expect(status).toBe(0);
  expect(stderr).toBe('');
  expect(stdout.match(/^Usage: npm run reproduce/gm)).toHaveLength(1);
  expect(stdout).toContain('npm run reproduce --');
  expect(stdout).not.toContain('== fig1');
});

it.each([
  [['--out', 'x'], '--out'],
  [['--out=x'], '--out'],
  [['-o', 'x'], '--out'],
  [['-ox', '--only', 'fig1'], '--out'],
  [['--scale', 'large'], '--scale'],
  [['--only', 'fig9'], 'fig9'],
  [['--only'], '--only'],
])('refuses %j, and names it', (args, name) => {
  const { status, stdout, stderr } = reproduce(...args);
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain(name);
  expect(stderr).not.toMatch(/^\s+at /m);
});
