/** The colour scale: labels lie where their colours are, in the numbers and in the drawn figure. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decoupling } from '../../src/analysis/index.js';
import { figureInput, figuresOf, styled } from '../../src/report/figures/index.js';
import { renderSvg } from '../../src/report/figures/render.js';
import { rampColor } from '../../src/report/ramp.js';
import { buildGrid } from '../../src/experiment/grid.js';
import { errorRange, scaleLabels, scalePosition } from '../../src/report/scale.js';
import { importedRecords, trialRecords } from './imported.js';
import { powers, sweepRecords } from './records.js';

describe('scaleLabels', () => {
  it('names both ends, and between them ascending round numbers that do not touch', () => {
    const range = fc
      .tuple(
        fc.double({ min: 0.0005, max: 0.9, noNaN: true }),
        fc.double({ min: 1.01, max: 1000, noNaN: true }),
      )
      .map(([low, times]) => ({ low, high: Math.min(1, Math.max(low * 1.01, low * times)) }))
      .filter(({ low, high }) => high >= low * 1.01);
    fc.assert(
      fc.property(range, (range) => {
        const labels = scaleLabels(range);
        expect(labels[0]).toMatchObject({ error: range.low, at: 0 });
        expect(labels.at(-1)).toMatchObject({ error: range.high, at: 1 });
        labels
          .slice(1)
          .forEach(({ at }, k) => expect(at - labels[k]!.at).toBeGreaterThanOrEqual(0.14 - 1e-9));
        for (const { error, at, text } of labels) {
          expect(at).toBeCloseTo(scalePosition(error, range), 12);
          // Three digits; a label between the ends is exact.
          expect(Math.abs(Number(text) / (100 * error) - 1)).toBeLessThan(0.006);
        }
      }),
    );
  });

  it.each([
    [0.05, 0.9, ['5', '10', '20', '50', '90']],
    [0.386, 0.442, ['38.6', '40', '41', '42', '43', '44.2']],
    [0.0005, 0.9, ['0.05', '0.2', '1', '5', '20', '90']],
  ])('of %d to %d are %j', (low, high, texts) => {
    expect(scaleLabels({ low, high }).map(({ text }) => text)).toEqual(texts);
  });
});

describe('errorRange', () => {
  const of = (...losses: number[]) =>
    errorRange([
      buildGrid(
        'mine',
        importedRecords(
          'lr,wd,loss',
          losses.map((loss, i) => [i + 1, 0, loss]),
        ),
      ),
    ]);

  it('begins at the least error or loss, however small', () => {
    expect(of(1e-6, 2e-6, 5e-6)).toEqual({ low: 1e-6, high: 5e-6 });
    expect(of(3, 4000, 2e6)).toEqual({ low: 3, high: 2e6 });
  });

  it('has a floor under zero, below all others', () => {
    expect(of(0, 0.2, 0.5)).toEqual({ low: 0.0005, high: 0.5 });
    expect(of(0, 1e-6)).toEqual({ low: 5e-7, high: 1e-6 });
    expect(of(0, 0).low).toBe(0.0005);
  });

  it('has labels between its ends, whatever its decades', () => {
    expect(scaleLabels(of(1e-6, 1e-3), 1).map(({ text }) => text)).toEqual([
      '1e-6',
      '5e-6',
      '2e-5',
      '1e-4',
      '0.001',
    ]);
    expect(scaleLabels(of(100, 1e5), 1).length).toBeGreaterThan(3);
  });
});

it('labels the ends of the scale in the figure of trials', async () => {
  const trials = trialRecords(40);
  const figure = figuresOf(figureInput(trials, decoupling(trials, { replicates: 20 }))).find(
    ({ name }) => name === 'trials',
  )!;
  const svg = await renderSvg(styled(figure.spec));
  const grids = ['random', 'tpe'].map((label) =>
    buildGrid(
      label,
      trials.filter((r) => r.label === label),
    ),
  );
  for (const { text } of scaleLabels(errorRange(grids))) expect(svg).toContain(`>${text}</text>`);
});

type Rgb = readonly number[];
const rgbOf = (text: string): Rgb => {
  if (text.startsWith('#')) return [1, 3, 5].map((k) => parseInt(text.slice(k, k + 2), 16));
  return text.match(/\d+/g)!.map(Number);
};
const apart = (a: Rgb, b: Rgb) => Math.max(...a.map((v, k) => Math.abs(v - b[k]!)));

describe('the scale of the drawn heatmaps', () => {
  it.each([
    ['wide', powers(-12, 7)],
    ['narrow', powers(-10, 2)],
  ])('has each label at its colour: a %s range', async (_, lrs) => {
    const records = sweepRecords({ lrs, wds: powers(-13, 5, true), seeds: [0, 1], epochs: 2 });
    const input = figureInput(records, decoupling(records, { replicates: 20 }));
    const svg = await renderSvg(styled(figuresOf(input)[0]!.spec));
    const squares = [...svg.matchAll(/error: ([\d.]+)"[^>]*fill="([^"]+)"/g)].map(
      ([, error, fill]) => [Number(error), rgbOf(fill!)] as const,
    );
    const errors = squares.map(([error]) => error);
    const range = { low: Math.min(...errors), high: Math.max(...errors) };
    // A square has the colour that page and terminal give to its error.
    for (const [error, fill] of squares)
      expect(apart(fill, rampColor(scalePosition(error, range)))).toBeLessThanOrEqual(3);

    const stops = [...svg.matchAll(/<stop offset="([\d.e-]+)" stop-color="([^"]+)"/g)].map(
      ([, at, color]) => [Number(at), rgbOf(color!)] as const,
    );
    const colorAt = (at: number): Rgb => {
      const k = Math.max(
        1,
        stops.findIndex(([offset]) => offset >= at),
      );
      const [[from, one], [to, two]] = [stops[k - 1]!, stops[k]!];
      return one.map((v, c) => v + ((two[c]! - v) * (at - from)) / (to - from));
    };
    const [, , height] = /class="mark-rect role-legend-gradient"[^>]*><path d="M0,0h(\d+)v(\d+)/.exec(svg)!;
    const drawn = svg.slice(svg.indexOf('role-legend-label'), svg.indexOf('role-legend-title'));
    const labels = [...drawn.matchAll(/translate\([\d.]+,([\d.]+)\)"[^>]*>([^<]+)<\/text>/g)];
    expect(labels.length).toBeGreaterThanOrEqual(3);
    labels.forEach(([, y, text], k) => {
      const error = Number(text);
      const isEnd = k === 0 || k === labels.length - 1;
      // The baseline of 13 px text lies 0.3 of its size below its middle; the labels of the ends stay within the bar.
      const at = 1 - (Number(y) - 0.3 * 13) / Number(height);
      expect(Math.abs(at - scalePosition(error, range))).toBeLessThan(isEnd ? 0.05 : 0.01);
      expect(
        apart(colorAt(scalePosition(error, range)), rampColor(scalePosition(error, range))),
      ).toBeLessThan(12);
    });
    expect(Number(labels[0]![2])).toBeCloseTo(range.low, 1);
    expect(Number(labels.at(-1)![2])).toBeCloseTo(range.high, 1);
  });
});
