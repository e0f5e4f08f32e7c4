/** A small limit on open files (ulimit -n) is named in a sentence, wherever it is met. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { adamwBench, configure, scratch } from './cli.js';

const limited = (count: number) => ['sh', '-c', `ulimit -n ${count}; exec "$@"`, 'sh'];

describe.concurrent('too few open files', () => {
  it.each([24, 32, 48, 64, 96, 128])(
    'of %i: run, report and worker refuse, with exit code 2',
    async (count) => {
      const { file, dir } = configure();
      for (const args of [
        ['run', file, '--out', dir],
        ['report', dir],
        ['worker', 'redis://127.0.0.1:1'],
      ]) {
        const { code, stderr } = await adamwBench(args, { through: limited(count) });
        expect(code, stderr).toBe(2);
        expect(stderr).toContain('ulimit -n');
        expect(stderr).not.toMatch(/^\s+at /m);
      }
    },
  );

  it('for a worker are a failure of its start, and signal nobody', async () => {
    const script = join(scratch(), 'start.mjs');
    const module = (name: string) => fileURLToPath(new URL(`../../dist/runner/${name}.js`, import.meta.url));
    writeFileSync(
      script,
      `import { closeSync, openSync } from 'node:fs';
      import { startWorker } from ${JSON.stringify(module('workerProcess'))};
      const files = [];
      try { for (;;) files.push(openSync('/dev/null', 'r')); } catch {}
      const setup = { backend: 'cpu', threads: 1, dataset: { name: 'synthetic-mnist' }, checkpoints: '/nowhere' };
      const failure = await startWorker(setup, { timeout: 0, hang: 0, memory: 0 }, '').catch((error) => error);
      files.forEach(closeSync);
      console.log(failure.kind);`,
    );
    // A shell that outlives the program: a signal to the process group would end it, too.
    const shell = `ulimit -n 200; "$0" "$1"; echo "exit code $?"`;
    const { stdout } = await promisify(execFile)('setsid', [
      '-w',
      'sh',
      '-c',
      shell,
      process.execPath,
      script,
    ]);
    expect(stdout.split('\n').filter(Boolean)).toEqual(['crash', 'exit code 0']);
  });
});
