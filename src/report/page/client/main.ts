/**
 * The report page's script: draws the data that the page carries and, when served live, redraws as runs finish.
 * No dependencies, no network but the page's own server in live mode.
 */
import { shortNumber } from '../../format.js';
import { capitalised, shown } from '../../measure.js';
import type { PageCell, PageData, PagePanel, PageTable } from '../data.js';
import { detail } from './detail.js';
import { byId, html } from './dom.js';
import { describe, type Heatmap, heatmap } from './heatmap.js';
import { legend } from './legend.js';
import { follow } from './live.js';
import { bestOf, type Selection, selectionOf } from './state.js';
import { freshTable, table } from './table.js';

const states = {
  statistics: freshTable(),
  differences: freshTable(),
  cells: { ...freshTable(), column: 3 },
  comparison: freshTable(),
};
let data = JSON.parse(byId('data').textContent) as PageData;
let chosen: Selection | null = null;
let heatmaps: Heatmap[] = [];

const selection = (): Selection | null => chosen ?? bestOf(data);

function pointAt(panel: PagePanel, cell: PageCell | null, at: DOMRect | null): void {
  const tip = byId('tip');
  tip.hidden = cell === null || at === null;
  if (cell === null || at === null) return;
  tip.textContent = describe(panel, cell, data.measure);
  const width = Math.min(300, document.documentElement.clientWidth - 16);
  tip.style.maxWidth = `${String(width)}px`;
  const left = at.left + at.width / 2 - tip.offsetWidth / 2;
  tip.style.left = `${String(Math.max(8, Math.min(left, document.documentElement.clientWidth - tip.offsetWidth - 8)))}px`;
  const above = at.top - tip.offsetHeight - 8;
  tip.style.top = `${String(above < 4 ? at.bottom + 8 : above)}px`;
}

function select(next: Selection): void {
  chosen = next;
  drawSelection();
}

function drawSelection(): void {
  for (const { mark } of heatmaps) mark(selection());
  detail(byId('detail'), data, selection());
}

function drawHeatmaps(): void {
  const place = byId('heatmaps');
  const focused = [...place.querySelectorAll('svg')].indexOf(document.activeElement as SVGSVGElement);
  heatmaps = data.panels
    .filter(({ scattered }) => !scattered)
    .map((panel) => heatmap(panel, data, { select, point: pointAt }));
  const scattered = data.panels.filter((panel) => panel.scattered);
  place.replaceChildren(
    ...heatmaps.map((h) => h.element),
    ...scattered.map(({ label }) =>
      html(
        'p',
        {},
        `The trials of ${label} are not a grid: they are under Figures and in the table of cells.`,
      ),
    ),
  );
  place.querySelectorAll('svg')[focused]?.focus({ preventScroll: true });
  byId('legend').replaceChildren(...(heatmaps.length > 0 ? [legend(data)] : []));
}

/** Every cell of every optimizer as a row, and how to find it again. */
function cellTable(): { table: PageTable; at: Selection[] } {
  const all = data.panels.flatMap((panel) => panel.cells.map((cell) => ({ panel, cell })));
  const numeric = (title: string) => ({ title, numeric: true });
  const counted = all.some(({ cell }) => cell.steps !== undefined);
  const ofText = all.some(({ cell }) => cell.bits !== undefined);
  return {
    at: all.map(({ panel, cell }) => selectionOf(panel, cell)),
    table: {
      columns: [
        { title: 'Optimizer', numeric: false },
        ...['lr', 'wd', ...(counted ? ['Steps'] : []), capitalised(data.measure.axis), '± sd'].map(numeric),
        ...[...(ofText ? ['Bits per character'] : []), 'Training loss', 'Runs'].map(numeric),
        { title: 'Status', numeric: false },
      ],
      rows: all.map(({ panel, cell }) => [
        [panel.label, panel.label],
        [shortNumber(panel.lrs[cell.i]!), panel.lrs[cell.i]!],
        [shortNumber(panel.wds[cell.j]!), panel.wds[cell.j]!],
        ...(counted ? [cell.steps ?? (['–', null] as const)] : []),
        [shown(data.measure, cell.error), cell.error],
        [shown(data.measure, cell.sd), cell.sd],
        ...(ofText ? [[cell.bits === undefined ? '–' : String(cell.bits), cell.bits ?? null] as const] : []),
        [cell.trainLoss === null ? '–' : String(cell.trainLoss), cell.trainLoss],
        [String(cell.runs), cell.runs],
        [cell.status, cell.status],
      ]),
    },
  };
}

function drawTables(): void {
  const cells = cellTable();
  table(byId('cells'), cells.table, states.cells, 'All cells', (row) => {
    select(cells.at[row]!);
    byId('detail').scrollIntoView({ block: 'nearest' });
  });
  const { name } = data.measure;
  const reported = data.chosenBy === name ? '' : `, reported by ${name}`;
  const counted = data.panels.some(({ cells }) => cells.some(({ steps }) => steps !== undefined));
  const chosen = counted
    ? `The first columns are of the cell that generalises first, the others, from “Best error” on, of the ${name} at the end`
    : `Best cells chosen by ${data.chosenBy}${reported}`;
  table(
    byId('statistics'),
    data.statistics,
    states.statistics,
    `Statistics by optimizer, with intervals. ${chosen}.`,
  );
  const differences = byId('differences');
  differences.hidden = data.differences.rows.length === 0;
  table(
    differences,
    data.differences,
    states.differences,
    'Differences between optimizers, second minus first',
  );
  const comparison = document.getElementById('comparison');
  if (comparison !== null && data.comparison !== undefined)
    table(comparison, data.comparison, states.comparison, 'The two results, cell by cell');
}

function draw(): void {
  byId('facts').replaceChildren(...data.facts.map((fact) => html('li', {}, fact)));
  byId('verdict').replaceChildren(...data.verdict.map((sentence) => html('p', {}, sentence)));
  if (data.progress !== null) {
    const { done, total } = data.progress;
    byId('progress').textContent = `${String(done)} of ${String(total)} runs`;
  }
  drawHeatmaps();
  drawSelection();
  drawTables();
}

function copyButton(): void {
  const button = document.getElementById('copy');
  button?.addEventListener('click', () => {
    const said = (text: string) => () => void (button.textContent = text);
    navigator.clipboard
      .writeText(byId('command').textContent)
      .then(said('Copied'), said('Select the text to copy it'));
  });
}

addEventListener('keydown', (event) => {
  if (event.key === 'Escape') byId('tip').hidden = true;
});
copyButton();
draw();
if (document.body.dataset['live'] !== undefined)
  follow((fresh) => {
    data = fresh;
    draw();
  });
