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
  expect(stdout).toContain('Examples:\n  npm run reproduce ');
  expect(stdout).not.toContain('== fig1');
});

it.each([
  [['--out', 'x'], 'each figure has its own folder'],
  [['--out=x'], 'each figure has its own folder'],
  [['-o', 'x'], 'each figure has its own folder'],
  [['-ox', '--only', 'fig1'], 'each figure has its own folder'],
  [['--scale', 'large'], '--scale is cpu or paper.'],
  [['--only', 'fig9'], 'There is no fig9. Choose from fig1, '],
  [['--only'], '--only needs names: fig1, '],
])('refuses %j in a sentence', (args, sentence) => {
  const { status, stdout, stderr } = reproduce(...args);
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain(sentence);
  expect(stderr).not.toMatch(/^\s+at /m);
});
