/** A table that sorts when a column's heading is pressed, and shows long lists piece by piece. */
import type { PageTable, TableCell } from '../data.js';
import { html } from './dom.js';

export interface TableState {
  column: number | null;
  ascending: boolean;
  shown: number;
}

/** Rows that a press on the button below a long table adds. */
const MORE = 250;
/** Tables of more columns show their rows as cards already on a tablet. */
const WIDE = 8;

export const freshTable = (): TableState => ({ column: null, ascending: true, shown: 50 });

/** Numbers before text, empty values last whichever way one sorts. */
function compare(a: TableCell, b: TableCell, ascending: boolean): number {
  const [x, y] = [a[1], b[1]];
  if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
  const order = typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y));
  return ascending ? order : -order;
}

/** The rows' places in the order that the state asks for. */
function orderOf(rows: PageTable['rows'], { column, ascending }: TableState): number[] {
  const order = rows.map((_, i) => i);
  return column === null
    ? order
    : order.sort((a, b) => compare(rows[a]![column]!, rows[b]![column]!, ascending));
}

/** The headings. Pressing one sorts by its column, pressing it again the other way. */
function head({ columns }: PageTable, state: TableState, sort: (column: number) => void): HTMLElement {
  const cells = columns.map(({ title, hint, numeric }, i) => {
    const order = state.column !== i ? 'none' : state.ascending ? 'ascending' : 'descending';
    const button = html('button', { type: 'button', title: hint }, title);
    button.addEventListener('click', () => sort(i));
    return html('th', { scope: 'col', 'aria-sort': order, class: numeric ? 'number' : undefined }, button);
  });
  return html('thead', {}, html('tr', {}, ...cells));
}

type Choose = (row: number) => void;

/** A value, and what follows it (its interval, its spread, a remark) as a part that has a line of its own where room is scarce. */
function valueParts(text: string): (Node | string)[] {
  const at = text.search(/ [[(±]/);
  if (at < 0) return [text];
  return [text.slice(0, at), ' ', html('span', { class: 'interval' }, text.slice(at + 1))];
}

function body({ columns, rows }: PageTable, shown: readonly number[], choose?: Choose): HTMLElement {
  const cellOf = (index: number, [text, , note]: TableCell, i: number): HTMLElement => {
    if (i === 0)
      return html('th', { scope: 'row' }, choose === undefined ? text : pressable(text, () => choose(index)));
    const { numeric, title } = columns[i]!;
    const attributes = { class: numeric ? 'number' : undefined, title: note, 'data-title': title };
    return html('td', attributes, numeric ? html('span', {}, ...valueParts(text)) : text);
  };
  const drawn = shown.map((index) =>
    html('tr', {}, ...rows[index]!.map((cell, i) => cellOf(index, cell, i))),
  );
  return html('tbody', {}, ...drawn);
}

/** Why values are missing, and what the columns mean: a phone shows no tooltips. */
function explanations({ columns, rows }: PageTable): HTMLElement[] {
  const notes = [...new Set(rows.flatMap((row) => row.flatMap(([, , note]) => note ?? [])))];
  const hints = columns.flatMap(({ title, hint }) =>
    hint === undefined ? [] : [html('div', {}, html('dt', {}, title), html('dd', {}, hint))],
  );
  const list = notes.slice(0, 6).map((note) => html('li', {}, `–: ${note}`));
  return [
    ...(notes.length === 0 ? [] : [html('ul', { class: 'notes' }, ...list)]),
    ...(hints.length === 0
      ? []
      : [
          html(
            'details',
            { class: 'hints' },
            html('summary', {}, 'What the columns mean'),
            html('dl', {}, ...hints),
          ),
        ]),
  ];
}

function moreButton(left: number, press: () => void): HTMLElement {
  const text = `Show ${String(Math.min(left, MORE))} more of ${String(left)}`;
  const more = html('button', { type: 'button', class: 'more' }, text);
  more.addEventListener('click', press);
  return more;
}

/** Draws into `place`; `choose` makes rows pressable. */
export function table(
  place: HTMLElement,
  data: PageTable,
  state: TableState,
  caption: string,
  choose?: Choose,
): void {
  const redraw = (): void => table(place, data, state, caption, choose);
  const sort = (column: number): void => {
    state.ascending = state.column === column ? !state.ascending : true;
    state.column = column;
    redraw();
    place.querySelectorAll<HTMLButtonElement>('th button')[column]!.focus();
  };
  const order = orderOf(data.rows, state);
  const drawn = html(
    'table',
    { class: data.columns.length > WIDE ? 'wide' : undefined },
    html('caption', {}, caption),
    head(data, state, sort),
    body(data, order.slice(0, state.shown), choose),
  );
  const open = place.querySelector('details')?.open === true;
  place.replaceChildren(
    html('div', { class: 'scroll', role: 'region', 'aria-label': caption }, drawn),
    ...explanations(data),
  );
  if (open) place.querySelector('details')!.open = true;
  const left = order.length - state.shown;
  if (left <= 0) return;
  const more = moreButton(left, () => {
    state.shown += MORE;
    redraw();
  });
  place.append(more);
}

function pressable(text: string, press: () => void): HTMLButtonElement {
  const button = html('button', { type: 'button', class: 'row' }, text);
  button.addEventListener('click', press);
  return button;
}
