/** An imported sweep has the statistics of the folder that it was exported from, field by field. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'csv-parse/sync';
import type { RunRecord } from '../../src/experiment/record.js';
import { analyse, decouplingCsv } from '../../src/report/index.js';
import { readResults } from '../../src/cli/results.js';
import { inThisProcess } from '../cli/inProcess.js';
import { folderOf, published } from './folders.js';

const scratch = mkdtempSync(join(tmpdir(), 'adamw-bench-import-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

type Statistic = Readonly<Record<string, string>>;

/** The rows of a folder's decoupling.csv. */
async function statisticsOf(dir: string): Promise<Statistic[]> {
  const csv = decouplingCsv(analyse(await readResults(dir)).decoupling);
  return parse(csv, { columns: true });
}

/** Exact from training settings, which no import has. */
const ofSettings = ['best_total_decay', 'best_tau_epochs'];
/** Labels are in the order of the file, and MLflow exports the newest run first: so rows are sorted. */
const comparable = (rows: readonly Statistic[]) =>
  rows
    .filter(({ statistic }) => !ofSettings.includes(statistic!))
    .map((row) => ({ key: JSON.stringify(row), row }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ row }) => row);

async function bothOf(name: string, records: readonly RunRecord[], args: readonly string[]) {
  const imported = join(scratch, `${name}-imported`);
  const { code, stderr } = await inThisProcess(['import', ...args, '--out', imported]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const original = folderOf(join(scratch, name), records);
  return { original: await statisticsOf(original), imported: await statisticsOf(imported) };
}

describe('the same statistics', () => {
  it('of an Optuna study', async () => {
    const records = published('fig2').filter(
      ({ label, cell }) => /^Adam/.test(label) && cell.seed < 2 && cell.wd > 0,
    );
    const { original, imported } = await bothOf('optuna', records, ['test/fixtures/import/optuna-grid.db']);
    expect(records).toHaveLength(120);
    expect(comparable(imported)).toEqual(comparable(original));
    expect(imported.filter(({ value }) => value !== '').length).toBeGreaterThan(50);
    expect(imported.find(({ statistic }) => statistic === 'error_at_equal_loss')!['low']).not.toBe('');
    expect(imported.filter(({ statistic }) => ofSettings.includes(statistic!))).toHaveLength(4);
    expect(imported.every(({ statistic, value }) => !ofSettings.includes(statistic!) || value === '')).toBe(
      true,
    );
  });

  it('of a W&B table, diverged runs included', async () => {
    const labels = ['paper', 'lr (PyTorch)'];
    const records = published('conventions').filter(({ label }) => labels.includes(label));
    expect(records.filter(({ status }) => status === 'diverged').length).toBeGreaterThan(0);
    const args = ['test/fixtures/import/wandb.csv', '--chance', '0.9'];
    const { original, imported } = await bothOf('wandb', records, args);
    expect(comparable(imported)).toEqual(comparable(original));
  });

  it('of an MLflow experiment', async () => {
    const records = published('fig2').filter(({ label, cell }) => /^Adam/.test(label) && cell.seed === 0);
    const { original, imported } = await bothOf('mlflow', records, ['test/fixtures/import/mlflow.csv']);
    expect(comparable(imported)).toEqual(comparable(original));
  });
});
