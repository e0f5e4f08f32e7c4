/** Test error over lr x wd, one panel per optimizer, one colour scale: the paper's Figures 1 and 2. */
import { axisLabels } from '../format.js';
import { capitalised, shown, type MeasureWords } from '../measure.js';
import type { Grid } from '../../experiment/grid.js';
import { bestCells, chosenBy, markedCells, shownStatus, stepsOf, trainedCells } from '../panels.js';
import { errorRange, type ErrorRange } from '../scale.js';
import { stepsShown } from '../steps.js';
import { wrap } from '../width.js';
import { errorColor } from './errorColor.js';
import type { Figure, FigureInput } from './figure.js';

const CROSS = 'M-1,-1L1,1M-1,1L1,-1';
const STAR = 'M0,.5L.6,.8L.5,.1L1,-.3L.3,-.4L0,-1L-.3,-.4L-1,-.3L-.5,.1L-.6,.8L0,.5Z';

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

/** Pixels that the title of the weight decays takes along its axis. */
const TITLE_LENGTH = 90;

/** Learning rates to the right, weight decays upwards. */
function positions(columns: readonly string[], rows: readonly string[], height: number): object {
  const axis = { labelFontSize: 12, grid: false };
  const labelAngle = columns.some((label) => label.length > 4) ? -60 : 0;
  return {
    x: {
      field: 'lr',
      type: 'ordinal',
      sort: columns,
      title: 'learning rate',
      axis: { ...axis, labelAngle, values: thinned(columns, 12) },
    },
    y: {
      field: 'wd',
      type: 'ordinal',
      sort: rows,
      // A title longer than its axis, or labels narrower than in other panels, would displace the panel's heading.
      title: height < TITLE_LENGTH ? 'wd' : 'weight decay',
      axis: { ...axis, minExtent: 34, values: thinned(rows.toReversed(), 18) },
    },
  };
}

/** What lies on the squares: grey where a run diverged or failed, a cross, dots, the star. `size`: of a square, pixels. */
function markLayers(size: number, stroke: object): object[] {
  const area = Math.max(4, (size * size) / 14);
  const outlined = { type: 'point', fill: 'white', stroke: 'black', strokeWidth: 1.2 };
  const cross = { shape: CROSS, stroke: '#555', strokeWidth: 1.6, size: area * 2 };
  return [
    { transform: [{ filter: "datum.status != 'ok'" }], mark: { type: 'rect', fill: '#e6e6e6', ...stroke } },
    {
      transform: [{ filter: "datum.status == 'diverged'" }],
      mark: { type: 'point', filled: false, opacity: 1, ...cross },
    },
    {
      transform: [{ filter: 'isValid(datum.rank) && datum.rank > 1' }],
      mark: { ...outlined, shape: 'circle', size: area },
    },
    {
      transform: [{ filter: 'datum.rank == 1' }],
      mark: { ...outlined, shape: STAR, opacity: 1, size: area * 4 },
    },
  ];
}

/** The best cell, under the panel's heading. */
function foundIn(grid: Grid, measure: MeasureWords): string[] {
  const best = bestCells(grid, 1)[0];
  if (best === undefined) return ['no finished run'];
  const error = `${shown(measure, best.mean)}${measure.unit}`;
  const steps = stepsOf(grid).get(best);
  return steps
    ? [`quickest: ${stepsShown(steps)} steps,`, `error ${error} at the end`]
    : [`best ${error},`, ...wrap(`chosen by ${chosenBy(best.runs)}`, 28)];
}

function panel(grid: Grid, range: ErrorRange, measure: MeasureWords): object {
  const columns = axisLabels(grid.lrs);
  const rows = axisLabels(grid.wds).toReversed();
  const size = Math.min(34, Math.max(3, Math.floor(340 / Math.max(grid.lrs.length, 8))));
  const stroke = { stroke: 'white', strokeWidth: size > 8 ? 1 : 0 };
  return {
    title: { text: grid.label, subtitle: foundIn(grid, measure), fontSize: 15 },
    width: size * columns.length,
    height: size * rows.length,
    data: { values: rowsOf(grid, measure) },
    encoding: positions(columns, rows, size * rows.length),
    layer: [
      { mark: { type: 'rect', ...stroke }, encoding: { color: errorColor(range, measure) } },
      ...markLayers(size, stroke),
    ],
  };
}

/** Panels side by side, two to a row from three optimizers on. */
export function heatmaps({ grids: all, records, measure }: FigureInput): Figure | null {
  const grids = all.filter(({ scattered }) => !scattered);
  if (grids.length === 0) return null;
  const range = errorRange(all);
  return {
    name: 'heatmaps',
    title: `${capitalised(measure.name)} over learning rate and weight decay`,
    caption: `Mean final ${measure.name} of each cell, light is low. Star: best cell, chosen by ${chosenBy(records)}; dots: the next best; crosses: a run diverged.`,
    spec: {
      concat: grids.map((grid) => panel(grid, range, measure)),
      columns: grids.length <= 3 ? grids.length : Math.ceil(Math.sqrt(grids.length)),
      spacing: 28,
      resolve: { scale: { color: 'shared' } },
    },
  };
}
