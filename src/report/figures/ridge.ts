/** The best wd at each lr with the fitted line: slope about -1 if the two are coupled, about 0 if not. */
import { printable } from '../../experiment/printable.js';
import { type Figure, type FigureInput, log2Axis, optimizerMarks } from './figure.js';

interface Point {
  readonly optimizer: string;
  readonly lr: number;
  readonly wd: number;
  readonly weight?: number;
}

const log2 = (field: 'lr' | 'wd', title: string, points: readonly Point[]): object => ({
  field,
  type: 'quantitative',
  title,
  scale: { type: 'log', base: 2, nice: false, padding: 18 },
  axis: {
    ...log2Axis(
      points.map((point) => point[field]),
      12,
    ),
    labelFontSize: 13,
  },
});

function slopeText(low: number | null, value: number, high: number | null): string {
  const show = (v: number): string => v.toFixed(2).replace(/^-(0\.00)$/, '$1');
  const interval = low === null || high === null ? '' : ` [${show(low)}, ${show(high)}]`;
  return `slope ${show(value)}${interval}`;
}

/** Points and lines from `Decoupling`; null if no optimizer has two usable columns. */
export function ridges({ decoupling, measure }: FigureInput): Figure | null {
  const points: Point[] = [];
  const lines: Point[] = [];
  const names: string[] = [];
  for (const { label, ridge } of decoupling.optimizers) {
    const used = ridge.columns.filter((c) => c.wd !== null && c.wd > 0);
    const { slope } = ridge;
    if (used.length < 2 || slope.value === null || ridge.intercept === null) continue;
    const name = `${printable(label)}: ${slopeText(slope.low, slope.value, slope.high)}`;
    names.push(name);
    for (const c of used) points.push({ optimizer: name, lr: c.lr, wd: c.wd!, weight: c.weight });
    for (const { lr } of [used[0]!, used.at(-1)!])
      lines.push({ optimizer: name, lr, wd: Math.exp(ridge.intercept + slope.value * Math.log(lr)) });
  }
  if (names.length === 0) return null;
  const { color, shape, strokeDash } = optimizerMarks(names, { filled: true, columns: 1 });
  const at = {
    x: log2('lr', 'learning rate', points),
    y: log2('wd', 'best weight decay', [...points, ...lines]),
  };
  return {
    name: 'ridges',
    title: 'Best weight decay at each learning rate',
    caption: `The best weight decay at each learning rate, and a line through them. Each point is the vertex of a parabola through the cells of lowest ${measure.name}, so it may lie between the weight decays that were tried. A slope near -1 means that only the product of the two matters, so they must be tuned together; near 0, that they can be tuned one after the other.`,
    spec: {
      width: 480,
      height: 340,
      layer: [
        {
          data: { values: points },
          mark: { type: 'point', filled: true, size: 80, opacity: 1 },
          encoding: { ...at, color, shape },
        },
        {
          data: { values: lines },
          mark: { type: 'line', strokeWidth: 2 },
          encoding: { ...at, color, strokeDash },
        },
      ],
    },
  };
}
