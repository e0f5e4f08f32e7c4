/** The chosen cell: its numbers, and its curves beside the best cell of each optimizer. */
import { shortNumber } from '../../format.js';
import { shown, type MeasureWords } from '../../measure.js';
import type { PageCell, PageData, PagePanel } from '../data.js';
import { lineChart, type Series, seriesLegend } from './chart.js';
import { html } from './dom.js';
import { find, type Selection } from './state.js';

function numbers(panel: PagePanel, cell: PageCell, measure: MeasureWords): HTMLElement {
  const spread = cell.sd === null ? '' : ` ± ${shown(measure, cell.sd)}`;
  const rows: (readonly [string, string])[] = [
    [measure.name, cell.error === null ? 'none' : `${shown(measure, cell.error)}${spread}${measure.unit}`],
    ...(cell.steps === undefined ? [] : [['steps to generalise', cell.steps[0]] as const]),
    ['training loss', cell.trainLoss === null ? 'none' : String(cell.trainLoss)],
    ...(cell.bits === undefined ? [] : [['bits per character', String(cell.bits)] as const]),
    ['learning rate', shortNumber(panel.lrs[cell.i]!)],
    ['weight decay', shortNumber(panel.wds[cell.j]!)],
    [
      'runs',
      cell.diverged === 0 ? String(cell.runs) : `${String(cell.runs)}, ${String(cell.diverged)} diverged`,
    ],
    ...(cell.reason === undefined ? [] : [['why', cell.reason] as const]),
  ];
  return html(
    'dl',
    {},
    ...rows.map(([name, value]) => html('div', {}, html('dt', {}, name), html('dd', {}, value))),
  );
}

/** Draws into `pane`; with nothing to draw it says what to do. */
export function detail(pane: HTMLElement, data: PageData, selection: Selection | null): void {
  const found = find(data, selection);
  if (found === null) {
    pane.replaceChildren(html('p', {}, 'No run has finished yet.'));
    return;
  }
  const { panel, cell } = found;
  const bests = data.panels.flatMap((p) =>
    p.cells.filter((c) => c.rank === 1 && c !== cell).map((c) => ({ p, c })),
  );
  const pick = (which: 1 | 2, scale: number): Series[] => {
    const of = (c: PageCell, name: string, style: number): Series[] =>
      c.curve === undefined ? [] : [{ name, x: c.curve[0], y: c.curve[which].map((v) => v * scale), style }];
    return [
      ...of(cell, 'this cell', 0),
      ...bests.slice(0, 6).flatMap(({ p, c }, i) => of(c, `best of ${p.label}`, i + 1)),
    ];
  };
  const errors = pick(1, data.measure.scale);
  pane.replaceChildren(
    html('h3', {}, `${panel.label} at lr ${panel.lrLabels[cell.i]!}, wd ${panel.wdLabels[cell.j]!}`),
    numbers(panel, cell, data.measure),
    // Imported runs have no curves.
    ...(errors.length === 0
      ? []
      : [
          html(
            'div',
            { class: 'charts' },
            lineChart(data.measure.axis, errors),
            lineChart('training loss, nats', pick(2, 1)),
          ),
          seriesLegend(errors),
        ]),
  );
}
