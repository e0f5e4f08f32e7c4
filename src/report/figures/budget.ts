/** The best weight decay against the number of epochs (the paper's appendix on normalized decay). */
import { budgetKey, budgetName } from '../../analysis/index.js';
import { bestCells, chosenBy } from '../panels.js';
import { type Figure, type FigureInput, log2Axis, optimizerMarks } from './figure.js';

/** A name for each optimizer and schedule, by key; if names collide, the first label follows. */
function budgetNames(grids: FigureInput['grids']): Map<string, string> {
  const found = new Map<string, { readonly name: string; readonly label: string }>();
  for (const { label, cells } of grids) {
    const cell = cells.flat().find(({ runs }) => runs.length > 0)?.runs[0]!.cell;
    if (!cell || 'imported' in cell || found.has(budgetKey(cell))) continue;
    found.set(budgetKey(cell), { name: budgetName(cell), label });
  }
  const names = [...found.values()].map(({ name }) => name);
  const isShared = (name: string) => names.indexOf(name) !== names.lastIndexOf(name);
  return new Map(
    [...found].map(([key, { name, label }]) => [key, isShared(name) ? `${name} (${label})` : name]),
  );
}

function bestCellsOf(grids: FigureInput['grids']) {
  const names = budgetNames(grids);
  return grids.flatMap((grid) => {
    const best = bestCells(grid, 1)[0];
    if (best === undefined || best.wd === 0) return [];
    const { cell } = best.runs[0]!;
    if ('imported' in cell) return [];
    return [
      {
        optimizer: names.get(budgetKey(cell))!,
        epochs: cell.epochs,
        wd: best.wd,
        error: (best.mean ?? 0) * 100,
      },
    ];
  });
}

/** Best wd against the budget, where the sweep has several; one line per optimizer. */
export function bestAgainstBudget({ grids, records }: FigureInput): Figure | null {
  const values = bestCellsOf(grids);
  if (new Set(values.map((v) => v.epochs)).size < 2) return null;
  const marks = optimizerMarks([...new Set(values.map((v) => v.optimizer))], { filled: true });
  const all = values.map((v) => v.wd);
  const wds = [Math.min(...all) / 2, Math.max(...all) * 2];
  return {
    name: 'best-wd-against-budget',
    title: 'Best weight decay against budget',
    caption: `Weight decay of the best cell, chosen by ${chosenBy(records)}, at each number of epochs: level when the setting transfers between budgets.`,
    spec: {
      width: 480,
      height: 300,
      data: { values },
      mark: { type: 'line', strokeWidth: 2.2, point: { size: 80, filled: true } },
      encoding: {
        x: {
          field: 'epochs',
          type: 'quantitative',
          title: 'epochs',
          scale: { type: 'log', base: 2 },
          axis: { values: [...new Set(values.map((v) => v.epochs))], format: '~g' },
        },
        y: {
          field: 'wd',
          type: 'quantitative',
          title: 'best weight decay',
          scale: { type: 'log', base: 2, nice: false, domain: wds },
          axis: log2Axis(wds, 6),
        },
        color: marks.color,
        strokeDash: marks.strokeDash,
        shape: marks.shape,
      },
    },
  };
}
