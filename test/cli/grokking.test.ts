/** A small network that generalises long after it knows its training equations by heart, and one that never does. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { adamwBench, configure, csv, run } from './cli.js';

/** One seed of configs/grokking-quick.yaml, cut off soon after AdamW has generalised. An epoch is one step. */
const settings = {
  dataset: { name: 'modular', op: 'add', p: 23, share: 0.6 },
  model: { name: 'transformer', layers: 1, width: 32, heads: 4, norm: false },
  train: { epochs: 300, batchSize: 317, schedule: { name: 'constant' }, seeds: [0] },
  optimizers: [
    { name: 'adam', beta2: 0.98, wd: [0] },
    { name: 'adamw', beta2: 0.98, convention: 'lr', wd: [1] },
  ],
  grid: { lr: [0.02], wd: [0] },
  backend: 'wasm',
};

it('has its steps in steps.csv, in the table and in the first sentence, the same after a resume', async () => {
  const { file, dir } = configure(settings);
  const { code, stdout, stderr } = await adamwBench(run(file, dir));
  expect(code, stderr).toBe(0);
  const rows = csv(join(dir, 'steps.csv'));
  expect(rows.map(({ label, generalised }) => [label, generalised])).toEqual([
    ['Adam+L2', '0'],
    ['AdamW', '1'],
  ]);
  const epochs = csv(join(dir, 'epochs.csv'));
  /** Recounted from the other table. */
  const first = (label: string, column: string) =>
    epochs.find((row) => row['label'] === label && Number(row[column]) <= 0.05)?.['epoch'];
  for (const { label, median, median_to_fit: fit, each, steps } of rows) {
    const reached = first(label!, 'test_error');
    expect([label, median, fit, steps]).toEqual([label, reached ?? '', first(label!, 'train_error'), '300']);
    expect(each).toBe(`0: ${reached ?? '>300'}`);
  }
  const wait = rows[1]!['median']!;
  expect(Number(wait)).toBeGreaterThan(2 * Number(rows[1]!['median_to_fit']));

  const words = stdout.replace(/\s+/g, ' ');
  expect(words).toContain('chosen by steps to generalise');
  expect(stdout).toMatch(/^Adam\+L2 +0\.02 +0 +> 300 /m);
  expect(stdout).toMatch(new RegExp(`^AdamW +0\\.02 +1 +${wait} `, 'm'));
  expect(words).toMatch(
    /- These runs cannot tell whether AdamW or Adam\+L2 generalises first: .* - At its quickest setting, AdamW generalises after/,
  );
  expect(words).not.toMatch(/test images|of the test set/);

  // The second cell is lost and trained again.
  const bytes = readFileSync(join(dir, 'steps.csv'), 'utf8');
  const journal = join(dir, 'runs.jsonl');
  const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
  writeFileSync(journal, `${lines.slice(0, -1).join('\n')}\n`);
  const again = await adamwBench(run(file, dir, '--quiet'));
  expect(again.code, again.stderr).toBe(0);
  expect(readFileSync(join(dir, 'steps.csv'), 'utf8')).toBe(bytes);
  expect(csv(join(dir, 'epochs.csv'))).toHaveLength(600);
});
