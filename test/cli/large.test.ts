/** Sweeps and networks that are too large, or nearly: refused before anything is made of them, and never deaf. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adamwBench, configure, journalLines, planned, run, start, until } from './cli.js';

const axis = (steps: number) => ({ logspace: { from: -19, to: -1, steps } });
const gridOf = (lr: number, wd: number) => ({ grid: { lr: axis(lr), wd: axis(wd) } });

describe.concurrent('a large grid', () => {
  it('of 12 million cells is refused by plan and run, and leaves no folder', async () => {
    const train = { epochs: 3, batchSize: 20, seeds: [0, 1, 2] };
    const optimizers = ['adam', 'adamw', 'sgd', 'sgdw'];
    const { file, folder, dir } = configure({ ...gridOf(1000, 1000), train, optimizers });
    for (const args of [['plan', file], run(file, dir)]) {
      const { code, stderr } = await adamwBench(args);
      expect(code).toBe(2);
      expect(stderr).toContain('12,000,000');
    }
    expect(readdirSync(folder)).toEqual(['tiny.yaml']);
  });

  it('of 900,000 cells is planned without making them', async () => {
    const { file } = configure({ ...gridOf(1000, 900), optimizers: ['adam'] });
    const { code, stdout } = await adamwBench(['plan', file, '--no-time', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ cells: 900_000 });
  });

  it('of 900,000 cells stops at a SIGTERM while its cells are listed', async () => {
    const { file, dir } = configure({ ...gridOf(1000, 900), optimizers: ['adam'] });
    const running = start(run(file, dir));
    await running.saw(/900,000/);
    // The journal is there: what follows is the list of cells.
    const journal = join(dir, 'runs.jsonl');
    await until(() => existsSync(journal));
    process.kill(running.pid, 'SIGTERM');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('SIGTERM');
    // The line of the plan is not reached.
    expect(planned(stderr)).toEqual([]);
    expect(journalLines(dir)).toEqual([]);
  });
});

describe.concurrent('a network too large for memory', () => {
  const model = { name: 'mlp', hidden: [1_000_000, 1_000_000] };
  it('is refused by plan with its size', async () => {
    const { code, stderr } = await adamwBench(['plan', configure({ model }).file]);
    expect(code).toBe(2);
    expect(stderr).toContain('1,000,796,000,010');
  });

  it('is refused by run before a worker starts', async () => {
    const { file, dir } = configure({ model });
    const { code, stderr } = await adamwBench(run(file, dir));
    expect(code).toBe(2);
    expect(stderr).toContain('1,000,796,000,010');
    expect(journalLines(dir)).toEqual([]);
  });
});
