/** What a figure is, and the marks that tell optimizers apart in colour, in print and for the colour-blind. */
import type { Decoupling } from '../../analysis/statistics.js';
import type { StepsStatistics } from '../../analysis/stepsToGeneralise.js';
import { measureOf, type AnyRecord } from '../../experiment/record.js';
import { wordsFor, type MeasureWords } from '../measure.js';
import { printable } from '../../experiment/printable.js';
import { panelsOf } from '../panels.js';
import type { Grid } from '../../experiment/grid.js';

export interface Figure {
  /** File name without extension. */
  readonly name: string;
  readonly title: string;
  /** One sentence on how to read it; alternative text in the page. */
  readonly caption: string;
  /** A Vega-Lite spec without config. */
  readonly spec: object;
}

export interface FigureInput {
  /** In display order. */
  readonly records: readonly AnyRecord[];
  readonly grids: readonly Grid[];
  readonly decoupling: Decoupling;
  readonly measure: MeasureWords;
  /** When the best cells generalise on the fresh seeds of a second stage; only for runs on equations. */
  readonly fresh?: StepsStatistics | undefined;
}

/** Records with control characters in labels neutralised (they are not allowed in SVG), arranged. */
export function figureInput(
  records: readonly AnyRecord[],
  decoupling: Decoupling,
  fresh?: StepsStatistics,
): FigureInput {
  // A million records are not copied where nothing changes.
  const clean = records.map((r) => {
    const label = printable(r.label);
    return label === r.label ? r : { ...r, label };
  });
  return { records: clean, grids: panelsOf(clean), decoupling, measure: wordsFor(measureOf(clean)), fresh };
}

/** Okabe & Ito's colours (2008), told apart by the colour-blind; yellow left out, as it vanishes on white. */
export const PALETTE = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#000000', '#56b4e9', '#e69f00'];
const DASHES = [
  [1, 0],
  [7, 3],
  [2, 2],
  [9, 2, 2, 2],
  [4, 4],
  [12, 3],
  [1, 3],
];
const SHAPES = ['circle', 'square', 'triangle-up', 'diamond', 'cross', 'triangle-down', 'triangle-right'];

const cycle = <T>(values: readonly T[], count: number): T[] =>
  Array.from({ length: count }, (_, i) => values[i % values.length]!);

/** Encodings that show the field `optimizer` by colour, dash and shape at once; `line`: the legend shows strokes; `filled`: filled symbols. */
export function optimizerMarks(
  labels: readonly string[],
  { line = false, filled = false, columns = 3 } = {},
): { color: object; strokeDash: object; shape: object } {
  const of = (range: readonly unknown[]): object => ({
    field: 'optimizer',
    type: 'nominal',
    scale: { domain: labels, range: cycle(range, labels.length) },
    legend: {
      title: null,
      orient: 'top',
      columns,
      symbolLimit: 60,
      labelLimit: 460,
      symbolOpacity: 1,
      ...(line ? { symbolType: 'stroke' } : {}),
      // Dashes would eat into the outline of a filled symbol.
      ...(filled ? { symbolStrokeWidth: 0 } : {}),
    },
  });
  return { color: of(PALETTE), strokeDash: of(DASHES), shape: of(SHAPES) };
}

/** At most `limit` of the values, evenly picked, first and last kept. */
export function thin<T>(values: readonly T[], limit: number): T[] {
  if (values.length <= limit) return [...values];
  return Array.from(
    { length: limit },
    (_, i) => values[Math.round((i * (values.length - 1)) / Math.max(1, limit - 1))]!,
  );
}

/** A Vega expression that writes a power of two as 2 with superscript. */
const POWER_LABEL =
  "'2' + replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(toString(round(log(datum.value) / LN2))," +
  " '-', '⁻'), /0/g, '⁰'), /1/g, '¹'), /2/g, '²'), /3/g, '³'), /4/g, '⁴'), /5/g, '⁵'), /6/g, '⁶'), /7/g, '⁷'), /8/g, '⁸'), /9/g, '⁹')";
const PLAIN_LABEL = "format(datum.value, '.3~g')";

/**
 * A logarithmic axis over these positive numbers, with about `count` ticks. Its labels have one notation: that of powers of
 * two if one of them would be long in another, as on the axes of the heatmaps.
 */
export function log2Axis(numbers: readonly number[], count: number): object {
  const logs = numbers.map(Math.log2);
  const from = Math.ceil(logs.reduce((a, b) => Math.min(a, b), Infinity) - 1e-9);
  const to = Math.floor(logs.reduce((a, b) => Math.max(a, b), -Infinity) + 1e-9);
  const octaves = to - from + 1;
  if (!(octaves >= 2)) return { labelExpr: PLAIN_LABEL, tickCount: count };
  const step = Math.ceil(octaves / count);
  const values = Array.from({ length: Math.ceil(octaves / step) }, (_, i) => 2 ** (from + i * step));
  const isLong = values.some((v) => v < 0.1 || v >= 1024);
  return { values, labelExpr: isLong ? POWER_LABEL : PLAIN_LABEL };
}

/** The encoding of a positive number on a logarithmic scale; the field is the caller's. */
export const onLogScale = (title: string) => ({
  type: 'quantitative',
  title,
  scale: { type: 'log', nice: false, padding: 12 },
  axis: { ...logLabels, tickCount: 6 },
});

/** Labels of a logarithmic axis: with `format`, Vega would leave out those far from a power of ten. */
export const logLabels = { labelExpr: "format(datum.value, '~g')", labelOverlap: 'greedy' };
