/** Runs on a text have bits per character beside their errors, everywhere; other runs have not. */
import { expect, it } from 'vitest';
import { decoupling } from '../../src/analysis/index.js';
import type { RunRecord } from '../../src/experiment/record.js';
import { epochsCsv, runsCsv } from '../../src/report/csv/index.js';
import { pageData } from '../../src/report/page/data.js';
import { renderSummary } from '../../src/report/terminal.js';
import { sweepRecords } from './records.js';

const images = sweepRecords({ epochs: 2 });
const content = { sha256: 'a'.repeat(64), characters: 12_345, vocabulary: 27 };
const text = images.map((record): RunRecord => ({
  ...record,
  cell: { ...record.cell, dataset: { name: 'text', length: 64, test: 0.1, content } },
  // 2 bits after the last epoch, 3 before.
  epochs: record.epochs.map((e, i) => ({ ...e, testLoss: (i === 1 ? 2 : 3) * Math.LN2 })),
}));
const head = (csv: string) => csv.slice(0, csv.indexOf('\n')).split(',');

it('has a column in both CSV files', () => {
  const runs = runsCsv(text)
    .split('\n')
    .map((line) => line.split(','));
  expect(head(runsCsv(text))).toContain('final_test_bits_per_character');
  expect(head(runsCsv(images))).not.toContain('final_test_bits_per_character');
  expect(runs.length).toBeGreaterThan(2);
  const epochs = epochsCsv(text)
    .trimEnd()
    .split('\n')
    .map((line) => line.split(','));
  const at = epochs[0]!.indexOf('test_bits_per_character');
  expect(new Set(epochs.slice(1).map((row) => Number(row[at]).toFixed(9)))).toEqual(
    new Set(['2.000000000', '3.000000000']),
  );
  expect(head(epochsCsv(images))).not.toContain('test_bits_per_character');
});

it('is in the summary', () => {
  const summary = renderSummary(text, { color: 'none', width: 160 });
  expect(summary).toContain('text, 12,345 characters, ');
  expect(summary).toMatch(/^optimizer .* test error {2}bits\/char {2}train loss {2}runs$/m);
  expect(summary).toMatch(/^AdamW .* 2\.000 .*$/m);
  expect(renderSummary(images, { color: 'none', width: 160 })).not.toContain('bits/char');
});

it('is in the data of the page', () => {
  const input = { experiment: null, verdict: [] };
  const cells = (records: RunRecord[]) =>
    pageData({ ...input, records, decoupling: decoupling(records, { replicates: 50 }) }).panels.flatMap(
      (panel) => panel.cells,
    );
  const sound = cells(text).filter(({ status }) => status === 'ok');
  expect(sound.length).toBeGreaterThan(0);
  for (const { bits } of sound) expect(bits).toBe(2);
  for (const cell of cells(images)) expect(cell).not.toHaveProperty('bits');
});
