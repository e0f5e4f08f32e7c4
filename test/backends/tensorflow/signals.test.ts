/** Signals that arrive while TensorFlow multiplies, as a worker's do when Ctrl-C or SIGTERM ends a sweep. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { missing } from './setUp.js';

const script = fileURLToPath(new URL('multiplies.ts', import.meta.url));

test.skipIf(missing).each([1, 2])('signals do not disturb matrix products in %i threads', async (threads) => {
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
  expect({ how, said }).toEqual({
    how: [0, null],
    said: expect.stringMatching(/handled [1-9]\d*, wrong 0/) as string,
  });
});
