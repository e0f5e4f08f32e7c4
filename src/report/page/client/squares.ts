/** The drawing of a heatmap panel: where its squares lie and what each looks like. */
import { squareText, type MeasureWords } from '../../measure.js';
import { scalePosition } from '../../scale.js';
import { hex, isLight, rampColor } from '../../ramp.js';
import type { PageCell, PagePanel } from '../data.js';
import { svg } from './dom.js';

/** Side of a square in the drawing's own units. */
export const SIZE = 36;

export interface Frame {
  /** Above 1 for large grids: text and marks grow with the drawing, as it is shrunk to fit. */
  readonly scale: number;
  readonly left: number;
  /** Height of the squares, without the axis below. */
  readonly floor: number;
  readonly width: number;
  readonly height: number;
  /** Squares are large enough to hold their number. */
  readonly numbers: boolean;
}

const TURNED = 5;

/** Measures of a panel's drawing. */
export function frameOf({ lrLabels, wdLabels }: PagePanel): Frame {
  const scale = Math.max(1, lrLabels.length / 13);
  const longest = wdLabels.reduce((most, l) => Math.max(most, l.length), 3);
  const left = (28 + 7 * longest) * scale;
  const floor = wdLabels.length * SIZE;
  const below = (lrLabels.some((l) => l.length > TURNED) ? 66 : 44) * scale;
  const width = left + Math.max(1, lrLabels.length) * SIZE + 2;
  return { scale, left, floor, width, height: floor + below, numbers: lrLabels.length <= 13 };
}

const corner = (frame: Frame, i: number, j: number): readonly [number, number] => [
  frame.left + i * SIZE,
  frame.floor - (j + 1) * SIZE,
];

/** Puts an outline on the square at (i, j). */
export function outline(mark: SVGRectElement, frame: Frame, i: number, j: number): void {
  const [x, y] = corner(frame, i, j);
  mark.setAttribute('x', String(x));
  mark.setAttribute('y', String(y));
  mark.setAttribute('visibility', 'visible');
}

function marks(cell: PageCell, { numbers, scale }: Frame, x: number, y: number): SVGElement[] {
  if (cell.rank === 1) {
    const star = svg(
      'text',
      { x: x + SIZE / 2, y: y + (numbers ? 11 : SIZE / 2 + 5 * scale), class: 'star' },
      '★',
    );
    star.style.fontSize = `${String(12 * scale)}px`;
    return [star];
  }
  if (cell.rank === undefined) return [];
  return [
    svg('circle', { cx: x + SIZE / 2, cy: y + (numbers ? 7 : SIZE / 2), r: Math.min(12, 2.6 * scale) }),
  ];
}

/** One cell: its colour, number and mark; a cross where a run diverged, an exclamation mark where all failed. */
export function square(
  cell: PageCell,
  frame: Frame,
  { range, measure }: { readonly range: { low: number; high: number }; readonly measure: MeasureWords },
): SVGGElement {
  const [x, y] = corner(frame, cell.i, cell.j);
  const group = svg('g', { 'data-i': cell.i, 'data-j': cell.j, class: `cell ${cell.status}` });
  const box = svg('rect', { x, y, width: SIZE, height: SIZE });
  group.append(box);
  if (cell.status !== 'ok') {
    const at = (dx: number, dy: number): string => `M${String(x + dx)},${String(y + dy)}`;
    group.append(
      svg('path', {
        d: cell.status === 'diverged' ? `${at(11, 11)}l14,14m0,-14l-14,14` : `${at(18, 9)}v12m0,4v2`,
      }),
    );
    return group;
  }
  const color = rampColor(scalePosition(cell.error!, range));
  box.setAttribute('fill', hex(color));
  group.classList.add(isLight(color) ? 'on-light' : 'on-dark');
  if (frame.numbers) {
    group.append(svg('text', { x: x + SIZE / 2, y: y + SIZE / 2 + 4 }, squareText(cell.error!, measure)));
  }
  group.append(...marks(cell, frame, x, y));
  return group;
}

/** Squares for planned cells that have no result yet. */
export function waiting(panel: PagePanel, frame: Frame): SVGElement {
  const known = new Set(panel.cells.map((c) => c.j * panel.lrs.length + c.i));
  const group = svg('g', { class: 'waiting' });
  panel.wds.forEach((_, j) =>
    panel.lrs.forEach((__, i) => {
      if (known.has(j * panel.lrs.length + i)) return;
      const [x, y] = corner(frame, i, j);
      group.append(svg('rect', { x: x + 1, y: y + 1, width: SIZE - 2, height: SIZE - 2 }));
    }),
  );
  return group;
}

/** Labels of both axes, thinned where they would touch, and the axes' names. */
export function axes({ lrLabels, wdLabels }: PagePanel, { scale, left, floor, height }: Frame): SVGElement {
  const [skipX, skipY] = [Math.ceil(lrLabels.length / 13), Math.ceil(wdLabels.length / 16)];
  const turned = lrLabels.some((l) => l.length > TURNED);
  const group = svg('g', { class: 'axes' });
  group.style.fontSize = `${String(12 * scale)}px`;
  lrLabels.forEach((label, i) => {
    if (i % skipX !== 0) return;
    const [x, y] = [left + (i + 0.5) * SIZE, floor + 15 * scale];
    const turn = turned ? { transform: `rotate(-40 ${String(x)} ${String(y)})`, class: 'end' } : {};
    group.append(svg('text', { x, y, ...turn }, label));
  });
  wdLabels.forEach((label, j) => {
    if (j % skipY !== 0) return;
    group.append(
      svg('text', { x: left - 7 * scale, y: floor - (j + 0.5) * SIZE + 4 * scale, class: 'end' }, label),
    );
  });
  group.append(
    svg(
      'text',
      { x: left + (lrLabels.length * SIZE) / 2, y: height - 5 * scale, class: 'title' },
      'learning rate',
    ),
    svg(
      'text',
      { transform: `translate(${String(11 * scale)} ${String(floor / 2)}) rotate(-90)`, class: 'title' },
      'weight decay',
    ),
  );
  return group;
}
