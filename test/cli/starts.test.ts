/** Worker processes that die before their first cell are started again, patiently, and not for ever. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { adamwBench, configure, journalLines, run, scratch } from './cli.js';

/** Has the first `times` worker processes end as they start; `started` counts all of them. */
function dyingAtStart(how: string, times: number) {
  const folder = scratch();
  const [log, hook] = [join(folder, 'log'), join(folder, 'hook.mjs')];
  writeFileSync(
    hook,
    `import { appendFileSync, statSync } from 'node:fs';
if (process.argv[1].endsWith('workerStart.js')) {
  appendFileSync(${JSON.stringify(log)}, '.');
  if (statSync(${JSON.stringify(log)}).size <= ${times}) ${how};
}
`,
  );
  return {
    env: { NODE_OPTIONS: `--import=${hook}` },
    started: () => (existsSync(log) ? readFileSync(log).length : 0),
  };
}

const exits = 'process.exit(7)';
const isKilled = "process.kill(process.pid, 'SIGKILL')";
const few = { optimizers: ['adam'], grid: { lr: [0.1], wd: [0] } };

it.each([
  ['exit twice', exits, 2],
  ['are killed four times', isKilled, 4],
])('a sweep survives workers that %s at their start', async (_, how, times) => {
  const { file, dir } = configure(few);
  const { env, started } = dyingAtStart(how, times);
  const { code, stderr } = await adamwBench(run(file, dir, '-w', '1'), { env });
  expect(code, stderr).toBe(0);
  expect(started()).toBe(times + 1);
  expect(journalLines(dir)).toHaveLength(1);
});

it('a sweep ends with the reason where workers exit at every start, and blames no cell', async () => {
  const { file, dir } = configure(few);
  const { env, started } = dyingAtStart(exits, 99);
  const { code, stderr } = await adamwBench(run(file, dir, '-w', '1', '--quiet'), { env });
  expect(code).toBe(1);
  expect(stderr).toBe('No worker could be started: its worker process exited with code 7.\n');
  expect(started()).toBe(3);
  expect(journalLines(dir)).toEqual([]);
});
