/** Output that cannot be written costs nothing but itself. */
import { existsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adamwBench, configure, csv, journalLines, run, scratch } from './cli.js';

/** Put before the program: a shell that redirects its output. */
const redirected = (redirections: string, before = '') => [
  'sh',
  '-c',
  `${before} exec "$@" ${redirections}`,
  'sh',
];

/** A sweep that must come to its end. */
async function expectDone(through: readonly string[], ...options: readonly string[]) {
  const { file, dir } = configure();
  const ended = await adamwBench(run(file, dir, '-w', '1', ...options), { through });
  expect(ended.code, ended.stderr).toBe(0);
  expect(journalLines(dir)).toHaveLength(8);
  expect(csv(join(dir, 'runs.csv'))).toHaveLength(8);
  expect(existsSync(join(dir, '.lock'))).toBe(false);
  return { dir, ...ended };
}

describe.concurrent('a sweep comes to its end', () => {
  it.each([
    ['standard error', '2> /dev/full', []],
    ['standard output', '> /dev/full', []],
    ['both', '> /dev/full 2>&1', []],
    ['the events of --json', '> /dev/full', ['--json']],
  ])('where the disk under its log is full: %s', async (_what, redirections, options) => {
    await expectDone(redirected(redirections), ...options);
  });

  it('where its log is as long as a file may be (EFBIG)', async () => {
    const log = join(scratch(), 'log');
    writeFileSync(log, '');
    truncateSync(log, 2 ** 30);
    // In blocks of 512 bytes: other files may have 64 MiB.
    await expectDone(redirected(`>> ${log} 2>&1`, 'ulimit -f 131072;'));
  });

  it('and says once that its standard output is lost', async () => {
    const { stderr } = await expectDone(redirected('> /dev/full'), '--json');
    expect(stderr.match(/ENOSPC/g)).toHaveLength(1);
  });

  it('where its workers cannot write to their standard error', async () => {
    const hook = join(scratch(), 'hook.cjs');
    writeFileSync(
      hook,
      `if (process.argv[1]?.endsWith('workerStart.js')) {
        const { closeSync, openSync } = require('node:fs');
        closeSync(2);
        openSync('/dev/full', 'w');
        setInterval(() => {
          // Its own code has been loaded.
          if (process.listenerCount('message') > 0) process.stderr.write('a library warns\\n');
        }, 20).unref();
      }`,
    );
    const { file, dir } = configure();
    const { code, stderr } = await adamwBench(run(file, dir, '-w', '1', '--retries', '0'), {
      env: { NODE_OPTIONS: `--require ${hook}`, ADAMW_BENCH_FAULT: 'slow:*:20' },
    });
    expect(code, stderr).toBe(0);
    expect(journalLines(dir)).toHaveLength(8);
  });
});

describe.concurrent('other commands', () => {
  it.each([
    ['plan', (file: string) => ['plan', file]],
    ['data list', () => ['data', 'list']],
    ['data fetch', () => ['data', 'fetch', 'synthetic-mnist']],
    ['doctor', () => ['doctor']],
  ])('survive a full disk under their output, too: %s', async (_what, args) => {
    const { file } = configure();
    const { code } = await adamwBench(args(file), { through: redirected('> /dev/full 2>&1') });
    expect(code).toBe(0);
  });
});
