/**
 * What `run` and `report` print at the end: the best cells per optimizer, and a heatmap of test error over lr x wd.
 * Pure: records in, one string out. Labels come from configs and journals, so control characters are neutralised.
 */
import { isOfText, measureOf, type AnyRecord } from '../experiment/record.js';
import { axisLabels, shortNumber } from './format.js';
import { shown, squareText, wordsFor, type MeasureWords } from './measure.js';
import { printable } from '../experiment/printable.js';
import type { Grid, GridCell } from '../experiment/grid.js';
import { bestCells, chosenBy, meanBits, meanTrainLoss, panelsOf, shownStatus, stepsOf } from './panels.js';
import { errorRange, scalePosition } from './scale.js';
import { isLight, rampColor, xterm256 } from './ramp.js';
import { stepsShown } from './steps.js';
import { subjectOf } from './subject.js';
import { clip, displayWidth, wrap } from './width.js';

export type ColorDepth = 'none' | '256' | 'truecolor';

export interface TerminalOptions {
  readonly color: ColorDepth;
  /** Columns of the terminal. */
  readonly width: number;
}

interface Scale {
  readonly low: number;
  readonly high: number;
}

/** How squares are drawn. */
interface Look {
  readonly scale: Scale;
  readonly measure: MeasureWords;
  readonly color: ColorDepth;
}

/**
 * How many colours an output takes: none if it is no terminal, `NO_COLOR` is set (https://no-color.org) or TERM is
 * `dumb`; `FORCE_COLOR` overrides the first; truecolor by COLORTERM.
 */
export function colorDepth(
  stream: { readonly isTTY?: boolean },
  env: Readonly<Record<string, string | undefined>>,
): ColorDepth {
  if ((env['NO_COLOR'] ?? '') !== '' || env['FORCE_COLOR'] === '0') return 'none';
  const forced = (env['FORCE_COLOR'] ?? '') !== '';
  if ((stream.isTTY !== true || env['TERM'] === 'dumb') && !forced) return 'none';
  return /truecolor|24bit/i.test(env['COLORTERM'] ?? '') || env['FORCE_COLOR'] === '3' ? 'truecolor' : '256';
}

const padEnd = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)));
const padStart = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - displayWidth(text))) + text;

const strong = (text: string, color: ColorDepth): string =>
  color === 'none' ? text : `\u001b[1m${text}\u001b[0m`;

function paint(text: string, t: number, color: ColorDepth): string {
  if (color === 'none') return text;
  const rgb = rampColor(t);
  const back = color === 'truecolor' ? `48;2;${rgb.join(';')}` : `48;5;${String(xterm256(rgb))}`;
  const front = isLight(rgb) ? '38;5;16' : '38;5;231';
  return `\u001b[${back};${front}m${text}\u001b[0m`;
}

function countRuns(records: readonly AnyRecord[]): string {
  const total = (status: AnyRecord['status']): number => records.filter((r) => r.status === status).length;
  const parts = (['diverged', 'failed', 'timeout'] as const)
    .map((status) => [total(status), status === 'timeout' ? 'timed out' : status] as const)
    .filter(([count]) => count > 0)
    .map(([count, what]) => `${String(count)} ${what}`);
  const runs = `${String(records.length)} run${records.length === 1 ? '' : 's'}`;
  return parts.length === 0 ? runs : `${runs} (${parts.join(', ')})`;
}

/** A column of the table of best cells. */
interface Column {
  readonly head: string;
  readonly text: (best: GridCell, grid: Grid) => string;
  /** Where no run has finished. */
  readonly none: string;
}

function columnsOf(grids: readonly Grid[], measure: MeasureWords): Column[] {
  const error = ({ mean, sd }: GridCell) =>
    `${shown(measure, mean)}${sd === null ? '' : ` ± ${shown(measure, sd)}`}${measure.unit}`;
  const number = (value: number | null) => (value === null ? '–' : shortNumber(value));
  const steps: Column = {
    head: 'steps',
    text: (best, grid) => stepsShown(stepsOf(grid).get(best)),
    none: '–',
  };
  const bits: Column = { head: 'bits/char', text: (best) => meanBits(best)?.toFixed(3) ?? '–', none: '–' };
  const ofText = grids.some((grid) => grid.cells.flat().some(({ runs }) => runs.some(isOfText)));
  const counted = grids.some((grid) => stepsOf(grid).size > 0);
  return [
    { head: 'lr', text: ({ lr }) => shortNumber(lr), none: '–' },
    { head: 'wd', text: ({ wd }) => shortNumber(wd), none: '–' },
    ...(counted ? [steps] : []),
    { head: measure.name, text: error, none: 'no finished run' },
    ...(ofText ? [bits] : []),
    { head: 'train loss', text: (best) => number(meanTrainLoss(best)), none: '–' },
    { head: 'runs', text: ({ runs }) => String(runs.length), none: '0' },
  ];
}

function bestTable(grids: readonly Grid[], measure: MeasureWords, { color, width }: TerminalOptions): string {
  const columns = columnsOf(grids, measure);
  const rows = grids.map((grid) => {
    const best = bestCells(grid, 1)[0];
    const label = clip(printable(grid.label), Math.max(8, Math.floor(width / 3)));
    return [label, ...columns.map(({ text, none }) => (best === undefined ? none : text(best, grid)))];
  });
  const table = [['optimizer', ...columns.map(({ head }) => head)], ...rows];
  const widths = table[0]!.map((_, i) => Math.max(...table.map((row) => displayWidth(row[i]!))));
  const lines = table.map((row) =>
    row.map((text, i) => (i === 0 ? padEnd(text, widths[i]!) : padStart(text, widths[i]!))).join('  '),
  );
  return [strong(lines[0]!, color), ...lines.slice(1)].join('\n');
}

/** The text of a square, in `width` columns: the error in percent, or its rank from 0 (best) to 9, or a mark. */
function square(cell: GridCell, best: boolean, width: number, { scale, measure, color }: Look): string {
  if (cell.runs.length === 0) return padStart('·', width - 1) + ' '.repeat(Math.min(1, width));
  if (cell.status !== 'ok') {
    const mark = shownStatus(cell) === 'failed' ? '!' : best && width > 2 ? '*x' : 'x';
    return width === 1 ? mark : padStart(mark, width - 1) + ' ';
  }
  const t = scalePosition(cell.mean!, scale);
  const wide = width >= 5;
  const rank = color === 'none' ? String(Math.min(9, Math.floor(t * 10))) : ' ';
  const number = squareText(cell.mean!, measure);
  const body = wide ? number : rank;
  const text = best && width === 1 ? '*' : padStart(best ? `*${body.trim()}` : body, width);
  return paint(text, t, color);
}

interface Layout {
  /** Columns of a square: 6 shows the error, 2 and 1 only its colour or rank. */
  readonly square: number;
  readonly left: number;
  /** Only every `step`th lr is drawn where even one column each is too wide. */
  readonly step: number;
}

function layoutOf(grid: Grid, width: number): Layout {
  const left = Math.max(2, ...axisLabels(grid.wds).map((l) => l.length)) + 1;
  const room = Math.max(1, width - left);
  const size = [6, 2, 1].find((s) => s * grid.lrs.length <= room) ?? 1;
  return { square: size, left, step: Math.max(1, Math.ceil((size * grid.lrs.length) / room)) };
}

function lrAxis(lrs: readonly number[], labels: readonly string[], { square: size, left }: Layout): string {
  if (size >= 6) return ' '.repeat(left) + labels.map((l) => padStart(l, size)).join('');
  // Squares are narrower than their labels: name the ends only.
  const [first, last] = [labels[0]!, labels.at(-1)!];
  const total = lrs.length * size;
  const gap = total - first.length - last.length;
  return ' '.repeat(left) + (lrs.length === 1 || gap < 1 ? first : first + ' '.repeat(gap) + last);
}

function panel(grid: Grid, layout: Layout, look: Look): string[] {
  const columns = grid.cells.filter((_, i) => i % layout.step === 0);
  const shown = grid.lrs.filter((_, i) => i % layout.step === 0);
  const lrLabels = axisLabels(grid.lrs).filter((_, i) => i % layout.step === 0);
  const wdLabels = axisLabels(grid.wds);
  const best = bestCells(grid, 1)[0];
  const row = (_: number, j: number): string =>
    padStart(wdLabels[j]!, layout.left - 1) +
    ' ' +
    columns.map((cells) => square(cells[j]!, cells[j] === best, layout.square, look)).join('');
  const width = layout.left + shown.length * layout.square;
  return [
    strong(clip(printable(grid.label), Math.max(width, 12)), look.color),
    ...grid.wds.map(row).toReversed(),
    lrAxis(shown, lrLabels, layout),
  ];
}

/** Panels put side by side as long as they fit into `width`, three columns apart. */
function beside(panels: readonly string[][], width: number): string {
  const blocks: string[][] = [];
  for (const lines of panels) {
    const last = blocks.at(-1);
    const lastWidth = Math.max(0, ...(last ?? []).map(displayWidth));
    const own = Math.max(...lines.map(displayWidth));
    if (last === undefined || lastWidth + 3 + own > width || last.length !== lines.length) {
      blocks.push([...lines]);
    } else {
      lines.forEach((line, i) => (last[i] = padEnd(last[i]!, lastWidth + 3) + line));
    }
  }
  return blocks.map((lines) => lines.map((l) => l.trimEnd()).join('\n')).join('\n\n');
}

/** Trials that are no grid: the best of them. */
function trialList(grid: Grid, measure: MeasureWords): string {
  const line = ({ lr, wd, mean }: GridCell): string =>
    `  lr ${shortNumber(lr)}, wd ${shortNumber(wd)}: ${shown(measure, mean)}${measure.unit}`;
  const trials = grid.cells.flat().length;
  const head = `${printable(grid.label)}: ${String(trials)} trials, which are not a grid. The best:`;
  return [head, ...bestCells(grid, 10).map(line)].join('\n');
}

/** Lowest and highest error shown; a colour scale may reach further, as it needs a span and a positive floor. */
function shownRange(grids: readonly Grid[]): Scale | null {
  const errors = grids.flatMap((g) => g.cells.flat().flatMap((c) => (c.status === 'ok' ? [c.mean!] : [])));
  if (errors.length === 0) return null;
  return { low: errors.reduce((a, b) => Math.min(a, b)), high: errors.reduce((a, b) => Math.max(a, b)) };
}

function legend(range: Scale | null, measure: MeasureWords, { color, width }: TerminalOptions): string {
  const marks = 'rows wd, columns lr; * best, x diverged, ! failed, · missing';
  if (range === null) return marks;
  const steps = Math.min(24, Math.max(8, width - 40));
  const bar =
    color === 'none'
      ? ''
      : ' ' + Array.from({ length: steps }, (_, i) => paint(' ', i / (steps - 1), color)).join('') + ' ';
  const [low, high] = [shown(measure, range.low), shown(measure, range.high)];
  const ends = low === high ? low : `${low}${bar === '' ? ' to ' : bar}${high}`;
  return `${measure.name}${measure.unit === '' ? '' : ' in %'}, ${ends}\n${marks}`;
}

/**
 * Table of the best cell of each optimizer and one heatmap of test error per optimizer.
 *
 * Rows are weight decays (largest on top, 0 in the bottom row), columns learning rates. Errors are mean percent over
 * seeds; `*` marks the best cell, `x` one with a diverged seed. Squares shrink to a colour (or, without colours, to a
 * rank from 0, best, to 9) where the terminal is narrow.
 */
export function renderSummary(records: readonly AnyRecord[], options: TerminalOptions): string {
  if (records.length === 0) return 'No run has finished yet.';
  const grids = panelsOf(records);
  const measure = wordsFor(measureOf(records));
  const rectangles = grids.filter(({ scattered }) => !scattered);
  const look = { scale: errorRange(grids), measure, color: options.color };
  const panels = rectangles.map((g) => panel(g, layoutOf(g, options.width), look));
  const drawn = [beside(panels, options.width), legend(shownRange(rectangles), measure, options)];
  return [
    wrap(`${countRuns(records)}: ${subjectOf(records)}`, options.width).join('\n'),
    `Best cell of each optimizer, chosen by ${chosenBy(records)}:\n${bestTable(grids, measure, options)}`,
    ...grids.flatMap((grid) => (grid.scattered ? [trialList(grid, measure)] : [])),
    ...(panels.length > 0 ? drawn : []),
  ].join('\n\n');
}
