/** A sweep that SIGTERM ends in its first epochs and the same command ends for good. */
import { expect } from 'vitest';
import { adamwBench, run, start } from './cli.js';

/** Runs it in two parts, with one worker. */
export async function runInterrupted(file: string, dir: string, env: Record<string, string>): Promise<void> {
  const slow = { ...env, ADAMW_BENCH_FAULT: 'slow:*:300' };
  const first = start(run(file, dir, '--json', '-w', '1', '--checkpoint-every', '1s'), { env: slow });
  await first.saw(/"event":"beat".*"epoch":0\.[5-9]|"epoch":1/);
  first.child.kill('SIGTERM');
  expect(await first.ended).toMatchObject({ code: 130 });
  expect(await adamwBench(run(file, dir, '-q', '-w', '1'), { env })).toMatchObject({ code: 0 });
}
