/** Grokking: training and test error against steps, and the steps until runs generalise against the weight decay. */
import {
  GENERALISED_AT,
  quickest,
  stepsOfGrid,
  type CellSteps,
  type StepsStatistics,
} from '../../analysis/stepsToGeneralise.js';
import type { GridCell } from '../../experiment/grid.js';
import { printable } from '../../experiment/printable.js';
import { grouped, shortNumber } from '../format.js';
import { hex, rampColor } from '../ramp.js';
import { subjectOf } from '../subject.js';
import { type Figure, type FigureInput, thin } from './figure.js';

/** Most weight decays with curves, and most points of a curve. */
const CURVES = 5;
const POINTS = 90;

type Ends = readonly [low: number, high: number];

/** Sizes of a panel. */
const WIDTH = 330;
const HEIGHTS = { curves: 220, steps: 220 };

const FRESH = ' fresh';

/** One block per optimizer, at the learning rate of its quickest cell; null where no steps are counted. */
export function stepsToGeneraliseFigure({ grids, records, decoupling, fresh }: FigureInput): Figure | null {
  const { steps } = decoupling;
  if (!steps) return null;
  // One axis for all blocks, so that they can be compared.
  const shown = [...steps.cells, ...(fresh?.cells ?? [])];
  const least = Math.min(...shown.map(({ range }) => range.low));
  const ends: Ends = [least / 1.6, Math.max(...shown.map(({ horizon }) => horizon))];
  const blocks = grids.flatMap((grid) => {
    // Not from the statistics, which have one cell for all budgets of a label: each budget has a block.
    const own = stepsOfGrid(grid, steps.level);
    const best = quickest(own);
    return best ? [block(grid, best, ends, own, fresh)] : [];
  });
  if (blocks.length === 0) return null;
  const few = steps.cells.some(({ range }) => range.confidence < steps.level - 1e-12);
  const held = Math.min(...steps.cells.map(({ range }) => range.confidence));
  const bars = few
    ? `Bars: the range of the seeds, which holds the median with at least ${shortNumber(100 * held)}%`
    : `Bars: ${shortNumber(100 * steps.level)}% interval of the median`;
  return {
    name: 'steps-to-generalise',
    title: 'When runs generalise',
    caption: `Runs on ${subjectOf(records)}. Above: error of the whole network against optimizer steps, dashed on the equations it is trained on, solid on the others; median over seeds, shaded: all seeds. Below: after how many steps a run generalises (test error at most ${shortNumber(100 * GENERALISED_AT)}%) at each weight decay. ${bars}; short line: median; dots: seeds; open triangles on the dashed line: that many runs had not generalised at their end.${fresh ? ' “Fresh”: the confirmation’s seeds.' : ''}`,
    spec: { concat: blocks, columns: 2, spacing: 36, resolve: { scale: { color: 'independent' } } },
  };
}

function block(
  grid: FigureInput['grids'][number],
  best: CellSteps,
  ends: Ends,
  cells: readonly CellSteps[],
  fresh: StepsStatistics | undefined,
): object {
  const own = cells.filter(({ lr }) => lr === best.lr);
  const again = fresh?.best.filter(({ label }) => printable(label) === labelOf(grid)) ?? [];
  const name = (wd: number) => shortNumber(wd);
  const wds = own.map(({ wd }) => wd);
  const range = wds.map((_, i) => hex(rampColor(1 - (0.75 * i) / Math.max(1, wds.length - 1))));
  const domain = wds.map(name);
  const shown = thin(wds, CURVES);
  const drawn = grid.cells
    .flat()
    .filter(({ lr, wd }) => lr === best.lr && (shown.includes(wd) || wd === best.wd));
  const last = Math.max(...own.map(({ horizon }) => horizon));
  const first = Math.min(...own.map(({ perEpoch }) => perEpoch));
  // Fresh seeds have the colour of their wd.
  const color = {
    field: 'wd',
    type: 'nominal',
    title: 'weight decay',
    scale: { domain, range },
    legend: { orient: 'top', columns: 5, symbolType: 'stroke', symbolOpacity: 1 },
  };
  return {
    title: { text: `${grid.label}, lr ${shortNumber(best.lr)}`, fontSize: 15 },
    vconcat: [
      curvePanel(
        drawn.flatMap((cell) => curvesOf(cell, name(cell.wd), first)),
        color,
        [first, last],
      ),
      stepsPanel([...own, ...again], own, color, ends, name),
    ],
    spacing: 16,
  };
}

/** Without the budget that a panel's name may have. */
const labelOf = ({ cells }: FigureInput['grids'][number]) =>
  cells.flat().find(({ runs }) => runs[0])?.runs[0]?.label;

interface Point {
  readonly wd: string;
  readonly split: 'training' | 'test';
  readonly steps: number;
  readonly middle: number;
  readonly low: number;
  readonly high: number;
}

/** Median and ends over seeds, in percent, at epochs that are evenly spaced on a logarithmic axis. */
function curvesOf({ runs }: GridCell, wd: string, perEpoch: number): Point[] {
  const finished = runs.filter(({ status }) => status === 'ok' || status === 'diverged');
  const longest = finished.reduce((most, { epochs }) => Math.max(most, epochs.length), 0);
  const picked = Array.from({ length: POINTS }, (_, i) => Math.round(longest ** (i / (POINTS - 1))));
  return [...new Set(longest === 0 ? [] : picked)].flatMap((epoch) =>
    (['training', 'test'] as const).flatMap((split): Point[] => {
      const field = split === 'test' ? 'testError' : 'trainError';
      const errors = finished
        .flatMap(({ epochs }) => epochs[epoch - 1]?.[field] ?? [])
        .map((error) => 100 * error)
        .sort((a, b) => a - b);
      const [low, high] = [errors[0], errors.at(-1)];
      if (low === undefined || high === undefined) return [];
      const middle = (errors[(errors.length - 1) >> 1]! + errors[errors.length >> 1]!) / 2;
      return [{ wd, split, steps: epoch * perEpoch, middle, low, high }];
    }),
  );
}

const stepsAxis = (domain: Ends) => ({
  type: 'quantitative',
  scale: { type: 'log', domain, nice: false },
  axis: { format: ',d', values: roundSteps(domain) },
});

/** Powers of ten; of a short axis also some multiples of them. */
function roundSteps([low, high]: Ends): number[] {
  const factors = high / low < 12 ? [1, 2, 3, 4, 5, 7] : high / low < 200 ? [1, 2, 5] : [1];
  const powers = Array.from({ length: 16 }, (_, k) => 10 ** k);
  const all = powers.flatMap((power) => factors.map((factor) => factor * power));
  return all.filter((steps) => steps >= low && steps <= high);
}

function curvePanel(values: readonly Point[], color: object, domain: Ends): object {
  const x = { field: 'steps', title: 'optimizer steps', ...stepsAxis(domain) };
  const y = {
    type: 'quantitative',
    title: 'error, %',
    scale: { domain: [0, 100], nice: false },
    axis: { values: [0, 20, 40, 60, 80, 100] },
  };
  const strokeDash = {
    field: 'split',
    type: 'nominal',
    title: null,
    scale: {
      domain: ['training', 'test'],
      range: [
        [4, 3],
        [1, 0],
      ],
    },
    legend: { orient: 'top', symbolType: 'stroke', symbolOpacity: 1 },
  };
  return {
    width: WIDTH,
    height: HEIGHTS.curves,
    layer: [
      {
        data: { values: [{ limit: 100 * GENERALISED_AT }] },
        mark: { type: 'rule', color: '#999', strokeDash: [2, 2] },
        encoding: { y: { ...y, field: 'limit' } },
      },
      note(
        { limit: 100 * GENERALISED_AT, text: `${shortNumber(100 * GENERALISED_AT)}%: generalises` },
        { ...y, field: 'limit' },
      ),
      {
        data: { values: values.filter(({ split }) => split === 'test') },
        mark: { type: 'area', opacity: 0.16 },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color },
      },
      {
        data: { values },
        mark: { type: 'line', strokeWidth: 2.2, clip: true },
        encoding: { x, y: { ...y, field: 'middle' }, color, strokeDash },
      },
    ],
  };
}

/** A word at a dashed line, at the left end. */
const note = (value: object, y: object): object => ({
  data: { values: [value] },
  mark: { type: 'text', align: 'left', baseline: 'bottom', dy: -3, fontSize: 11, color: '#666' },
  encoding: { x: { value: 4 }, y, text: { field: 'text' } },
});

function stepsPanel(
  cells: readonly CellSteps[],
  grid: readonly CellSteps[],
  color: object,
  [low, last]: Ends,
  name: (wd: number) => string,
): object {
  const place = (cell: CellSteps) => name(cell.wd) + (grid.includes(cell) ? '' : FRESH);
  const at = (cell: CellSteps) => ({ place: place(cell), wd: name(cell.wd) });
  const seeds = cells.flatMap((cell) =>
    cell.runs.map(({ generalise: { steps, horizon } }) => ({
      ...at(cell),
      steps: steps ?? horizon,
      open: steps === null,
    })),
  );
  const bars = cells.map((cell) => ({
    ...at(cell),
    low: cell.range.low,
    high: cell.range.high ?? cell.horizon,
  }));
  // Triangles lie upon each other: a number says how many.
  const opens = cells.flatMap((cell) => {
    const open = cell.runs.length - cell.generalised;
    return open === 0 ? [] : [{ ...at(cell), steps: cell.horizon, text: `${open} of ${cell.runs.length}` }];
  });
  const medians = cells.flatMap((cell) =>
    cell.steps.value === null ? [] : [{ ...at(cell), steps: cell.steps.value }],
  );
  const x = {
    field: 'place',
    type: 'nominal',
    title: 'weight decay',
    scale: { domain: cells.map(place), padding: 0.5 },
    // "0.001 fresh" in two lines, for the width of one number.
    axis: { labelAngle: 0, grid: false, labelExpr: "split(datum.label, ' ')" },
  };
  // Marks at the last step must not be cut off.
  const y = { title: 'steps to generalise', ...stepsAxis([low, last * 1.2]) };
  const colored = { ...color, legend: null };
  const point = { type: 'point', opacity: 1 };
  return {
    width: WIDTH,
    height: HEIGHTS.steps,
    layer: [
      {
        data: { values: [{ last }] },
        mark: { type: 'rule', color: '#999', strokeDash: [2, 2] },
        encoding: { y: { ...y, field: 'last' } },
      },
      note({ last, text: `last step: ${grouped(last)}` }, { ...y, field: 'last' }),
      {
        data: { values: bars },
        mark: { type: 'rule', strokeWidth: 2.4 },
        encoding: { x, y: { ...y, field: 'low' }, y2: { field: 'high' }, color: colored },
      },
      {
        data: { values: medians },
        mark: { type: 'tick', thickness: 3.2, width: 22, orient: 'horizontal', opacity: 1 },
        encoding: { x, y: { ...y, field: 'steps' }, color: colored },
      },
      {
        data: { values: seeds.filter(({ open }) => !open) },
        mark: { ...point, shape: 'circle', filled: true, size: 34, xOffset: 9 },
        encoding: { x, y: { ...y, field: 'steps' }, color: colored },
      },
      {
        data: { values: seeds.filter(({ open }) => open) },
        mark: { ...point, shape: 'triangle-up', filled: false, fill: 'white', size: 90, strokeWidth: 1.8 },
        encoding: { x, y: { ...y, field: 'steps' }, color: colored },
      },
      {
        data: { values: opens },
        mark: { type: 'text', baseline: 'top', dy: 9, fontSize: 12, color: '#333' },
        encoding: { x, y: { ...y, field: 'steps' }, text: { field: 'text' } },
      },
    ],
  };
}
