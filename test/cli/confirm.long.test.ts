/** The second stage at the command line: chosen once, trained on fresh seeds, told apart from the grid everywhere. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KeptChoice } from '../../src/experiment/confirm.js';
import { adamwBench, configure, csv, journalCells, results, run, start } from './cli.js';

const train = { epochs: 2, batchSize: 20, seeds: [0, 1] };
const grid = { lr: [0.01, 0.1], wd: [0, 0.01] };
const confirm = { freshSeeds: 3 };
const endpoints = [{ statistic: 'paired_difference', of: ['adam', 'adamw'], confirms: 'less' }];
const kept = (dir: string) =>
  (JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8')) as { confirmation?: KeptChoice })
    .confirmation;
const words = (text: string) => text.replace(/\s+/g, ' ');

describe('a second stage', () => {
  it('leaves the grid as it is without one, and pairs the best cells on fresh seeds', async () => {
    const plain = configure({ train, grid });
    expect((await adamwBench(run(plain.file, plain.dir, '--quiet'))).code).toBe(0);
    const { file, dir } = configure({ train, grid, confirm, endpoints });
    const { code, stdout, stderr } = await adamwBench(run(file, dir));
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(
      /16 cells; 16 to train[^]*The grid is settled\.[^]*22 cells, 16 there already; 6 to train/,
    );

    const { choice } = kept(dir)!;
    expect(choice).toMatchObject({ seeds: [1000, 1001, 1002], cells: 16, failed: 0, by: 'test' });
    const [grids, fresh] = ['grid', 'confirmation'].map((stage) =>
      results(dir).runs.filter((r) => r['stage'] === stage),
    );
    expect(grids!.map(({ stage: _, ...rest }) => rest)).toEqual(results(plain.dir).runs);
    expect(fresh).toHaveLength(6);
    const statistics = (of: string) =>
      csv(join(of, 'decoupling.csv')).filter(({ kind }) => kind !== 'confirmation');
    expect(statistics(dir)).toEqual(statistics(plain.dir));

    const table = csv(join(dir, 'confirmation.csv'));
    expect(table.map(({ seed }) => seed)).toEqual(['1000', '1001', '1002', '1000', '1001', '1002']);
    for (const label of ['Adam+L2', 'AdamW']) {
      const row = (statistic: string) =>
        statistics(dir).find((r) => r['a'] === label && r['b'] === '' && r['statistic'] === statistic)![
          'value'
        ];
      const own = table.filter((r) => r['label'] === label);
      expect(own.map(({ lr, wd }) => [lr, wd])).toEqual(Array(3).fill([row('best_lr'), row('best_wd')]));
    }
    const errors = table.map((r) => Number(r['test_error']));
    const pair = csv(join(dir, 'decoupling.csv')).find((r) => r['statistic'] === 'paired_difference')!;
    expect([pair['a'], pair['b'], pair['count']]).toEqual(['Adam+L2', 'AdamW', '3']);
    const mean = [0, 1, 2].reduce((sum, i) => sum + errors[i + 3]! - errors[i]!, 0) / 3;
    expect(Number(pair['value'])).toBeCloseTo(mean, 12);
    expect(words(stdout)).toMatch(
      /Confirmation on 3 fresh seeds .* - The endpoint .* - Confirmed on 3 fresh seeds/,
    );

    const again = await adamwBench(run(file, dir));
    expect(again.stderr).toContain('22 cells, 22 there already; 0 to train');
    const report = await adamwBench(['report', dir]);
    expect(words(report.stdout)).toContain('Confirmed on 3 fresh seeds');
    expect(readFileSync(join(dir, 'report.html'), 'utf8')).toContain('id="h-confirmation"');
    expect(csv(join(dir, 'confirmation.csv'))).toEqual(table);

    // Without its configuration the folder still knows which seeds are fresh.
    rmSync(join(dir, 'config.yaml'));
    expect((await adamwBench(['report', dir])).code).toBe(0);
    const texts = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).sort();
    expect(texts(statistics(dir))).toEqual(texts(statistics(plain.dir)));
    expect(texts(csv(join(dir, 'confirmation.csv')))).toEqual(texts(table));
  });

  it('goes on after a kill in the second stage, and gives the same', async () => {
    const whole = configure({ train, grid, confirm });
    expect((await adamwBench(run(whole.file, whole.dir, '--quiet'))).code).toBe(0);
    const { file, dir } = configure({ train, grid, confirm });
    const slow = { env: { ADAMW_BENCH_FAULT: 'slow:*:100' } };
    const first = start(run(file, dir, '--workers', '1'), slow);
    await first.saw(/\[2\/6\]/);
    const { choice } = kept(dir)!;
    first.child.kill('SIGKILL');
    await first.ended;
    const stopped = start(run(file, dir, '--workers', '1'), slow);
    await stopped.saw(/22 cells, 1[89] there already; [34] to train/);
    stopped.child.kill('SIGTERM');
    expect((await stopped.ended).code).toBe(130);
    const { code, stderr } = await adamwBench(run(file, dir));
    expect(code, stderr).toBe(0);
    expect(kept(dir)).toEqual({ choice, earlier: [] });
    expect(new Set(journalCells(dir)).size).toBe(22);
    expect(journalCells(dir)).toHaveLength(22);
    expect(results(dir)).toEqual(results(whole.dir));
  });

  it('counts failed cells as settled, and trains them again where asked, in both stages', async () => {
    const { file, dir } = configure({ train, grid, confirm });
    const faulty = { env: { ADAMW_BENCH_FAULT: 'throw:AdamW:0' } };
    const failing = await adamwBench(run(file, dir, '--retries', '0'), faulty);
    expect(failing.code).toBe(3);
    // Of AdamW nothing is left to choose.
    expect(kept(dir)!.choice).toMatchObject({ failed: 8, chosen: [{ label: 'Adam+L2' }] });
    expect(words(failing.stdout)).toContain('of which 8 had failed');
    const retried = await adamwBench(run(file, dir, '--retry-failed'));
    expect(retried.code, retried.stderr).toBe(0);
    expect(retried.stderr).toContain('19 cells, 11 there already; 8 to train');
    expect(words(retried.stdout)).toContain('The grid as it is now would choose');
    const again = await adamwBench(run(file, dir, '--choose-again'));
    expect(again.code, again.stderr).toBe(0);
    expect(kept(dir)).toMatchObject({ choice: { failed: 0 }, earlier: [{ failed: 8, records: 3 }] });
    expect(words(again.stdout)).toContain('after 3 runs on fresh seeds');
    expect(csv(join(dir, 'confirmation.csv'))).toHaveLength(6);
  });

  it('does not begin after a failure that ends the sweep, and ends at one of its own', async () => {
    const { file, dir } = configure({ train, grid, confirm });
    const args = run(file, dir, '--retries', '0', '--fail-fast', '--workers', '1');
    const first = await adamwBench(args, { env: { ADAMW_BENCH_FAULT: 'throw:AdamW:0' } });
    expect(first.code).toBe(3);
    expect(kept(dir)).toBeUndefined();
    expect((await adamwBench([...args, '--retry-failed'])).code).toBe(0);
    expect(kept(dir)!.choice.chosen).toHaveLength(2);
  });

  it('refuses another grid once the cells are chosen, and chooses again openly', async () => {
    const { folder, file, dir } = configure({ train, grid, confirm });
    expect((await adamwBench(run(file, dir, '--quiet'))).code).toBe(0);
    const before = readFileSync(join(dir, 'config.yaml'), 'utf8');
    const wider = configure({ train, grid: { ...grid, lr: [0.01, 0.03, 0.1] }, confirm });
    const refused = await adamwBench(run(wider.file, dir, '--update'));
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('--choose-again');
    const joining = await adamwBench(run(file, dir, '--join', '--choose-again'));
    expect(joining.code).toBe(2);
    expect(joining.stderr).toContain('exclude each other');
    expect(readFileSync(join(dir, 'config.yaml'), 'utf8')).toBe(before);
    const chosen = await adamwBench(run(wider.file, dir, '--update', '--choose-again'));
    expect(chosen.code, chosen.stderr).toBe(0);
    expect(kept(dir)).toMatchObject({ choice: { cells: 24 }, earlier: [{ cells: 16, records: 6 }] });
    expect(words(chosen.stdout)).toContain('The cells of the confirmation were chosen again on');
    writeFileSync(
      join(folder, 'more.yaml'),
      readFileSync(wider.file, 'utf8').replace('freshSeeds: 3', 'freshSeeds: 5'),
    );
    expect((await adamwBench(run(join(folder, 'more.yaml'), dir, '--update'))).code).toBe(2);
  });

  it('joins a folder whose first stage is done, for one grown from an earlier configuration', async () => {
    const { file, dir } = configure({ train, grid });
    expect((await adamwBench(run(file, dir, '--quiet'))).code).toBe(0);
    const later = configure({ train, grid, confirm: { freshSeeds: 2, at: 'best+neighbours' } });
    const grown = await adamwBench(run(later.file, dir, '--update'));
    expect(grown.code, grown.stderr).toBe(0);
    expect(grown.stderr).toContain('16 there already; 12 to train');
    const table = csv(join(dir, 'confirmation.csv'));
    expect(table.filter(({ role }) => role === 'neighbour')).toHaveLength(8);
  });

  it('shows both stages and their time in a plan', async () => {
    const { file } = configure({ train, grid, confirm: { freshSeeds: 4, at: 'best+neighbours' } });
    const text = await adamwBench(['plan', file]);
    expect(text.stdout).toMatch(
      /16 cells on \d+ workers?\nthen, to confirm, .* at most 24 cells\nbackend cpu .*\nabout .* for the grid, .* for the confirmation/,
    );
    const { stdout } = await adamwBench(['plan', file, '--json', '--workers', '2']);
    const json = JSON.parse(stdout) as Record<string, number> & { confirmation: Record<string, number> };
    expect(json).toMatchObject({ cells: 16, confirmation: { cells: 24, seeds: [1000, 1001, 1002, 1003] } });
    expect(json.confirmation['seconds']! / json['seconds']!).toBeCloseTo(24 / 16, 9);
  });
});
