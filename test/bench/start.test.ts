import { expect, test } from 'vitest';
import { peakMemoryOf, runToEnd } from '../../bench/start/child.js';
import { summariseStart } from '../../bench/start/table.js';

test('ratios are to `node -e 0` of the same round', () => {
  const row = (command: string, round: number, seconds: number, peakBytes: number) => ({
    command,
    round,
    seconds,
    peakBytes,
  });
  const [node, help] = summariseStart([
    row('node -e 0', 1, 0.04, 40),
    row('--help', 1, 0.4, 120),
    row('node -e 0', 2, 0.08, 40),
    row('--help', 2, 0.4, 80),
  ]);
  expect(node!.timeOverNode).toEqual({ median: 1, min: 1, max: 1 });
  expect(help).toMatchObject({ memoryOverNode: 2.5, timeOverNode: { median: 7.5, min: 5, max: 10 } });
});

test('the peak is that of the process, not of what it holds in the end', async () => {
  const bytes = await peakMemoryOf(['-e', 'Buffer.alloc(300e6, 1)']);
  expect(bytes).toBeGreaterThan(300e6);
  expect(await peakMemoryOf(['-e', '0'])).toBeLessThan(200e6);
});

test('a command that fails is an error with its words', async () => {
  await expect(runToEnd(['-e', 'console.error("no such folder"); process.exit(3)'])).rejects.toThrow(
    /exited with 3: no such folder/,
  );
});

test('the worker that is measured gets ready, and ends', async () => {
  expect(await runToEnd(['bench/start/worker.mjs', 'cpu'])).toBeGreaterThan(0);
});
