/** Trials that are no grid, as points over lr x wd: what a heatmap is for a grid. */
import { bestCells, trainedCells } from '../panels.js';
import { errorRange } from '../scale.js';
import { capitalised } from '../measure.js';
import { errorColor } from './errorColor.js';
import { type Figure, type FigureInput, log2Axis } from './figure.js';

/** Best trials that are ringed. */
const RINGED = 10;

const log2 = (field: string, title: string, numbers: readonly number[]): object => ({
  field,
  type: 'quantitative',
  title,
  scale: { type: 'log', base: 2, nice: false, padding: 12 },
  axis: log2Axis(numbers, 6),
});

/** One panel for each optimizer with such trials; null if there is none. A wd of 0 has no place on a logarithmic axis. */
export function trials({ grids, measure }: FigureInput): Figure | null {
  const scattered = grids.filter((grid) => grid.scattered);
  if (scattered.length === 0) return null;
  const color = errorColor(errorRange(grids), measure);
  const panels = scattered.map((grid) => {
    const best = new Set(bestCells(grid, RINGED));
    const values = trainedCells(grid)
      .filter(({ status, wd }) => status === 'ok' && wd > 0)
      .map((cell) => ({ lr: cell.lr, wd: cell.wd, error: cell.mean! * measure.scale, best: best.has(cell) }));
    const mark = { type: 'point', shape: 'circle', filled: true, size: 70, opacity: 1, strokeWidth: 2 };
    return {
      title: { text: grid.label, fontSize: 15 },
      width: 340,
      height: 300,
      data: { values },
      mark,
      encoding: {
        x: log2(
          'lr',
          'learning rate',
          values.map((v) => v.lr),
        ),
        y: log2(
          'wd',
          'weight decay',
          values.map((v) => v.wd),
        ),
        color,
        stroke: { condition: { test: 'datum.best', value: 'black' }, value: '#bbb' },
      },
    };
  });
  return {
    name: 'trials',
    title: `${capitalised(measure.name)} of each trial`,
    caption: `Trials that are not a grid. Light is a low ${measure.name}; black rings: the ten best. Trials that diverged, or without decay, are not shown.`,
    spec: { concat: panels, columns: 2, spacing: 28, resolve: { scale: { color: 'shared' } } },
  };
}
