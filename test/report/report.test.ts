import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pairings, renderComparisonText } from '../../src/report/compare.js';
import { inDisplayOrder } from '../../src/report/order.js';
import { writeReport } from '../../src/report/report.js';
import { figureNames, reportFiles } from '../../src/runner/ownFiles.js';
import { powers, sweepRecords } from './records.js';

const records = sweepRecords({ lrs: powers(-11, 4), wds: powers(-12, 3, true), seeds: [0, 1], epochs: 3 });
const input = { records, experiment: null, manifest: {}, command: 'adamw-bench run x.yaml' };

let dir: string;
beforeAll(async () => (dir = await mkdtemp(join(tmpdir(), 'adamw-bench-report-'))));
afterAll(() => rm(dir, { recursive: true }));

describe('writeReport', () => {
  it('writes everything it returns, whole, and the same twice', async () => {
    const first = await writeReport(join(dir, 'a'), input);
    const second = await writeReport(join(dir, 'b'), { ...input, records: inDisplayOrder(records) });
    expect(first.map((p) => p.slice(join(dir, 'a').length))).toEqual(
      second.map((p) => p.slice(join(dir, 'b').length)),
    );
    for (const [i, path] of first.entries())
      expect((await readFile(path)).equals(await readFile(second[i]!)), path).toBe(true);
    const files = await readdir(join(dir, 'a'), { recursive: true });
    expect(files.filter((f) => f.endsWith('.tmp'))).toEqual([]);
    for (const name of [
      'runs.csv',
      'epochs.csv',
      'decoupling.csv',
      'report.html',
      'figures/heatmaps.svg',
      'figures/heatmaps.png',
      'figures/heatmaps.vl.json',
    ])
      expect(files).toContain(name);
  }, 30_000);

  it('writes no file that is not on the list of ours', async () => {
    const root = join(dir, 'a');
    const listed = reportFiles({ figures: true }).map(({ name }) => name);
    const written = (await readdir(root, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)));
    expect(written.filter((name) => !listed.includes(name))).toEqual([]);
    for (const name of figureNames) expect(listed).toContain(`figures/${name}.svg`);
  });

  it('keeps drawn figures where it may, and draws what is changed or not whole', async () => {
    const root = join(dir, 'kept');
    const file = (name: string) => join(root, 'figures', name);
    const mark = async (...names: string[]) => {
      for (const name of names) await writeFile(file(name), `marked ${name}`);
    };
    const marked = async (name: string) => (await readFile(file(name), 'utf8')).startsWith('marked');
    const first = await writeReport(root, input);
    const page = await readFile(join(root, 'report.html'), 'utf8');
    await mark('heatmaps.png', 'anytime.svg');
    // Now the PNG of `anytime` is older than its SVG, as after a crash between the two.
    expect(await writeReport(root, input, { keepDrawn: true })).toEqual(first);
    expect([await marked('heatmaps.png'), await marked('anytime.svg')]).toEqual([true, false]);
    expect(await readFile(join(root, 'report.html'), 'utf8')).toBe(page);
    await writeReport(root, { ...input, records: records.slice(4) }, { keepDrawn: true });
    expect(await marked('heatmaps.png')).toBe(false);
    await mark('heatmaps.png');
    await writeReport(root, { ...input, records: records.slice(4) });
    expect(await marked('heatmaps.png')).toBe(false);
  }, 60_000);

  it('writes a report of nothing', async () => {
    const paths = await writeReport(join(dir, 'empty'), { ...input, records: [] });
    expect(paths.map((p) => p.split('/').at(-1))).toEqual([
      'runs.csv',
      'epochs.csv',
      'decoupling.csv',
      'report.html',
    ]);
  });

  it('names the file that cannot be written, and leaves nothing behind', async () => {
    const blocked = join(dir, 'blocked');
    await mkdir(join(blocked, 'runs.csv', 'inside'), { recursive: true });
    await writeFile(join(blocked, 'runs.csv', 'inside', 'file'), '');
    const failed = writeReport(blocked, input);
    await expect(failed).rejects.toMatchObject({
      code: 'report-unwritable',
      message: expect.stringContaining(join(blocked, 'runs.csv')) as string,
    });
    expect(await readdir(blocked)).toEqual(['runs.csv']);
  });
});

describe('comparison', () => {
  it('pairs cells of the same lr and wd', () => {
    const shifted = records.map((r) => ({
      ...r,
      finalTestError: r.finalTestError === null ? null : r.finalTestError - 0.01,
    }));
    const [adam] = pairings(records, shifted);
    expect(adam!.matched).toBe(16);
    expect(adam!.difference).toBeCloseTo(-0.01, 12);
    expect(adam!.standardError).toBeCloseTo(0, 12);
    expect(adam!.better).toBe(16);
  });

  it('tells the optimizers apart in narrow panels, however long the folders', () => {
    const a = { ...input, name: 'results/of-a-long-evening' };
    const b = { ...input, name: 'results/of-a-longer-morning' };
    const text = renderComparisonText(a, b, { color: 'none', width: 40 });
    for (const label of ['a: Adam', 'a: AdamW', 'b: Adam', 'b: AdamW']) expect(text).toMatch(new RegExp(`^ *${label}$`, 'm')); // prettier-ignore
  });

  it('says it in the terminal, and when there is nothing to compare', () => {
    const a = { ...input, name: 'results/a' };
    const same = renderComparisonText(a, { ...input, name: 'results/a' }, { color: 'none', width: 200 });
    expect(same).toMatch(/\b16\b/);
    expect(same).toContain('a: results/a\nb: results/a (2)\n');
    expect(same).toMatch(/^b: AdamW /m);
    const other = renderComparisonText(a, { ...a, name: 'b', records: [] }, { color: 'none', width: 200 });
    expect(other).toContain('results/a');
  });
});
