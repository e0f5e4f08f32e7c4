/** `adamw-bench import` and what works on its folders. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'csv-parse/sync';
import { inThisProcess } from '../cli/inProcess.js';
import { folderOf, published } from './folders.js';

const scratch = mkdtempSync(join(tmpdir(), 'adamw-bench-import-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

let count = 0;
const fresh = () => join(scratch, String(count++));

function csvFile(text: string): string {
  const file = `${fresh()}.csv`;
  writeFileSync(file, text);
  return file;
}

const grid = (value: (lr: number, wd: number, seed: number) => number, column = 'test_error') =>
  `optimizer,lr,wd,seed,${column}\n` +
  ['Adam', 'AdamW']
    .flatMap((optimizer) =>
      [1, 2, 4, 8].flatMap((lr) =>
        [1, 2, 4, 8].flatMap((wd) =>
          [0, 1].map((seed) => `${optimizer},${lr / 100},${wd / 100},${seed},${value(lr, wd, seed)}`),
        ),
      ),
    )
    .join('\n');
const bowl = (lr: number, wd: number, seed: number) =>
  0.1 + 0.02 * Math.log2(lr / 2) ** 2 + 0.02 * Math.log2(wd / 4) ** 2 + 0.004 * seed;

const search = 'test/fixtures/import/optuna-search.db';

describe('adamw-bench import', () => {
  it('says which columns it read and which of them it guessed, and the report follows', async () => {
    const out = fresh();
    const { code, stdout, stderr } = await inThisProcess([
      'import', csvFile(grid(bowl)), '--column', 'wd=wd', '--out', out,
    ]); // prettier-ignore
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/lr +lr \(guessed\)/);
    expect(stdout).toMatch(/wd +wd\n/);
    expect(stdout).toMatch(/error +test_error \(guessed\), as fractions \(guessed\)/);
    expect(stdout).toContain('AdamW: a grid of 4 lr x 4 wd, 2 seeds, 32 runs');
    const report = await inThisProcess(['report', out]);
    expect(report.code).toBe(0);
    expect(report.stdout).toContain('64 runs');
    expect(report.stdout).toContain('test error');
    expect(readdirSync(out).sort()).toEqual(
      ['decoupling.csv', 'epochs.csv', 'figures', 'manifest.json', 'report.html', 'runs.csv', 'runs.jsonl'], // prettier-ignore
    );
    const [first] = parse<Record<string, string>>(readFileSync(join(out, 'runs.csv')), { columns: true });
    expect(first).toMatchObject({ label: 'Adam', optimizer: 'adam', lr: '0.01', batch_size: '', model: '' });
    const again = await inThisProcess(['report', out]);
    expect(again.code).toBe(0);
  });

  it('labels a loss as a loss everywhere', async () => {
    const out = fresh();
    const file = csvFile(grid((lr, wd, seed) => 20 * bowl(lr, wd, seed), 'val_loss'));
    expect((await inThisProcess(['import', file, '--out', out])).code).toBe(0);
    const { stdout } = await inThisProcess(['report', out]);
    expect(stdout).not.toMatch(/error|%(?!\s+interval|\))/i);
    const statistics = readFileSync(join(out, 'decoupling.csv'), 'utf8');
    expect(statistics).toContain('best_loss_mean');
    expect(statistics).not.toContain('_error');
    expect(statistics).toMatch(/basin_absolute,,,,16,"A percentage point/);
    const rows = parse<Record<string, string>>(readFileSync(join(out, 'runs.csv')), { columns: true });
    expect(rows[0]).toMatchObject({ final_test_error: '' });
    expect(Number(rows[0]!['final_loss'])).toBeGreaterThan(1);
    const page = readFileSync(join(out, 'report.html'), 'utf8');
    expect(page).toContain('Loss over learning rate and weight decay');
    expect(stdout).toContain('chosen by loss');
    expect(stdout).toContain('has the lower loss');
    const figure = readFileSync(join(out, 'figures/heatmaps.vl.json'), 'utf8');
    expect(figure).toContain('Loss over learning rate');
    expect(figure).not.toMatch(/error, %/);
  });

  it.each(['random', 'tpe'])(
    'gives the trials of a %s search the quadratic ridge and the best ten',
    async (study) => {
      const out = fresh();
      const { code, stdout, stderr } = await inThisProcess(['import', search, '--study', study, '--chance', '0.9', '--out', out]); // prettier-ignore
      expect(code).toBe(0);
      expect(stdout).toContain('trials, which are not a grid');
      expect(stderr).toContain('note: 1 run had not ended: left out.');
      const report = await inThisProcess(['report', out]);
      expect(report.stdout).toContain('which are not a grid. The best:');
      expect(existsSync(join(out, 'figures/trials.svg'))).toBe(true);
      expect(existsSync(join(out, 'figures/heatmaps.svg'))).toBe(false);
      const rows = parse<Record<string, string>>(readFileSync(join(out, 'decoupling.csv')), {
        columns: true,
      });
      const of = (name: string) => rows.find(({ statistic }) => statistic === name)!;
      // The surface of the study has a valley of slope -0.5, without noise.
      expect(Number(of('ridge_slope_quadratic')['value'])).toBeCloseTo(-0.5, 6);
      for (const name of ['separability', 'ridge_slope', 'regret_mean', 'transfer_mean', 'basin_relative'])
        expect(of(name)).toMatchObject({ value: '', note: expect.stringContaining('not a grid') as string });
      const best = rows
        .filter(({ statistic }) => /^best_\d+$/.test(statistic!))
        .map(({ value }) => Number(value));
      expect(best).toHaveLength(10);
      expect(best).toEqual([...best].sort((a, b) => a - b));
    },
  );

  it('reads several studies as optimizers are named, and refuses to choose one', async () => {
    const { code, stderr } = await inThisProcess(['import', search, '--dry-run']);
    expect(code).toBe(2);
    expect(stderr).toContain('has 2 studies: random, tpe. Name one with --study');
    const both = await inThisProcess(['import', search, '--study', 'random', '--study', 'tpe', '--column', 'optimizer=study', '--dry-run']); // prettier-ignore
    expect(both.code).toBe(0);
    expect(both.stdout).toMatch(/^random: .*\n?tpe: /m);
  });

  it('says of two searches what can be said of trials that are no grid', async () => {
    const out = fresh();
    const options = ['--study', 'random', '--study', 'tpe', '--column', 'optimizer=study', '--chance', '0.9'];
    expect((await inThisProcess(['import', search, ...options, '--out', out])).code).toBe(0);
    const { stdout } = await inThisProcess(['report', out]);
    const text = stdout.replace(/\s+/g, ' ');
    expect(text).toContain(
      'cannot tell whether tpe or random makes fewer errors, or which is easier to tune: their trials are not a grid.',
    );
    expect(text).toMatch(
      /tpe's best trial, lr \S+ and wd \S+, has a test error of \S+%; random's best trial, /,
    );
    expect(text).toContain('Trials that are not a grid have no interval, so this may be luck.');
    expect(text).toMatch(/from a quadratic near the best, is \S+( \(\S+ to \S+\))? for tpe and is/);
  });

  it('takes a study that is maximised for accuracies, and pandas’s table of it as well', async () => {
    const file = 'test/fixtures/import/optuna-dataframe.csv';
    const { code, stdout } = await inThisProcess(['import', file, '--column', 'accuracy=value', '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toContain('a grid of 2 lr x 3 wd, 1 seed, 6 runs');
  });

  it('refuses bad rows by line, or leaves them out as told', async () => {
    const file = csvFile(`${grid(bowl)}\nAdamW,x,1,0,0.5\nAdamW,1,1,0,\n`);
    const out = fresh();
    const refused = await inThisProcess(['import', file, '--out', out]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('2 rows of');
    expect(refused.stderr).toContain('line 66: its lr is "x", which is no number');
    expect(existsSync(out)).toBe(false);
    const skipped = await inThisProcess(['import', file, '--bad-rows', 'skip', '--out', out]);
    expect(skipped.code).toBe(0);
    expect(skipped.stderr).toContain('note: 2 rows left out:\n  line 66: its lr');
    const { imported } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')) as {
      imported: { bad: string[]; records: number };
    };
    expect(imported.records).toBe(64);
    expect(imported.bad).toHaveLength(2);
  });

  it('asks for the unit where it cannot be told', async () => {
    const file = csvFile('lr,wd,error\n1,0,0.4\n2,0,12\n');
    const { code, stderr } = await inThisProcess(['import', file, '--dry-run']);
    expect(code).toBe(2);
    expect(stderr).toContain('Say so with --unit percent or --unit fraction');
    const told = await inThisProcess(['import', file, '--unit', 'percent', '--dry-run']);
    expect(told.stdout).toMatch(/error \(guessed\), in percent\n/);
  });

  it.each([
    [['--column', 'lr'], 'write WHAT=NAME'],
    [['--column', 'speed=lr'], 'write WHAT=NAME'],
    [['--study', 'x'], 'is for Optuna storages'],
    [['--chance', '9'], 'is a share'],
    [['--chance', '-1'], 'Write a number'],
    [['--out', ''], '--out is empty'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await inThisProcess(['import', csvFile(grid(bowl)), ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  it.each([
    [Buffer.from('SQLite format 3\0 and no more'), 'cannot be read as an Optuna storage'],
    [Buffer.from([1, 0, 2]), 'is neither text nor an SQLite file'],
  ])('refuses a file of other bytes', async (bytes, message) => {
    const file = `${fresh()}.db`;
    writeFileSync(file, bytes);
    const { code, stderr } = await inThisProcess(['import', file]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('an imported folder', () => {
  it('is replaced by another import only with --force, and a trained one never', async () => {
    const file = csvFile(grid(bowl));
    const out = fresh();
    const run = async (...more: string[]) => inThisProcess(['import', file, '--out', out, ...more]);
    expect((await run()).code).toBe(0);
    const before = readFileSync(join(out, 'runs.jsonl'));
    const refused = await run();
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('has an earlier import. Add --force');
    expect((await run('--force')).code).toBe(0);
    expect(readFileSync(join(out, 'runs.jsonl'))).toEqual(before);
    const trained = folderOf(fresh(), published('seed-claim'));
    const { code, stderr } = await inThisProcess(['import', file, '--out', trained, '--force']);
    expect(code).toBe(2);
    expect(stderr).toContain('has results of adamw-bench run');
  });

  it('is no place to train in, nor to export weights from', async () => {
    const out = fresh();
    await inThisProcess(['import', csvFile(grid(bowl)), '--out', out]);
    const before = readdirSync(out);
    const { code, stderr } = await inThisProcess(['run', 'configs/quick.yaml', '--out', out, '--quiet']);
    expect(code).toBe(2);
    expect(stderr).toContain('imported from another program');
    expect(readdirSync(out)).toEqual(before);
    // Also where the manifest is lost.
    rmSync(join(out, 'manifest.json'));
    const without = await inThisProcess([
      'run',
      'configs/quick.yaml',
      '--out',
      out,
      '--quiet',
      '--set',
      'backend=cpu',
    ]);
    expect(without.code).toBe(2);
    expect(without.stderr).toContain('imported from another program');
    const weights = await inThisProcess(['export', out, '--cell', 'a', '--out', join(scratch, 'w')]);
    expect(weights.code).toBe(2);
    expect(weights.stderr).toContain('imported from another program');
  });

  it('is compared with others that measure the same', async () => {
    const [errors, losses] = [fresh(), fresh()];
    await inThisProcess(['import', csvFile(grid(bowl)), '--out', errors]);
    await inThisProcess(['import', csvFile(grid(bowl, 'loss')), '--out', losses]);
    expect((await inThisProcess(['compare', errors, errors])).stdout).toContain('to the last bit');
    const { code, stderr } = await inThisProcess(['compare', errors, losses]);
    expect(code).toBe(2);
    expect(stderr).toContain('they cannot be compared');
  });

  it('loses a damaged line, and says so', async () => {
    const out = fresh();
    await inThisProcess(['import', csvFile(grid(bowl)), '--out', out]);
    const journal = join(out, 'runs.jsonl');
    writeFileSync(journal, readFileSync(journal, 'utf8').replace('"lr":0.01', '"lr":0.02'));
    const { code, stdout, stderr } = await inThisProcess(['report', out]);
    expect(code).toBe(0);
    expect(stdout).toContain('63 runs');
    expect(stderr).toContain('1 damaged line(s)');
  });
});
