/** A heatmap panel one can hover, click, or walk with the arrow keys. */
import { shown, type MeasureWords } from '../../measure.js';
import type { PageCell, PageData, PagePanel } from '../data.js';
import { html, svg } from './dom.js';
import { axes, type Frame, frameOf, outline, SIZE, square, waiting } from './squares.js';
import { type Selection, selectionOf } from './state.js';

export interface HeatmapEvents {
  readonly select: (selection: Selection) => void;
  /** The pointer or the keyboard is on a cell, or left. */
  readonly point: (panel: PagePanel, cell: PageCell | null, at: DOMRect | null) => void;
}

export interface Heatmap {
  readonly element: HTMLElement;
  /** Outlines the selected cell if it is this panel's, else nothing. */
  readonly mark: (selected: Selection | null) => void;
}

/** The cell in words, for tooltips and screen readers. */
export function describe(panel: PagePanel, cell: PageCell, measure: MeasureWords): string {
  const at = `lr ${panel.lrLabels[cell.i]!}, wd ${panel.wdLabels[cell.j]!}`;
  const runs = `${String(cell.runs)} run${cell.runs === 1 ? '' : 's'}`;
  if (cell.status === 'failed') return `${at}: failed${cell.reason === undefined ? '' : `: ${cell.reason}`}`;
  const spread = cell.sd === null ? '' : ` ± ${shown(measure, cell.sd)}`;
  const loss = cell.trainLoss === null ? '' : `, training loss ${String(cell.trainLoss)}`;
  const bits = cell.bits === undefined ? '' : `, ${String(cell.bits)} bits per character`;
  const steps = cell.steps === undefined ? '' : `, generalises after ${cell.steps[0]} steps`;
  const diverged = cell.diverged === 0 ? '' : `, ${String(cell.diverged)} diverged`;
  return `${at}: ${measure.name} ${shown(measure, cell.error)}${spread}${measure.unit}${steps}${bits}${loss} (${runs}${diverged})`;
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

interface Cursor {
  readonly move: (i: number, j: number) => void;
  readonly step: (di: number, dj: number) => void;
  readonly choose: () => void;
  readonly leave: () => void;
}

/** Arrow keys, Enter and Space; pointer and touch. */
function listen(drawing: SVGSVGElement, cursor: Cursor): void {
  const under = (event: Event): readonly [number, number] | null => {
    const group = (event.target as Element).closest<SVGGElement>('g.cell');
    return group === null ? null : [Number(group.dataset['i']), Number(group.dataset['j'])];
  };
  const to = (event: Event): boolean => {
    const place = under(event);
    if (place !== null) cursor.move(...place);
    return place !== null;
  };
  drawing.addEventListener('pointerover', to);
  drawing.addEventListener('click', (event) => {
    if (to(event)) cursor.choose();
  });
  drawing.addEventListener('pointerleave', cursor.leave);
  drawing.addEventListener('blur', cursor.leave);
  drawing.addEventListener('focus', () => {
    if (drawing.matches(':focus-visible')) cursor.step(0, 0);
  });
  drawing.addEventListener('keydown', (event) => {
    const step = STEPS[event.key];
    if (step !== undefined) cursor.step(...step);
    else if (event.key === 'Enter' || event.key === ' ') cursor.choose();
    else return;
    event.preventDefault();
  });
}

interface Place {
  readonly panel: PagePanel;
  readonly frame: Frame;
  /** The outline of the square that the pointer or the keyboard is on. */
  readonly ring: SVGRectElement;
}

/** A cursor that starts at the best cell. */
function cursorOf({ panel, frame, ring }: Place, best: PageCell | undefined, events: HeatmapEvents): Cursor {
  const cells = new Map(panel.cells.map((c) => [`${String(c.i)} ${String(c.j)}`, c]));
  let [i, j] = [best?.i ?? 0, best?.j ?? 0];
  const under = (): PageCell | undefined => cells.get(`${String(i)} ${String(j)}`);
  const clamp = (v: number, count: number): number => Math.min(count - 1, Math.max(0, v));
  const move = (toI: number, toJ: number): void => {
    [i, j] = [toI, toJ];
    outline(ring, frame, i, j);
    events.point(panel, under() ?? null, ring.getBoundingClientRect());
  };
  return {
    move,
    step: (di, dj) => move(clamp(i + di, panel.lrs.length), clamp(j + dj, panel.wds.length)),
    choose: () => {
      const cell = under();
      if (cell !== undefined) events.select(selectionOf(panel, cell));
    },
    leave: () => {
      ring.setAttribute('visibility', 'hidden');
      events.point(panel, null, null);
    },
  };
}

/** The squares, the axes, and above them `marks`. */
function drawingOf(
  panel: PagePanel,
  data: PageData,
  frame: Frame,
  marks: readonly SVGElement[],
): SVGSVGElement {
  const drawing = svg(
    'svg',
    {
      viewBox: `0 0 ${String(frame.width)} ${String(frame.height)}`,
      tabindex: 0,
      role: 'application',
      'aria-label': `Heatmap of ${panel.label}: ${data.measure.name} over learning rate and weight decay. Arrow keys move, Enter shows the cell's curves.`,
    },
    waiting(panel, frame),
    ...panel.cells.map((cell) => square(cell, frame, data)),
    axes(panel, frame),
    ...marks,
  );
  drawing.style.maxWidth = `${String(Math.min(720, frame.width * 1.5))}px`;
  return drawing;
}

/** An outline that is not shown yet. */
function outlineOf(kind: 'ring' | 'chosen', width: number): SVGRectElement {
  const mark = svg('rect', { class: kind, width: SIZE, height: SIZE, visibility: 'hidden' });
  mark.style.strokeWidth = `${String(width)}px`;
  return mark;
}

/** The best cell and how it was chosen. */
function summaryOf(panel: PagePanel, best: PageCell, { measure, chosenBy }: PageData): string {
  const at = `at lr ${panel.lrLabels[best.i]!}, wd ${panel.wdLabels[best.j]!}`;
  const error = `${shown(measure, best.error)}${measure.unit}`;
  return best.steps === undefined
    ? `best ${error} ${at}, chosen by ${chosenBy}`
    : `quickest: ${best.steps[0]} steps ${at}; error ${error} at the end`;
}

/** One panel with its heading. */
export function heatmap(panel: PagePanel, data: PageData, events: HeatmapEvents): Heatmap {
  const frame = frameOf(panel);
  const best = panel.cells.find((c) => c.rank === 1);
  const ring = outlineOf('ring', 2.5 * Math.sqrt(frame.scale));
  const chosen = outlineOf('chosen', 4 * Math.sqrt(frame.scale));
  const drawing = drawingOf(panel, data, frame, [chosen, ring]);
  listen(drawing, cursorOf({ panel, frame, ring }, best, events));
  const summary = best === undefined ? 'no finished run yet' : summaryOf(panel, best, data);
  return {
    element: html(
      'section',
      { class: 'panel' },
      html('h3', {}, panel.label),
      html('p', {}, summary),
      drawing,
    ),
    mark: (selected) => {
      const [x, y] = [panel.lrs.indexOf(selected?.lr ?? -1), panel.wds.indexOf(selected?.wd ?? -1)];
      if (selected?.label === panel.label && x >= 0 && y >= 0) outline(chosen, frame, x, y);
      else chosen.setAttribute('visibility', 'hidden');
    },
  };
}
