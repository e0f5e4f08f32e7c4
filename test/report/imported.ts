/** Records as `adamw-bench import` makes them, from the lines of a CSV. */
import { readCsv } from '../../src/import/csv.js';
import { findColumns } from '../../src/import/columns.js';
import { toRecords } from '../../src/import/records.js';
import type { ImportedRecord } from '../../src/experiment/record.js';

export function importedRecords(
  head: string,
  rows: readonly (readonly (string | number)[])[],
): readonly ImportedRecord[] {
  const table = readCsv([head, ...rows.map((row) => row.join(','))].join('\n'), 'x.csv');
  return toRecords(table, findColumns(table, {}), { optimizer: 'mine', percent: false }).records;
}

/** A grid of losses, `scale` at the best. */
export const lossGrid = (scale: number): readonly ImportedRecord[] =>
  importedRecords(
    'optimizer,lr,wd,seed,val_loss',
    ['Adam', 'AdamW'].flatMap((optimizer) =>
      [1, 2, 4, 8, 16].flatMap((lr) =>
        [1, 2, 4, 8].flatMap((wd) =>
          [0, 1].map((seed) => {
            const loss = 1 + 0.37 * Math.log2(lr / 4) ** 2 + 0.21 * Math.log2(wd / 2) ** 2 + 0.013 * seed;
            return [optimizer, lr / 1000, wd / 100, seed, scale * loss];
          }),
        ),
      ),
    ),
  );

/** Trials of which no two have a learning rate or a decay in common. */
export const trialRecords = (count: number): readonly ImportedRecord[] =>
  importedRecords(
    'optimizer,lr,wd,test_error',
    ['random', 'tpe'].flatMap((optimizer, o) =>
      Array.from({ length: count }, (_, i) => {
        const [x, y] = [((i * 0.618 + o * 0.3) % 1) * 8 - 4, ((i * 0.382 + 0.17 * i * i) % 1) * 8 - 4];
        const error = 0.05 * Math.exp(0.02 * x * x + 0.03 * (y + 0.5 * x) ** 2) + 1e-5 * i;
        return [optimizer, 2 ** (x - 8), 2 ** (y - 10), Math.min(0.9, error)];
      }),
    ),
  );
