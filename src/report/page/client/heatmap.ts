/** A heatmap panel: SVG squares one can hover, click, or walk with the arrow keys. */
import { percent } from '../../format.js';
import { scalePosition } from '../../grid.js';
import { hex, isLight, rampColor, rampStops } from '../../ramp.js';
import type { PageCell, PageData, PagePanel } from '../data.js';
import { html, svg } from './dom.js';
import { type Selection, selectionOf } from './state.js';

const SIZE = 36;
const LEFT = 54;
const BOTTOM = 54;

export interface HeatmapEvents {
  readonly select: (selection: Selection) => void;
  /** The pointer or the keyboard is on a cell, or left. */
  readonly point: (panel: PagePanel, cell: PageCell | null, at: DOMRect | null) => void;
}

/** The cell in words, for tooltips and screen readers. */
export function describe(panel: PagePanel, cell: PageCell): string {
  const at = `lr ${panel.lrLabels[cell.i]!}, wd ${panel.wdLabels[cell.j]!}`;
  const runs = `${String(cell.runs)} run${cell.runs === 1 ? '' : 's'}`;
  if (cell.status === 'failed') return `${at}: failed${cell.reason === undefined ? '' : `: ${cell.reason}`}`;
  const spread = cell.sd === null ? '' : ` ± ${percent(cell.sd)}`;
  const loss = cell.trainLoss === null ? '' : `, training loss ${String(cell.trainLoss)}`;
  const diverged = cell.diverged === 0 ? '' : `, ${String(cell.diverged)} diverged`;
  return `${at}: test error ${percent(cell.error)}${spread} %${loss} (${runs}${diverged})`;
}

function square(panel: PagePanel, cell: PageCell, data: PageData, numbers: boolean): SVGGElement {
  const x = LEFT + cell.i * SIZE;
  const y = (panel.wds.length - 1 - cell.j) * SIZE;
  const group = svg('g', { 'data-i': cell.i, 'data-j': cell.j, class: `cell ${cell.status}` });
  if (cell.status !== 'ok') {
    const arm =
      cell.status === 'diverged'
        ? `M${String(x + 11)},${String(y + 11)}l14,14m0,-14l-14,14`
        : `M${String(x + 18)},${String(y + 9)}v12m0,4v2`;
    group.append(svg('rect', { x, y, width: SIZE, height: SIZE }), svg('path', { d: arm }));
    return group;
  }
  const color = rampColor(scalePosition(cell.error!, data.range));
  group.classList.add(isLight(color) ? 'on-light' : 'on-dark');
  group.append(svg('rect', { x, y, width: SIZE, height: SIZE, fill: hex(color) }));
  if (numbers) {
    const text = percent(cell.error, cell.error! >= 0.0995 ? 1 : 2);
    group.append(svg('text', { x: x + SIZE / 2, y: y + SIZE / 2 + 4 }, text));
  }
  if (cell.rank === 1)
    group.append(svg('text', { x: x + SIZE / 2, y: y + (numbers ? 11 : 23), class: 'star' }, '★'));
  else if (cell.rank !== undefined)
    group.append(svg('circle', { cx: x + SIZE / 2, cy: y + (numbers ? 7 : SIZE / 2), r: 2.6 }));
  return group;
}

function axes(panel: PagePanel): SVGElement[] {
  const { lrLabels, wdLabels } = panel;
  const height = wdLabels.length * SIZE;
  const every = (count: number, room: number): number => Math.ceil(count / room);
  const [skipX, skipY] = [every(lrLabels.length, 14), every(wdLabels.length, 20)];
  const long = lrLabels.some((l) => l.length > 5);
  const scale = Math.max(1, lrLabels.length / 14);
  const style = { 'font-size': 12 * scale };
  return [
    ...lrLabels.flatMap((label, i) => {
      const [x, y] = [LEFT + (i + 0.5) * SIZE, height + 16 * scale];
      const turned = long ? { transform: `rotate(-35 ${String(x)} ${String(y)})`, 'text-anchor': 'end' } : {};
      return i % skipX === 0 ? [svg('text', { x, y, ...style, ...turned }, label)] : [];
    }),
    ...wdLabels.flatMap((label, j) =>
      j % skipY === 0
        ? [svg('text', { x: LEFT - 7, y: height - (j + 0.5) * SIZE + 4, class: 'end', ...style }, label)]
        : [],
    ),
    svg(
      'text',
      {
        x: LEFT + (lrLabels.length * SIZE) / 2,
        y: height + BOTTOM - 8 + (scale - 1) * 30,
        class: 'title',
        ...style,
      },
      'learning rate',
    ),
    svg(
      'text',
      { transform: `translate(12 ${String(height / 2)}) rotate(-90)`, class: 'title', ...style },
      'weight decay',
    ),
  ];
}

/** Squares for planned cells that have no result yet. */
function waiting(panel: PagePanel): SVGElement {
  const known = new Set(panel.cells.map((c) => c.j * panel.lrs.length + c.i));
  const group = svg('g', { class: 'waiting' });
  panel.wds.forEach((_, j) =>
    panel.lrs.forEach((__, i) => {
      if (known.has(j * panel.lrs.length + i)) return;
      group.append(
        svg('rect', {
          x: LEFT + i * SIZE + 1,
          y: (panel.wds.length - 1 - j) * SIZE + 1,
          width: SIZE - 2,
          height: SIZE - 2,
        }),
      );
    }),
  );
  return group;
}

function keyboard(
  drawing: SVGSVGElement,
  panel: PagePanel,
  move: (i: number, j: number) => void,
  choose: () => void,
): void {
  const steps: Record<string, readonly [number, number]> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, 1],
    ArrowDown: [0, -1],
  };
  drawing.addEventListener('keydown', (event) => {
    const step = steps[event.key];
    if (step === undefined && event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    if (step === undefined) choose();
    else move(step[0], step[1]);
  });
  drawing.addEventListener('focus', () => panel.cells.length > 0 && move(0, 0));
}

/** One panel with its heading. `selected` is outlined. */
export function heatmap(
  panel: PagePanel,
  data: PageData,
  selected: Selection | null,
  events: HeatmapEvents,
): HTMLElement {
  const [width, height] = [
    LEFT + panel.lrs.length * SIZE + 2,
    panel.wds.length * SIZE + BOTTOM + Math.max(0, panel.lrs.length / 14 - 1) * 40,
  ];
  const cells = new Map(panel.cells.map((c) => [`${String(c.i)} ${String(c.j)}`, c]));
  const numbers = panel.lrs.length <= 13;
  const best = panel.cells.find((c) => c.rank === 1);
  const ring = svg('rect', { class: 'ring', width: SIZE, height: SIZE, visibility: 'hidden' });
  const chosen = svg('rect', { class: 'chosen', width: SIZE, height: SIZE, visibility: 'hidden' });
  const drawing = svg(
    'svg',
    { viewBox: `0 0 ${String(width)} ${String(height)}`, tabindex: 0, role: 'application', 'aria-label': `Heatmap of ${panel.label}: test error over learning rate and weight decay. Arrow keys move, Enter shows the cell's curves.` },
    waiting(panel),
    ...panel.cells.map((cell) => square(panel, cell, data, numbers)),
    ...axes(panel),
    chosen,
    ring,
  ); // prettier-ignore
  drawing.style.maxWidth = `${String(Math.min(760, Math.max(300, width * 1.15)))}px`;
  const put = (mark: SVGRectElement, i: number, j: number): void => {
    mark.setAttribute('x', String(LEFT + i * SIZE));
    mark.setAttribute('y', String((panel.wds.length - 1 - j) * SIZE));
    mark.setAttribute('visibility', 'visible');
  };
  let at: readonly [number, number] = [best?.i ?? 0, best?.j ?? 0];
  const point = (i: number, j: number): void => {
    at = [i, j];
    put(ring, i, j);
    events.point(panel, cells.get(`${String(i)} ${String(j)}`) ?? null, ring.getBoundingClientRect());
  };
  const choose = (): void => {
    const cell = cells.get(`${String(at[0])} ${String(at[1])}`);
    if (cell !== undefined) events.select(selectionOf(panel, cell));
  };
  const under = (event: Event): readonly [number, number] | null => {
    const group = (event.target as Element).closest<SVGGElement>('g.cell');
    return group === null ? null : [Number(group.dataset['i']), Number(group.dataset['j'])];
  };
  const leave = (): void => {
    ring.setAttribute('visibility', 'hidden');
    events.point(panel, null, null);
  };
  drawing.addEventListener('pointerover', (event) => {
    const place = under(event);
    if (place !== null) point(...place);
  });
  drawing.addEventListener('pointerleave', leave);
  drawing.addEventListener('blur', leave);
  drawing.addEventListener('click', (event) => {
    const place = under(event);
    if (place === null) return;
    at = place;
    choose();
  });
  const clamp = (v: number, count: number): number => Math.min(count - 1, Math.max(0, v));
  keyboard(
    drawing,
    panel,
    (di, dj) => point(clamp(at[0] + di, panel.lrs.length), clamp(at[1] + dj, panel.wds.length)),
    choose,
  );
  if (selected?.label === panel.label) {
    const [i, j] = [panel.lrs.indexOf(selected.lr), panel.wds.indexOf(selected.wd)];
    if (i >= 0 && j >= 0) put(chosen, i, j);
  }
  const summary =
    best === undefined
      ? 'no finished run yet'
      : `best ${percent(best.error)} % at lr ${panel.lrLabels[best.i]!}, wd ${panel.wdLabels[best.j]!}`;
  return html('section', { class: 'panel' }, html('h3', {}, panel.label), html('p', {}, summary), drawing);
}

/** The colour bar under the panels. */
export function legend(data: PageData): HTMLElement {
  const bar = html('span', { class: 'bar', 'aria-hidden': 'true' });
  bar.style.background = `linear-gradient(to right, ${rampStops().join(',')})`;
  const ends = [`${percent(data.range.low)} %`, `${percent(data.range.high)} % test error`] as const;
  return html(
    'p',
    { class: 'legend' },
    html('span', {}, ends[0]),
    bar,
    html('span', {}, ends[1]),
    html('span', { class: 'key' }, '★ best · • ten best · ✕ diverged'),
  );
}
