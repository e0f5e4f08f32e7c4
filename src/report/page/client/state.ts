/** The selection, and its listeners. */
import type { PageCell, PageData, PagePanel } from '../data.js';

/** A cell by its place, which survives a live update. */
export interface Selection {
  readonly label: string;
  readonly lr: number;
  readonly wd: number;
}

export interface Found {
  readonly panel: PagePanel;
  readonly cell: PageCell;
}

export function find(data: PageData, selection: Selection | null): Found | null {
  if (selection === null) return null;
  const panel = data.panels.find((p) => p.label === selection.label);
  const cell = panel?.cells.find((c) => panel.lrs[c.i] === selection.lr && panel.wds[c.j] === selection.wd);
  return panel === undefined || cell === undefined ? null : { panel, cell };
}

export const selectionOf = (panel: PagePanel, cell: PageCell): Selection => ({
  label: panel.label,
  lr: panel.lrs[cell.i]!,
  wd: panel.wds[cell.j]!,
});

/** The best cell of all: what is selected until someone chooses. */
export function bestOf(data: PageData): Selection | null {
  const firsts = data.panels.flatMap((panel) =>
    panel.cells.filter((c) => c.rank === 1).map((cell) => ({ panel, cell })),
  );
  const best = firsts.toSorted((a, b) => a.cell.error! - b.cell.error!)[0];
  return best === undefined ? null : selectionOf(best.panel, best.cell);
}
