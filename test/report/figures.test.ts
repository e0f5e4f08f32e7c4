import { describe, expect, it } from 'vitest';
import { budgetName, decoupling } from '../../src/analysis/index.js';
import { figureInput, figuresOf, styled } from '../../src/report/figures/index.js';
import { log2Axis } from '../../src/report/figures/figure.js';
import { pngRenderer } from '../../src/report/figures/png.js';
import { renderSvg } from '../../src/report/figures/render.js';
import type { RunRecord } from '../../src/experiment/record.js';
import type { ImagesSpec } from '../../src/experiment/specs.js';
import { powers, sweepRecords } from './records.js';

const HOSTILE = '</svg><script>alert(1)</script>\u0000\u2028" onload="x';
const grid = { lrs: powers(-9, 7), wds: powers(-13, 5, true), seeds: [0, 1], epochs: 8 };

const statistics = (records: ReturnType<typeof sweepRecords>) =>
  figureInput(records, decoupling(records, { replicates: 200 }));

const renderPng = (await pngRenderer())!;

/** Width and height in the header of a PNG. */
const pngSize = (png: Buffer): number[] => [png.readUInt32BE(16), png.readUInt32BE(20)];

describe('figures', () => {
  const records = [
    ...sweepRecords({ ...grid, decay: true }),
    ...sweepRecords({ ...grid, labels: ['AdamW long'], epochs: 16 }),
  ];

  it('draws all seven where the records have data for them', async () => {
    const figures = figuresOf(statistics(records));
    expect(figures.map((f) => f.name)).toEqual([
      'heatmaps',
      'ridges',
      'test-error-against-training-loss',
      'learning-curves',
      'anytime',
      'decay-against-gradient',
      'best-wd-against-budget',
    ]);
    for (const { name, spec } of figures) {
      const svg = await renderSvg(styled(spec));
      expect(svg, name).not.toMatch(/NaN|undefined|Infinity/);
      const png = Buffer.from(await renderPng(svg));
      expect(png.subarray(1, 4).toString(), name).toBe('PNG');
      expect(Math.min(...pngSize(png)), name).toBeGreaterThan(300);
      // Something is drawn: a blank image of this size would compress to almost nothing.
      expect(png.length, name).toBeGreaterThan(8_000);
    }
  });

  it('write one axis in one notation', async () => {
    const wide = log2Axis([2 ** -13, 2 ** -3], 12) as { values: number[]; labelExpr: string };
    expect(wide.values).toEqual(Array.from({ length: 11 }, (_, i) => 2 ** (i - 13)));
    const near = log2Axis([0.125, 8], 12) as { values: number[]; labelExpr: string };
    expect(near.labelExpr).not.toBe(wide.labelExpr);
    expect(log2Axis([0.3, 0.4], 6)).toMatchObject({ tickCount: 6, labelExpr: near.labelExpr });
    const x = { field: 'lr', type: 'quantitative', scale: { type: 'log', base: 2 }, axis: wide };
    const values = [{ lr: 2 ** -13 }, { lr: 2 ** -3 }];
    const svg = await renderSvg(styled({ width: 600, data: { values }, mark: 'point', encoding: { x } }));
    expect(svg).toContain('2⁻⁴<');
    expect(svg).toContain('2⁻³<');
    expect(svg).not.toContain('>0.125<');
  });

  it('say in their caption what a point of the ridges is', () => {
    const { caption } = figuresOf(statistics(records)).find((f) => f.name === 'ridges')!;
    expect(caption).toMatch(/vertex of a parabola.*between the weight decays that were tried/);
  });

  it('keep the heading of a panel of one weight decay beside its squares', async () => {
    const one = sweepRecords({ ...grid, labels: ['no decay'] }).filter((r) => r.cell.wd === 0);
    const { spec } = figuresOf(statistics(one)).find((f) => f.name === 'heatmaps')!;
    const svg = await renderSvg(styled(spec));
    expect(svg).toContain('>wd<');
    expect(svg).not.toContain('>weight decay<');
  });

  it('name what they show, and by which error their best cells were chosen', async () => {
    const held = sweepRecords({ ...grid, decay: true }).map((r): RunRecord => ({
      ...r,
      cell: {
        ...r.cell,
        model: { name: 'mlp' as const, hidden: [64], batchNorm: true },
        dataset: { ...(r.cell.dataset as ImagesSpec), train: 500, labelNoise: 0.2, validation: 500 },
      },
      epochs: r.epochs.map((e) => ({ ...e, validationError: e.testError })),
    }));
    for (const { name, spec } of figuresOf(statistics(held))) {
      const { subtitle } = (spec as { title: { subtitle: string[] } }).title;
      expect(subtitle.join(' '), name).toBe(
        'cifar10, 500 training images (20% of the labels wrong), mlp 64 with batch norm, 8 epochs, 2 seeds',
      );
      const svg = await renderSvg(styled(spec));
      for (const line of subtitle) expect(svg, name).toContain(line);
    }
    const captions = (of: typeof held) =>
      Object.fromEntries(figuresOf(statistics(of)).map(({ name, caption }) => [name, caption]));
    const several = [
      ...held,
      ...held.map((r) => ({ ...r, label: `${r.label} long`, cell: { ...r.cell, epochs: 16 } })),
    ];
    for (const name of ['heatmaps', 'learning-curves', 'best-wd-against-budget']) {
      expect(captions(several)[name]).toContain('chosen by validation error');
      expect(captions(records)[name]).toContain('chosen by test error');
    }
    expect(await renderSvg(styled(figuresOf(statistics(held))[0]!.spec))).toMatch(
      /best [\d.]+ %,.*chosen by validation error/,
    );
  });

  it('labels every optimizer whose name another has, in the figure over budgets', () => {
    // AdamW twice, told apart by eps alone, and Adam once; each with two budgets.
    const sweeps = (['short', 'long'] as const).flatMap((budget, i) =>
      ['AdamW', 'AdamW tiny', 'Adam'].map((label) =>
        sweepRecords({ ...grid, labels: [`${label} ${budget}`], epochs: 8 * (i + 1) }).map((record) => {
          const { optimizer } = record.cell;
          const other = label === 'AdamW tiny' ? { eps: 1e-12 } : {};
          const changed = { ...optimizer, ...other } as typeof optimizer;
          return { ...record, cell: { ...record.cell, optimizer: changed } };
        }),
      ),
    );
    const figure = figuresOf(statistics(sweeps.flat())).find(
      ({ name }) => name === 'best-wd-against-budget',
    )!;
    const { data } = figure.spec as { data: { values: { optimizer: string }[] } };
    const drawn = [...new Set(data.values.map(({ optimizer }) => optimizer))];
    const name = budgetName(sweeps[0]![0]!.cell);
    const other = budgetName(sweeps[2]![0]!.cell);
    expect(drawn).toEqual([`${name} (AdamW short)`, `${name} (AdamW tiny short)`, other]);
  });

  it('leaves out what has no data', () => {
    const one = sweepRecords({ lrs: [0.001], wds: [0], seeds: [0], epochs: 1, labels: ['Adam'] });
    const names = figuresOf(statistics(one)).map((f) => f.name);
    expect(names).toEqual(['heatmaps', 'test-error-against-training-loss']);
    expect(figuresOf(statistics([]))).toEqual([]);
  });

  it('draws a sweep of failed and diverged runs only', async () => {
    const failed = sweepRecords({ ...grid, lrs: [0.5], labels: ['Adam'] });
    for (const { spec } of figuresOf(statistics(failed)))
      expect(await renderSvg(styled(spec))).toContain('</svg>');
  });

  it('marks the ten best cells and crosses the diverged ones', () => {
    const heatmaps = figuresOf(statistics(records))[0]!;
    const text = JSON.stringify(heatmaps.spec);
    expect(text.match(/"rank":10\b/g)).toHaveLength(3);
    expect(text).toContain('"status":"diverged"');
  });

  it('escapes hostile labels', async () => {
    const hostile = sweepRecords({ ...grid, labels: [HOSTILE, 'AdamW'], decay: true });
    for (const { spec } of figuresOf(statistics(hostile))) {
      const svg = await renderSvg(styled(spec));
      expect(svg).not.toContain('<script');
      const tags = svg.match(/<[a-zA-Z/](?:[^>"]|"[^"]*")*>/g)!;
      expect(tags.map((tag) => tag.replace(/"[^"]*"/g, '')).join('')).not.toMatch(/onload|<script/);
      expect((await renderPng(svg)).length).toBeGreaterThan(1_000);
    }
  });

  it('refuses to load data from a URL or a file', async () => {
    for (const url of ['http://127.0.0.1:9/x.csv', 'file:///etc/hostname', 'package.json']) {
      const spec = styled({
        data: { url },
        mark: 'point',
        encoding: { x: { field: 'a', type: 'quantitative' } },
      });
      const svg = await renderSvg(spec).catch((error: unknown) => String(error));
      expect(svg).not.toContain('adamw-bench');
      expect(svg).not.toContain('aria-roledescription="point"');
    }
  });
});
