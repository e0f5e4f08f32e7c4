/** Test error against training loss (the paper's Figure 3), and decay against gradient magnitude (its claim 2). */
import { budgetKey, budgetName } from '../../analysis/index.js';
import { plainText } from '../format.js';
import { bestCells } from '../grid.js';
import type { RunRecord } from '../../train/record.js';
import { type Figure, type FigureInput, LOG2_LABEL, logLabels, optimizerMarks, thin } from './figure.js';

/** Points drawn at most, over all optimizers. */
const POINTS = 3_000;

/** The fitted curves of every L2/decoupled pair, as lines. */
function fits({ decoupling }: FigureInput): object[] {
  return decoupling.comparisons
    .filter((c) => c.kind === 'decoupling')
    .flatMap((c) =>
      c.generalisation.curve.flatMap(({ trainLoss, a, b }) => [
        { optimizer: plainText(c.a), loss: trainLoss, error: a * 100 },
        { optimizer: plainText(c.b), loss: trainLoss, error: b * 100 },
      ]),
    )
    .filter((p) => p.loss > 0 && p.error > 0);
}

/** Every finished run as a point; where statistics have curves through them, those too. */
export function testAgainstTrain(input: FigureInput): Figure | null {
  const labels = input.grids.map((g) => g.label);
  const limit = Math.max(50, Math.floor(POINTS / Math.max(1, labels.length)));
  const values = input.grids.flatMap((grid) => {
    const runs = grid.cells.filter((c) => c.status === 'ok').flatMap((c) => c.runs);
    const known = runs.filter((r) => (r.finalTrainLoss ?? 0) > 0 && (r.finalTestError ?? 0) > 0);
    return thin(known, limit).map((r) => ({
      optimizer: grid.label,
      loss: r.finalTrainLoss,
      error: r.finalTestError! * 100,
    }));
  });
  if (values.length === 0) return null;
  const marks = optimizerMarks(labels);
  const x = {
    field: 'loss',
    type: 'quantitative',
    title: 'training loss, nats',
    scale: { type: 'log', nice: false, padding: 12 },
    axis: { ...logLabels, tickCount: 6 },
  };
  const y = {
    field: 'error',
    type: 'quantitative',
    title: 'test error, %',
    scale: { type: 'log', nice: false, padding: 12 },
    axis: { ...logLabels, tickCount: 6 },
  };
  return {
    name: 'test-error-against-training-loss',
    title: 'Test error against training loss',
    caption:
      'One point a run, at the end of training. Lower at the same training loss means better generalisation; lines, where drawn, are the fits compared.',
    spec: {
      width: 480,
      height: 340,
      layer: [
        {
          data: { values },
          mark: { type: 'point', size: 42, strokeWidth: 1.4, opacity: 0.65 },
          encoding: { x, y, color: marks.color, shape: marks.shape },
        },
        {
          data: { values: fits(input) },
          mark: { type: 'line', strokeWidth: 3 },
          encoding: { x, y, color: marks.color },
        },
      ],
    },
  };
}

/** The run whose buckets stand for a label: with decay recorded, wd > 0, lowest error. */
function decayRun(runs: readonly RunRecord[]): RunRecord | undefined {
  return runs
    .filter((r) => (r.decay?.length ?? 0) > 0 && r.cell.wd > 0)
    .toSorted((a, b) => (a.finalTestError ?? 1) - (b.finalTestError ?? 1))[0];
}

/** Relative shrink per step by decay against gradient magnitude; null where no run recorded it. */
export function decayAgainstGradient({ grids }: FigureInput): Figure | null {
  const values = grids.flatMap((grid) => {
    const run = decayRun(grid.cells.flatMap((c) => c.runs));
    return (run?.decay ?? [])
      .filter((b) => b.gradient > 0 && b.relativeDecay > 0)
      .map((b) => ({ optimizer: grid.label, gradient: b.gradient, decay: b.relativeDecay }));
  });
  if (values.length === 0) return null;
  const marks = optimizerMarks([...new Set(values.map((v) => v.optimizer))], { filled: true });
  const log = { scale: { type: 'log', nice: false, padding: 12 }, axis: { format: '~e', tickCount: 5 } };
  return {
    name: 'decay-against-gradient',
    title: 'How much each weight is decayed',
    caption:
      'Relative shrink per step caused by decay, for weights grouped by the size of their gradients: level when decay is decoupled, falling when it goes through Adam’s denominator.',
    spec: {
      width: 480,
      height: 300,
      data: { values },
      mark: { type: 'line', strokeWidth: 2.2, point: { size: 70, filled: true } },
      encoding: {
        x: { field: 'gradient', type: 'quantitative', title: 'root-mean-square gradient', ...log },
        y: { field: 'decay', type: 'quantitative', title: 'relative decay per step', ...log },
        color: marks.color,
        strokeDash: marks.strokeDash,
        shape: marks.shape,
      },
    },
  };
}

/** A name for each optimizer and schedule, by key; its first label behind it where others have the same name. */
function budgetNames(grids: FigureInput['grids']): Map<string, string> {
  const found = new Map<string, { readonly name: string; readonly label: string }>();
  for (const { label, cells } of grids) {
    const cell = cells.find(({ runs }) => runs.length > 0)?.runs[0]!.cell;
    if (!cell || found.has(budgetKey(cell))) continue;
    found.set(budgetKey(cell), { name: budgetName(cell), label });
  }
  const names = [...found.values()].map(({ name }) => name);
  const isShared = (name: string) => names.indexOf(name) !== names.lastIndexOf(name);
  return new Map(
    [...found].map(([key, { name, label }]) => [key, isShared(name) ? `${name} (${label})` : name]),
  );
}

/** Best wd against the budget, where the sweep has several; one line per optimizer. */
export function bestAgainstBudget({ grids }: FigureInput): Figure | null {
  const names = budgetNames(grids);
  const values = grids.flatMap((grid) => {
    const best = bestCells(grid, 1)[0];
    if (best === undefined || best.wd === 0) return [];
    const { cell } = best.runs[0]!;
    return [
      {
        optimizer: names.get(budgetKey(cell))!,
        epochs: cell.epochs,
        wd: best.wd,
        error: (best.error ?? 0) * 100,
      },
    ];
  });
  if (new Set(values.map((v) => v.epochs)).size < 2) return null;
  const marks = optimizerMarks([...new Set(values.map((v) => v.optimizer))], { filled: true });
  const all = values.map((v) => v.wd);
  const wds = [Math.min(...all) / 2, Math.max(...all) * 2];
  return {
    name: 'best-wd-against-budget',
    title: 'Best weight decay against budget',
    caption:
      'Weight decay of the best cell at each number of epochs: level when the setting transfers between budgets.',
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
          axis: { labelExpr: LOG2_LABEL, tickCount: 6 },
        },
        color: marks.color,
        strokeDash: marks.strokeDash,
        shape: marks.shape,
      },
    },
  };
}
