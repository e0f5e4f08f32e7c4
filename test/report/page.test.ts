import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decoupling } from '../../src/analysis/index.js';
import type { ImportedRecord } from '../../src/experiment/record.js';
import { LOSS, squareText } from '../../src/report/measure.js';
import { pageData } from '../../src/report/page/data.js';
import { escapeHtml, escapeJson, renderPage } from '../../src/report/page/html.js';
import { verdictSentences } from '../../src/report/verdict.js';
import { lossGrid, trialRecords } from './imported.js';
import { powers, sweepRecords } from './records.js';

const HOSTILE = '<img src=x onerror="window.hacked=1"></script><script>window.hacked=1</script>\u2028';
const records = sweepRecords({
  labels: [HOSTILE, 'AdamW'],
  lrs: powers(-11, 4),
  wds: powers(-12, 3, true),
  epochs: 4,
});
const statistics = decoupling(records, { replicates: 200 });
const input = { records, experiment: null, decoupling: statistics, verdict: verdictSentences(statistics) };
const options = {
  title: HOSTILE,
  description: HOSTILE,
  command: `run '${HOSTILE}'`,
  config: { path: HOSTILE },
  manifest: { host: HOSTILE },
  figures: [{ title: HOSTILE, caption: HOSTILE, svg: '<svg/>' }],
  live: false,
};

describe('renderPage', () => {
  const html = renderPage(pageData(input), options);

  it('has no markup from names, in any place they appear', () => {
    expect(html).not.toContain('<img src=x');
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html).not.toContain('\u2028');
  });

  it('needs nothing from outside', () => {
    const markup = html.replace(/<script type="application\/json"[\s\S]*?<\/script>/, '');
    expect(markup).not.toMatch(/(?:src|href)="(?!data:)/);
    expect(markup).not.toMatch(/url\((?!data:)/);
    expect(markup).toContain('default-src &#39;none&#39;'.replaceAll('&#39;', "'"));
    expect(markup).not.toContain('unsafe-');
  });

  it('carries data that read back as they were', () => {
    const json = /id="data">([\s\S]*?)<\/script>/.exec(html)![1]!;
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(pageData(input))));
  });
});

describe('pageData', () => {
  it('thins the curves of a large sweep', () => {
    const many = sweepRecords({
      lrs: powers(-60, 50),
      wds: powers(-60, 50),
      seeds: [0],
      epochs: 40,
      labels: ['AdamW'],
    });
    const data = pageData({ ...input, records: many });
    expect(JSON.stringify(data).length).toBeLessThan(2_500_000);
    expect(data.panels[0]!.cells[0]!.curve![0].at(-1)).toBe(40);
  });

  it('has room for cells still to come', () => {
    const planned = [
      { label: 'AdamW', cell: { lr: 8, wd: 4 } },
      { label: 'SGDW', cell: { lr: 1, wd: 0 } },
    ];
    const data = pageData({ ...input, planned });
    expect(data.panels.map((p) => p.label).at(-1)).toBe('SGDW');
    expect(data.panels[1]!.lrs).toContain(8);
    expect(data.progress).toEqual({ done: records.length, total: 2 });
  });
});

describe('pageData of an import', () => {
  const dataOf = (imported: readonly ImportedRecord[]) =>
    pageData({ ...input, records: imported, decoupling: decoupling(imported, { replicates: 20 }) });

  it('says once what is known of it', () =>
    expect(dataOf(lossGrid(1)).facts).toEqual(['trained by another program', '2 seeds', '80 runs']));

  it.each([0.00123, 1234])('shows losses about %d with their digits in the tables', (scale) => {
    const { columns, rows } = dataOf(lossGrid(scale)).statistics;
    const at = columns.findIndex(({ title }) => title === 'Expected');
    for (const row of rows) {
      const [text, value] = row[at]!;
      expect(Math.abs(parseFloat(text) / Number(value) - 1)).toBeLessThan(0.006);
    }
  });

  it('has all trials that are no grid, though their rows and columns would make many squares', () => {
    const data = dataOf(trialRecords(300));
    expect(data.panels.map(({ scattered, cells }) => [scattered, cells.length])).toEqual([
      [true, 300],
      [true, 300],
    ]);
    for (const { cells, lrs, wds } of data.panels)
      for (const { i, j } of cells)
        expect([lrs[i], wds[j]]).toEqual([expect.any(Number), expect.any(Number)]);
  });
});

it('fits the number of a square into five characters', () =>
  fc.assert(
    fc.property(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), (loss) => {
      const text = squareText(loss, LOSS);
      expect(text.length).toBeLessThanOrEqual(5);
      expect(Number(text) / loss).toBeGreaterThan(0.6);
      expect(Number(text) / loss).toBeLessThan(1.5);
    }),
  ));

it.each([
  [0.0123, '0.012'],
  [0.00123, '.0012'],
  [0.123, '0.123'],
  [12345, '1.2e4'],
  [1.23e-6, '1e-6'],
])('writes a loss of %d as %s', (loss, text) => expect(squareText(loss, LOSS)).toBe(text));

describe('escaping', () => {
  it('handles every character that matters', () => {
    expect(escapeHtml(`<a href='x'>&"`)).toBe('&lt;a href=&#39;x&#39;&gt;&amp;&quot;');
    expect(escapeJson({ a: '</script><!--\u2028\u2029&' })).not.toMatch(/[<>&\u2028\u2029]/);
    expect(JSON.parse(escapeJson('</script>\u2028'))).toBe('</script>\u2028');
  });
});
