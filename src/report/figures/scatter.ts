/** Test error against training loss (the paper's Figure 3), and decay against the size of gradients. */
import { printable } from '../../experiment/printable.js';
import { objectiveOf, type AnyRecord } from '../../experiment/record.js';
import { capitalised } from '../measure.js';
import { soundRuns } from '../panels.js';
import { type Figure, type FigureInput, onLogScale, optimizerMarks, thin } from './figure.js';

/** Points drawn at most, over all optimizers. */
const POINTS = 3_000;

/** The fitted curves of every L2/decoupled pair, as lines. */
function fits({ decoupling, measure: { scale } }: FigureInput): object[] {
  return decoupling.comparisons
    .filter((c) => c.kind === 'decoupling')
    .flatMap((c) =>
      c.generalisation.curve.flatMap(({ trainLoss, a, b }) => [
        { optimizer: printable(c.a), loss: trainLoss, error: a * scale },
        { optimizer: printable(c.b), loss: trainLoss, error: b * scale },
      ]),
    )
    .filter((p) => p.loss > 0 && p.error > 0);
}

/** The finished runs, evenly thinned where they are very many. */
function points({ grids, measure: { scale } }: FigureInput): object[] {
  const limit = Math.max(50, Math.floor(POINTS / Math.max(1, grids.length)));
  return grids.flatMap((grid) => {
    const known = soundRuns(grid).filter((r) => (r.finalTrainLoss ?? 0) > 0 && (objectiveOf(r) ?? 0) > 0);
    return thin(known, limit).map((r) => ({
      optimizer: grid.label,
      loss: r.finalTrainLoss,
      error: objectiveOf(r)! * scale,
    }));
  });
}

/** Every finished run as a point; where statistics have curves through them, those too. */
export function testAgainstTrain(input: FigureInput): Figure | null {
  const values = points(input);
  if (values.length === 0) return null;
  const { measure } = input;
  const marks = optimizerMarks(input.grids.map((g) => g.label));
  const x = { field: 'loss', ...onLogScale('training loss, nats') };
  const y = { field: 'error', ...onLogScale(measure.axis) };
  return {
    name: 'test-error-against-training-loss',
    title: `${capitalised(measure.name)} against training loss`,
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

/** The run whose buckets stand for a label: with decay recorded, wd > 0, lowest test error. */
function decayRun(runs: readonly AnyRecord[]): AnyRecord | undefined {
  return runs
    .filter((r) => (r.decay?.length ?? 0) > 0 && r.cell.wd > 0)
    .toSorted((a, b) => (a.finalTestError ?? 1) - (b.finalTestError ?? 1))[0];
}

/** Relative shrink per step by decay against gradient magnitude; null if no run recorded it. */
export function decayAgainstGradient({ grids }: FigureInput): Figure | null {
  const values = grids.flatMap((grid) => {
    const run = decayRun(grid.cells.flat().flatMap((c) => c.runs));
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
      'Relative shrink per step caused by decay, for weights grouped by the size of their gradients, in the run of lowest test error: level when decay is decoupled, falling when it goes through Adam’s denominator.',
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
