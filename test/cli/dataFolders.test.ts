/** `data list|verify|fetch` on folders that the system refuses: a sentence and exit code 2 at every level. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { program, scratch } from './cli.js';
import { inThisProcess } from './inProcess.js';

const commands = [
  ['data', 'list'],
  ['data', 'verify', 'mnist'],
  ['data', 'fetch', 'mnist'],
];

/** The levels of a data folder at which something can be in the way. */
const levels: [string, (dataDir: string) => string][] = [
  ['the data folder', (dataDir) => dataDir],
  ["the set's folder", (dataDir) => join(dataDir, 'mnist')],
  ['a file', (dataDir) => join(dataDir, 'mnist', 'train-images-idx3-ubyte.gz')],
];

function freshFolder(): string {
  const dataDir = join(scratch(), 'data');
  mkdirSync(dataDir);
  return dataDir;
}

/** Puts something at a level of a data folder that does not exist yet. */
function folderWith(place: (dataDir: string) => string, put: (at: string) => void): string {
  const dataDir = join(scratch(), 'data');
  const at = place(dataDir);
  mkdirSync(dirname(at), { recursive: true });
  put(at);
  return dataDir;
}

const isSentence = (text: string, path: string) => {
  expect(text).toContain(path);
  expect(text).not.toMatch(/^\s+at /m);
};

describe.each(commands)('%s %s', (...command) => {
  it.each(levels)('refuses a link to itself in place of %s', async (_what, place) => {
    const dataDir = folderWith(place, (at) => symlinkSync(at, at));
    const { code, stdout, stderr } = await inThisProcess([...command, '--data-dir', dataDir]);
    expect(code).toBe(2);
    isSentence(stdout + stderr, place(dataDir));
  });

  it.each(levels.slice(0, 2))('refuses a file in place of %s', async (_what, place) => {
    const dataDir = folderWith(place, (at) => writeFileSync(at, 'a file'));
    const { code, stdout, stderr } = await inThisProcess([...command, '--data-dir', dataDir]);
    expect(code).toBe(2);
    isSentence(stdout + stderr, place(dataDir));
  });

  it.each([300, 5000])('refuses a path of %i characters', async (length) => {
    const dataDir = join(scratch(), 'x'.repeat(length));
    const { code, stdout, stderr } = await inThisProcess([...command, '--data-dir', dataDir]);
    expect(code).toBe(2);
    isSentence(stdout + stderr, dataDir);
  });
});

/** Root reads everything: the command then runs as the user nobody. */
const asNobody = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
const unprivileged = (args: readonly string[]) =>
  spawnSync(process.execPath, [program, ...args], {
    ...asNobody,
    env: { PATH: process.env['PATH'], HOME: '/nowhere' },
    encoding: 'utf8',
  });
const cannot =
  process.platform === 'win32'
    ? 'Windows has no such rights'
    : unprivileged(['--version']).status === 0
      ? undefined
      : 'the program cannot be read without privileges';

describe.skipIf(cannot)(`without permission${cannot ? ` (skipped: ${cannot})` : ''}`, () => {
  for (const command of commands)
    it.each(levels)(`${command.join(' ')} refuses %s`, (_what, place) => {
      const dataDir = freshFolder();
      chmodSync(dirname(dataDir), 0o755);
      mkdirSync(join(dataDir, 'mnist'));
      for (const name of ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'])
        writeFileSync(join(dataDir, 'mnist', `${name}-ubyte.gz`), '');
      chmodSync(place(dataDir), 0);
      const { status, stdout, stderr } = unprivileged([...command, '--data-dir', dataDir]);
      chmodSync(place(dataDir), 0o755);
      expect(status).toBe(2);
      isSentence(stdout + stderr, place(dataDir));
    });

  it('data fetch refuses a folder that cannot be written to, before any download', () => {
    const dataDir = freshFolder();
    chmodSync(dirname(dataDir), 0o755);
    chmodSync(dataDir, 0o555);
    const { status, stderr } = unprivileged(['data', 'fetch', 'mnist', '--data-dir', dataDir]);
    expect(status).toBe(2);
    isSentence(stderr, dataDir);
  });

  it("names another program's folder that may not be listed", () => {
    const dataDir = freshFolder();
    chmodSync(dirname(dataDir), 0o755);
    const raw = join(dataDir, 'MNIST', 'raw');
    mkdirSync(raw, { recursive: true });
    chmodSync(raw, 0);
    const { status, stdout } = unprivileged(['data', 'verify', 'mnist', '--data-dir', dataDir]);
    chmodSync(raw, 0o755);
    expect(status).toBe(2);
    isSentence(stdout, raw);
  });
});
