/** A small line chart with a logarithmic y axis. */
import { shortNumber } from '../../format.js';
import { html, svg } from './dom.js';

export interface Series {
  readonly name: string;
  readonly x: readonly number[];
  /** Values that are not positive are left out. */
  readonly y: readonly number[];
  /** Class `s0` (the chosen one), `s1`, ...: colour and dash are the style sheet's. */
  readonly style: number;
}

const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [420, 250, 46, 34, 8, 10];

/** 1, 2, 5 times powers of ten within the range; only the powers where there are many. */
function logTicks(low: number, high: number): number[] {
  const ticks: number[] = [];
  for (let k = Math.floor(Math.log10(low)); k <= Math.log10(high); k++)
    for (const m of [1, 2, 5]) if (m * 10 ** k >= low && m * 10 ** k <= high) ticks.push(m * 10 ** k);
  const powers = ticks.filter((t) => Number.isInteger(Math.round(Math.log10(t) * 1e6) / 1e6));
  if (ticks.length > 7 && powers.length > 1) return powers;
  if (ticks.length > 2) return ticks;
  // A range too narrow for these: four even steps of one significant digit.
  const step = Number(((high - low) / 4).toPrecision(1));
  const first = Math.ceil(low / step);
  return Array.from({ length: 6 }, (_, i) => (first + i) * step).filter((t) => t <= high);
}

function linearTicks(high: number): number[] {
  const step =
    [1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 5000].find((s) => high / s <= 6) ?? Math.ceil(high / 6);
  return Array.from({ length: Math.floor(high / step) + 1 }, (_, i) => i * step).filter((t) => t > 0);
}

/** From epochs and values to places in the drawing. */
interface Frame {
  readonly x: (epoch: number) => number;
  readonly y: (value: number) => number;
}

function frameOf(last: number, low: number, high: number): Frame {
  const span = Math.log(high) - Math.log(low);
  return {
    x: (epoch) => LEFT + ((epoch - 1) / Math.max(1, last - 1)) * (WIDTH - LEFT - RIGHT),
    y: (value) => TOP + ((Math.log(high) - Math.log(value)) / span) * (HEIGHT - TOP - BOTTOM),
  };
}

function lineOf({ x, y, style }: Series, at: Frame): SVGElement {
  const points = x.flatMap((epoch, i) =>
    y[i]! > 0 ? [`${at.x(epoch).toFixed(1)},${at.y(y[i]!).toFixed(1)}`] : [],
  );
  const d = points.map((p, i) => (i === 0 ? 'M' : 'L') + p).join('');
  return svg('path', { d, class: `line s${String(style)}` });
}

/** Rules and labels of the y axis, labels of the x axis, and its name. */
function axes(at: Frame, last: number, low: number, high: number): SVGElement[] {
  return [
    ...logTicks(low, high).flatMap((t) => [
      svg('line', { x1: LEFT, x2: WIDTH - RIGHT, y1: at.y(t), y2: at.y(t), class: 'rule' }),
      svg('text', { x: LEFT - 6, y: at.y(t) + 4, class: 'end' }, shortNumber(t)),
    ]),
    ...linearTicks(last).map((t) => svg('text', { x: at.x(t), y: HEIGHT - BOTTOM + 17 }, String(t))),
    svg('text', { x: (LEFT + WIDTH) / 2, y: HEIGHT - 3, class: 'title' }, 'epoch'),
  ];
}

/** `title` names the y axis; x is the epoch. */
export function lineChart(title: string, series: readonly Series[]): HTMLElement {
  const ys = series.flatMap((s) => s.y.filter((v) => v > 0));
  const figure = html('figure', { class: 'chart' }, html('figcaption', {}, title));
  if (ys.length === 0) {
    figure.append(html('p', {}, 'No epoch was finished.'));
    return figure;
  }
  const [low, high] = [Math.min(...ys) * 0.92, Math.max(...ys) * 1.08];
  const last = Math.max(...series.flatMap((s) => [...s.x]));
  const at = frameOf(last, low, high);
  const attributes = {
    viewBox: `0 0 ${String(WIDTH)} ${String(HEIGHT)}`,
    role: 'img',
    'aria-label': `${title} by epoch, up to epoch ${String(last)}`,
  };
  const lines = series.toReversed().map((s) => lineOf(s, at));
  figure.append(svg('svg', attributes, ...axes(at, last, low, high), ...lines));
  return figure;
}

/** Names of the series with their strokes. */
export function seriesLegend(series: readonly Series[]): HTMLElement {
  return html(
    'p',
    { class: 'series' },
    ...series.map((s) =>
      html(
        'span',
        {},
        svg(
          'svg',
          { viewBox: '0 0 30 10', width: 30, height: 10, 'aria-hidden': 'true' },
          svg('path', { d: 'M1,5H29', class: `line s${String(s.style)}` }),
        ),
        s.name,
      ),
    ),
  );
}
