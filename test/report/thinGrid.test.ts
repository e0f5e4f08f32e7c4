import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildGrid } from '../../src/experiment/grid.js';
import { pageData } from '../../src/report/page/data.js';
import { analyse } from '../../src/report/input.js';
import { bestCells, markedCells } from '../../src/report/panels.js';
import { thinAxes, thinGrid } from '../../src/report/thinGrid.js';
import { sweepRecords } from './records.js';

const values = fc
  .uniqueArray(fc.integer({ min: 1, max: 1e6 }), { minLength: 1, maxLength: 300 })
  .map((all) => all.toSorted((a, b) => a - b));

test('thinned axes have ends, order and cells that are kept, and are no larger than asked for', () => {
  fc.assert(
    fc.property(values, values, fc.integer({ min: 50, max: 5000 }), fc.nat(), (lrs, wds, most, at) => {
      const axes = { lrs, wds };
      const kept = { lr: lrs[at % lrs.length]!, wd: wds[at % wds.length]! };
      const thinned = thinAxes(axes, most, [kept]);
      if (lrs.length * wds.length <= most) {
        expect(thinned).toBe(axes);
        return;
      }
      for (const [all, some] of [
        [lrs, thinned.lrs],
        [wds, thinned.wds],
      ] as const) {
        expect(some).toEqual(all.filter((value) => some.includes(value)));
        expect(some[0]).toBe(all[0]);
        if (some.length > 1) expect(some.at(-1)).toBe(all.at(-1));
      }
      expect(thinned.lrs).toContain(kept.lr);
      expect(thinned.wds).toContain(kept.wd);
      // One row and one column more for the cell that is kept.
      const extra = thinned.lrs.length + thinned.wds.length;
      expect(thinned.lrs.length * thinned.wds.length).toBeLessThanOrEqual(most + extra);
    }),
  );
});

/** So many cells of one optimizer on a grid that is finer than the usual one, not larger. */
const sweep = (columns: number, rows: number) =>
  sweepRecords({
    lrs: Array.from({ length: columns }, (_, i) => 2 ** (-12 + (8 * i) / columns)),
    wds: Array.from({ length: rows }, (_, i) => 2 ** (-14 + (8 * i) / rows)),
    seeds: [0],
    epochs: 2,
    labels: ['AdamW'],
  });
const wide = sweep(60, 50);

test('a thinned grid is one of whole rows that has the marked cells of the whole', () => {
  const grid = buildGrid('AdamW', wide);
  const thinned = thinGrid(grid, 200);
  expect(thinned.cells.flat().length).toBe(thinned.lrs.length * thinned.wds.length);
  expect(thinned.cells.flat().length).toBeLessThan(600);
  expect(bestCells(thinned, 1)).toEqual(bestCells(grid, 1));
  expect(thinned.cells.flat()).toEqual(expect.arrayContaining(markedCells(grid)));
  expect(thinGrid(grid, 3000)).toBe(grid);
});

test('a page says how many of its cells it shows, and shows all where they fit', () => {
  const page = (records: typeof wide) => {
    const input = { records, experiment: null, manifest: {}, command: '' };
    return pageData({ ...analyse(input, 50), experiment: null });
  };
  const few = page(wide.slice(0, 100));
  expect(few.facts.join()).not.toContain('shown');
  const many = page(sweep(120, 120));
  const shown = many.panels.reduce((sum, { cells }) => sum + cells.length, 0);
  expect(shown).toBeLessThan(13_500);
  expect(many.facts).toContain(
    `${shown.toLocaleString('en')} of 14,400 cells shown, the best among them; runs.csv has all`,
  );
  expect(many.panels[0]!.cells.some(({ rank }) => rank === 1)).toBe(true);
});
