/** A table that sorts when a column's heading is pressed, and shows long lists piece by piece. */
import type { PageTable, TableCell } from '../data.js';
import { html } from './dom.js';

export interface TableState {
  column: number | null;
  ascending: boolean;
  shown: number;
}

export const freshTable = (): TableState => ({ column: null, ascending: true, shown: 50 });

/** Numbers before text, empty values last whichever way one sorts. */
function compare(a: TableCell, b: TableCell, ascending: boolean): number {
  const [x, y] = [a[1], b[1]];
  if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
  const order = typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y));
  return ascending ? order : -order;
}

/** Draws into `place`; `choose` makes rows pressable. */
export function table(
  place: HTMLElement,
  data: PageTable,
  state: TableState,
  caption: string,
  choose?: (row: number) => void,
): void {
  const redraw = (): void => table(place, data, state, caption, choose);
  const order = data.rows.map((_, i) => i);
  const { column } = state;
  if (column !== null)
    order.sort((a, b) => compare(data.rows[a]![column]!, data.rows[b]![column]!, state.ascending));
  const head = data.columns.map(({ title, hint, numeric }, i) => {
    const sort = column !== i ? 'none' : state.ascending ? 'ascending' : 'descending';
    const button = html('button', { type: 'button', title: hint }, title);
    button.addEventListener('click', () => {
      state.ascending = column === i ? !state.ascending : true;
      state.column = i;
      redraw();
      place.querySelectorAll<HTMLButtonElement>('th button')[i]!.focus();
    });
    return html('th', { scope: 'col', 'aria-sort': sort, class: numeric ? 'number' : undefined }, button);
  });
  const body = order.slice(0, state.shown).map((index) => {
    const cells = data.rows[index]!.map(([text, , note], i) =>
      i === 0
        ? html('th', { scope: 'row' }, choose === undefined ? text : pressable(text, () => choose(index)))
        : html(
            'td',
            {
              class: data.columns[i]!.numeric ? 'number' : undefined,
              title: note,
              'data-title': data.columns[i]!.title,
            },
            text,
          ),
    );
    return html('tr', {}, ...cells);
  });
  const drawn = html(
    'table',
    {},
    html('caption', {}, caption),
    html('thead', {}, html('tr', {}, ...head)),
    html('tbody', {}, ...body),
  );
  const scroller = html(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    drawn,
  );
  place.replaceChildren(scroller);
  const notes = [...new Set(data.rows.flatMap((row) => row.flatMap(([, , note]) => note ?? [])))];
  if (notes.length > 0)
    place.append(
      html('ul', { class: 'notes' }, ...notes.slice(0, 6).map((note) => html('li', {}, `–: ${note}`))),
    );
  const left = order.length - state.shown;
  if (left <= 0) return;
  const more = html(
    'button',
    { type: 'button', class: 'more' },
    `Show ${String(Math.min(left, 250))} more of ${String(left)}`,
  );
  more.addEventListener('click', () => {
    state.shown += 250;
    redraw();
  });
  place.append(more);
}

function pressable(text: string, press: () => void): HTMLButtonElement {
  const button = html('button', { type: 'button', class: 'row' }, text);
  button.addEventListener('click', press);
  return button;
}
