/** Sweeps whose best cell is chosen on images held back, and whose seeds have images of their own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { adamwBench, configure, csv, results, run } from './cli.js';

const dataset = { name: 'synthetic-mnist', train: 96, test: 60, validation: 40, subset: 'per-seed' };

it('chooses the best cell by validation error and reports its test error, killed and resumed alike', async () => {
  const { file, dir } = configure({ dataset });
  const first = await adamwBench(run(file, dir, '--quiet', '--workers', '2'));
  expect(first.code, first.stderr).toBe(0);
  const runs = csv(join(dir, 'runs.csv'));
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  for (const label of new Set(runs.map((r) => r['label']!))) {
    const cells = new Map<string, typeof runs>();
    for (const r of runs.filter((one) => one['label'] === label)) {
      const key = `${r['lr']} ${r['wd']}`;
      cells.set(key, [...(cells.get(key) ?? []), r]);
    }
    const of = (cell: typeof runs, column: string) => mean(cell.map((r) => Number(r[column])));
    const chosen = [...cells.values()].reduce((a, b) =>
      of(b, 'final_val_error') < of(a, 'final_val_error') ? b : a,
    );
    const row = (name: string) =>
      csv(join(dir, 'decoupling.csv')).find(
        (r) => r['a'] === label && r['b'] === '' && r['statistic'] === name,
      )!;
    expect(Number(row('best_error_mean')['value'])).toBeCloseTo(of(chosen, 'final_test_error'), 12);
  }
  const epochs = readFileSync(join(dir, 'epochs.csv'), 'utf8').split('\n');
  expect(epochs[0]).toContain('theta_norm,val_loss,val_error,seconds');

  const again = configure({ dataset });
  await adamwBench(run(again.file, again.dir, '--quiet', '--time-budget', '1'));
  expect((await adamwBench(run(again.file, again.dir, '--quiet', '--workers', '1'))).code).toBe(0);
  expect(results(again.dir)).toEqual(results(dir));
});

it('refuses to hold back what is trained on, with the place', async () => {
  const { file, dir } = configure({ dataset: { name: 'mnist', train: 50_000, validation: 0.5 } });
  const { code, stderr } = await adamwBench(run(file, dir));
  expect(code).toBe(2);
  expect(stderr).toContain('dataset.validation');
  const other = configure({ dataset: { name: 'mnist', subset: 'per-seed' } });
  expect((await adamwBench(run(other.file, other.dir))).stderr).toContain('dataset.subset');
});
