/** Learning curves and anytime curves: what training reached, epoch by epoch. */
import type { AnyRecord } from '../../experiment/record.js';
import type { Grid, GridCell } from '../../experiment/grid.js';
import { bestCells, chosenBy, soundRuns } from '../panels.js';
import { type Figure, type FigureInput, logLabels, onLogScale, optimizerMarks, thin } from './figure.js';

/** Most epochs drawn, and most cells per optimizer drawn as lines; the band shows the rest. */
const EPOCHS = 60;
const CELLS = 6;

type Measure = 'testError' | 'trainLoss';

const quantile = (sorted: readonly number[], q: number): number => {
  const at = q * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at - Math.floor(at));
};

const unit = (measure: Measure): number => (measure === 'testError' ? 100 : 1);

/** A measure of one run at an epoch; undefined if it has no such epoch or it is not finite and positive. */
function valueAt(run: AnyRecord, epoch: number, measure: Measure): number | undefined {
  const value = run.epochs[epoch - 1]?.[measure];
  return value !== undefined && Number.isFinite(value) && value > 0 ? value * unit(measure) : undefined;
}

const valuesAt = (runs: readonly AnyRecord[], epoch: number, measure: Measure): number[] =>
  runs.map((run) => valueAt(run, epoch, measure)).filter((v) => v !== undefined);

/** Epochs to draw: all, or evenly picked. */
function epochsOf(grid: Grid): number[] {
  const runs = grid.cells.flat().flatMap((cell) => cell.runs);
  const longest = runs.reduce((most, run) => Math.max(most, run.epochs.length), 0);
  return thin(
    Array.from({ length: longest }, (_, i) => i + 1),
    EPOCHS,
  );
}

function cellLine(
  label: string,
  cell: GridCell,
  rank: number,
  epochs: readonly number[],
  measure: Measure,
): object[] {
  return epochs.flatMap((epoch) => {
    const values = valuesAt(cell.runs, epoch, measure);
    if (values.length === 0) return [];
    const value = values.reduce((sum, v) => sum + v, 0) / values.length;
    return [{ optimizer: label, line: `${label} ${String(rank)}`, rank, epoch, value }];
  });
}

function band(grid: Grid, epochs: readonly number[], measure: Measure): object[] {
  const runs = soundRuns(grid);
  return epochs.flatMap((epoch) => {
    const values = valuesAt(runs, epoch, measure).sort((a, b) => a - b);
    if (values.length < 4) return [];
    return [{ optimizer: grid.label, epoch, low: quantile(values, 0.25), high: quantile(values, 0.75) }];
  });
}

function bestLines(grid: Grid, measure: Measure): object[] {
  const epochs = epochsOf(grid);
  return bestCells(grid, CELLS).flatMap((cell, i) => cellLine(grid.label, cell, i + 1, epochs, measure));
}

function curvePanel(grids: readonly Grid[], measure: Measure, title: string): object {
  const marks = optimizerMarks(
    grids.map((g) => g.label),
    { line: true },
  );
  const lines = grids.flatMap((grid) => bestLines(grid, measure));
  const bands = grids.flatMap((grid) => band(grid, epochsOf(grid), measure));
  const x = {
    field: 'epoch',
    type: 'quantitative',
    title: 'epoch',
    scale: { nice: false },
    axis: { format: 'd', tickMinStep: 1 },
  };
  const y = onLogScale(title);
  const stroke = { color: marks.color, strokeDash: marks.strokeDash };
  return {
    width: 480,
    height: 230,
    layer: [
      {
        data: { values: bands },
        mark: { type: 'area', opacity: 0.13 },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color: marks.color },
      },
      {
        data: { values: lines },
        transform: [{ filter: 'datum.rank > 1' }],
        mark: { type: 'line', strokeWidth: 1, opacity: 0.45 },
        encoding: { x, y: { ...y, field: 'value' }, ...stroke, detail: { field: 'line' } },
      },
      {
        data: { values: lines },
        transform: [{ filter: 'datum.rank == 1' }],
        mark: { type: 'line', strokeWidth: 2.8 },
        encoding: { x, y: { ...y, field: 'value' }, ...stroke },
      },
    ],
  };
}

/** Training loss and test error by epoch: the best cells as lines, all others as a band. */
export function learningCurves({ grids, records }: FigureInput): Figure | null {
  const shown = grids.filter((g) => bestCells(g, 1).length > 0 && epochsOf(g).length > 1);
  if (shown.length === 0) return null;
  return {
    name: 'learning-curves',
    title: 'Learning curves',
    caption: `Thick: each optimizer’s best cell, chosen by ${chosenBy(records)}, mean over seeds. Thin: its next best cells. Shaded: the middle half of all its runs.`,
    spec: {
      vconcat: [
        curvePanel(shown, 'trainLoss', 'training loss, nats'),
        curvePanel(shown, 'testError', 'test error, %'),
      ],
      spacing: 20,
    },
  };
}

/** The lowest mean error of any cell at each epoch. */
function envelope(grid: Grid): object[] {
  const cells = grid.cells.flat().filter((c) => c.status === 'ok');
  return epochsOf(grid).flatMap((epoch) => {
    const errors = cells.flatMap((cell) => {
      const values = valuesAt(cell.runs, epoch, 'testError');
      return values.length === 0 ? [] : [values.reduce((sum, v) => sum + v, 0) / values.length];
    });
    if (errors.length === 0) return [];
    return [{ optimizer: grid.label, epoch, value: errors.reduce((a, b) => Math.min(a, b)) }];
  });
}

/** The best test error possible by stopping at each epoch. */
export function anytimeCurves({ grids }: FigureInput): Figure | null {
  const values = grids.flatMap(envelope);
  if (!grids.some((g) => epochsOf(g).length > 1) || values.length === 0) return null;
  const marks = optimizerMarks(
    grids.map((g) => g.label),
    { line: true },
  );
  const last = Math.max(...grids.map((g) => epochsOf(g).at(-1) ?? 1));
  const ticks = [1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000].filter((t) => t <= last);
  return {
    name: 'anytime',
    title: 'Anytime performance',
    caption:
      'Lowest mean test error that any cell of the optimizer has at each epoch, chosen anew at each epoch by test error: so a little too low for what stopping there would give.',
    spec: {
      width: 480,
      height: 300,
      data: { values },
      mark: { type: 'line', strokeWidth: 2.5, interpolate: 'linear' },
      encoding: {
        x: {
          field: 'epoch',
          type: 'quantitative',
          title: 'epoch',
          scale: { type: 'log', nice: false },
          axis: { format: 'd', values: ticks },
        },
        y: {
          field: 'value',
          type: 'quantitative',
          title: 'lowest test error of the grid, %',
          scale: { type: 'log', nice: false, padding: 12 },
          axis: logLabels,
        },
        color: marks.color,
        strokeDash: marks.strokeDash,
      },
    },
  };
}
