/** Signals that arrive while native kernels run, as a worker's do when Ctrl-C or SIGTERM ends a sweep. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { built } from './both.js';

const script = fileURLToPath(new URL('signalled.ts', import.meta.url));

test.skipIf(!built).each([1, 2])(
  'signals do not disturb the memory of matrix products in %i threads',
  async (threads) => {
    const child = spawn(process.execPath, ['--import', 'tsx', script, String(threads)], { stdio: 'pipe' });
    let said = '';
    let signals: NodeJS.Timeout | undefined;
    child.stderr.on('data', (text: Buffer) => (said += String(text)));
    child.stdout.on('data', (text: Buffer) => {
      said += String(text);
      signals ??= setInterval(() => child.kill('SIGTERM'), 2);
      if (!said.includes('handled')) return;
      clearInterval(signals);
      child.stdin.end();
    });
    const how: unknown = await once(child, 'close');
    clearInterval(signals);
    expect({ how, said }).toEqual({ how: [0, null], said: expect.stringMatching(/handled [1-9]/) as string });
  },
);
