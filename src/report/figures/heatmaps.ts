/** Test error over lr x wd, one panel per optimizer, one colour scale: the paper's Figures 1 and 2. */
import { axisLabels } from '../format.js';
import { capitalised, shown, type MeasureWords } from '../measure.js';
import type { Grid } from '../../experiment/grid.js';
import { hasValidation } from '../../experiment/record.js';
import { bestCells, markedCells, shownStatus, trainedCells } from '../panels.js';
import { rampStops } from '../ramp.js';
import { errorRange } from '../scale.js';
import type { Figure, FigureInput } from './figure.js';

const CROSS = 'M-1,-1L1,1M-1,1L1,-1';

function rowsOf(grid: Grid, { scale }: MeasureWords): object[] {
  const lrLabels = axisLabels(grid.lrs);
  const wdLabels = axisLabels(grid.wds);
  const ranks = new Map(markedCells(grid).map((cell, i) => [cell, i + 1]));
  return trainedCells(grid).map((cell) => ({
    lr: lrLabels[grid.lrs.indexOf(cell.lr)],
    wd: wdLabels[grid.wds.indexOf(cell.wd)],
    status: shownStatus(cell),
    error: cell.status === 'ok' ? cell.mean! * scale : null,
    rank: ranks.get(cell) ?? null,
    runs: cell.runs.length,
  }));
}

/** Every second, third, ... label where a row or column is too small for its text. */
const thinned = (labels: readonly string[], limit: number): string[] => {
  const step = Math.ceil(labels.length / limit);
  return labels.filter((_, i) => i % step === 0);
};

function panel(grid: Grid, domain: readonly number[], measure: MeasureWords): object {
  const columns = axisLabels(grid.lrs);
  const rows = axisLabels(grid.wds).toReversed();
  const size = Math.min(34, Math.max(3, Math.floor(340 / Math.max(grid.lrs.length, 8))));
  const at = {
    x: { field: 'lr', type: 'ordinal', sort: columns, title: 'learning rate', axis: { labelAngle: columns.some((l) => l.length > 4) ? -60 : 0, values: thinned(columns, 12), labelFontSize: 12, grid: false } },
    y: { field: 'wd', type: 'ordinal', sort: rows, title: 'weight decay', axis: { values: thinned(rows.toReversed(), 18), labelFontSize: 12, grid: false } },
  }; // prettier-ignore
  const best = bestCells(grid, 1)[0];
  const mark = Math.max(4, (size * size) / 14);
  const color = {
    field: 'error',
    type: 'quantitative',
    scale: { type: 'log', domain, range: rampStops(), clamp: true },
    legend: { title: measure.axis, gradientLength: 180, format: '~g', tickCount: 5 },
  };
  return {
    title: {
      text: grid.label,
      subtitle:
        best === undefined
          ? 'no finished run'
          : `best ${shown(measure, best.mean)}${measure.unit}${best.runs.some(hasValidation) ? ', chosen by validation error' : ''}`,
      fontSize: 15,
    },
    width: size * columns.length,
    height: size * rows.length,
    data: { values: rowsOf(grid, measure) },
    encoding: at,
    layer: [
      { mark: { type: 'rect', stroke: 'white', strokeWidth: size > 8 ? 1 : 0 }, encoding: { color } },
      {
        transform: [{ filter: "datum.status != 'ok'" }],
        mark: { type: 'rect', fill: '#e6e6e6', stroke: 'white', strokeWidth: size > 8 ? 1 : 0 },
      },
      {
        transform: [{ filter: "datum.status == 'diverged'" }],
        mark: {
          type: 'point',
          shape: CROSS,
          stroke: '#555',
          strokeWidth: 1.6,
          size: mark * 2,
          filled: false,
          opacity: 1,
        },
      },
      {
        transform: [{ filter: 'isValid(datum.rank) && datum.rank > 1' }],
        mark: {
          type: 'point',
          shape: 'circle',
          fill: 'white',
          stroke: 'black',
          strokeWidth: 1.2,
          size: mark,
        },
      },
      {
        transform: [{ filter: 'datum.rank == 1' }],
        mark: { type: 'point', shape: 'M0,.5L.6,.8L.5,.1L1,-.3L.3,-.4L0,-1L-.3,-.4L-1,-.3L-.5,.1L-.6,.8L0,.5Z', fill: 'white', stroke: 'black', strokeWidth: 1.2, opacity: 1, size: mark * 4 }, // prettier-ignore
      },
    ],
  };
}

/** Panels side by side, two to a row from three optimizers on. */
export function heatmaps({ grids: all, measure }: FigureInput): Figure | null {
  const grids = all.filter(({ scattered }) => !scattered);
  if (grids.length === 0) return null;
  const range = errorRange(all);
  const domain = [range.low * measure.scale, range.high * measure.scale];
  return {
    name: 'heatmaps',
    title: `${capitalised(measure.name)} over learning rate and weight decay`,
    caption: `Mean final ${measure.name} of each cell, light is low. Star: best cell; dots: the ten best; crosses: a run diverged; the bottom row is no decay.`,
    spec: {
      concat: grids.map((grid) => panel(grid, domain, measure)),
      columns: grids.length <= 3 ? grids.length : Math.ceil(Math.sqrt(grids.length)),
      spacing: 28,
      resolve: { scale: { color: 'shared' } },
    },
  };
}
