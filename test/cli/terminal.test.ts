/** What the program leaves behind on a terminal, however it ends, and what it writes on a terminal that knows nothing. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { configure, journalLines, run, scratch } from './cli.js';
import { asBefore, modesAfter, startOnTerminal } from './terminal.js';

/** Node options with which something happens to the coordinator as soon as it has a bar on the terminal. */
function whenBarsShow(happens: string): string {
  const hook = join(scratch(), 'hook.mjs');
  writeFileSync(
    hook,
    `if (process.argv[1]?.endsWith('adamw-bench.js')) {
      const write = process.stderr.write;
      process.stderr.write = function (text, ...rest) {
        if (String(text).includes('░')) { process.stderr.write = write; setTimeout(() => { ${happens} }, 300); }
        return write.call(this, text, ...rest);
      };
    }`,
  );
  return `--import ${pathToFileURL(hook).href}`;
}

const slow = 'slow:*:200';

describe.concurrent('a terminal has its cursor and its line wrap', () => {
  it('at the end of a sweep', async () => {
    const { file, dir } = configure();
    const { code, stdout } = await startOnTerminal(run(file, dir)).ended;
    expect(code).toBe(0);
    expect(stdout).toContain('░');
    expect(modesAfter(stdout)).toEqual(asBefore);
  });

  it('after two Ctrl-C', async () => {
    const { file, dir } = configure();
    // A hung worker keeps no checkpoint, so the first Ctrl-C has to wait.
    const sweep = startOnTerminal(run(file, dir), { env: { ADAMW_BENCH_FAULT: 'hang:*:0' } });
    await sweep.saw(/worker 1 .*epoch/);
    sweep.pressCtrlC();
    await sweep.saw(/SIGINT/);
    sweep.pressCtrlC();
    const { code, stdout } = await sweep.ended;
    expect(code).toBe(130);
    expect(modesAfter(stdout)).toEqual(asBefore);
  });

  it.each([
    ['an uncaught error', "throw new Error('uncaught')", 1],
    ['a rejection that nobody handles', "Promise.reject(new Error('uncaught'))", 1],
    ['process.exit', 'process.exit(5)', 5],
    ['SIGKILL', "process.kill(process.pid, 'SIGKILL')", 137],
  ])('after %s', async (_what, happens, expected) => {
    const { file, dir } = configure();
    const env = { ADAMW_BENCH_FAULT: slow, NODE_OPTIONS: whenBarsShow(happens) };
    const { code, stdout } = await startOnTerminal(run(file, dir), { env }).ended;
    expect(code, stdout).toBe(expected);
    expect(modesAfter(stdout)).toEqual(asBefore);
    // A stack trace is no part of a bar.
    if (expected === 1) expect(stdout).toContain('\u001b[0JError: uncaught');
  });
});

describe.concurrent('TERM=dumb', () => {
  it('on a terminal gets no escape sequences', async () => {
    const { file, dir } = configure();
    const dumb = { env: { TERM: 'dumb' } };
    const sweep = await startOnTerminal(['run', file, '--out', dir], dumb).ended;
    expect(sweep.code).toBe(0);
    expect(sweep.stdout).toContain('[8/8]');
    expect(sweep.stdout).not.toContain('\u001b');
    const report = await startOnTerminal(['report', dir], dumb).ended;
    expect(report.code).toBe(0);
    expect(report.stdout).not.toContain('\u001b');
  });
});

describe.concurrent('a terminal that closes', () => {
  it('stops a sweep in good order, with a checkpoint of the running cell and without the lock', async () => {
    const { file, dir } = configure({ train: { epochs: 6, batchSize: 20 } });
    const sweep = startOnTerminal(run(file, dir, '-w', '1', '--checkpoint-every', '0'), {
      env: { ADAMW_BENCH_FAULT: slow },
    });
    await sweep.saw(/1\/8 cells[^]*epoch 2/);
    sweep.close();
    // Its exit code is no matter: Node 20 aborts as it gives back a terminal that is gone.
    await sweep.ended;
    expect(journalLines(dir).length).toBeLessThan(8);
    expect(readdirSync(join(dir, 'checkpoints'))).toHaveLength(1);
    expect(existsSync(join(dir, '.lock'))).toBe(false);
  });
});
