/** All figures that the records at hand can fill, in the report's order. */
import { bestAgainstBudget } from './budget.js';
import { anytimeCurves, learningCurves } from './curves.js';
import type { Figure, FigureInput } from './figure.js';
import { heatmaps } from './heatmaps.js';
import { subjectOf } from '../subject.js';
import { ridges } from './ridge.js';
import { stepsToGeneraliseFigure } from './steps.js';
import { decayAgainstGradient, testAgainstTrain } from './scatter.js';
import { thinGrid } from '../thinGrid.js';
import { wrap } from '../width.js';
import { trials } from './trials.js';

export type { Figure, FigureInput } from './figure.js';
export { figureInput } from './figure.js';
export { styled } from './style.js';

/** Squares in all heatmaps of a figure together, about. */
const SQUARES = 6_000;

/** Characters of a subtitle's line: Vega reckons them wider than they are, and would leave white space beside the figure. */
const LINE = 56;

/** Figures without data (no decay recorded, one budget only, ...) are left out. */
export function figuresOf(input: FigureInput): Figure[] {
  if (input.grids.length === 0) return [];
  const subject = wrap(subjectOf(input.records), LINE);
  const squares = Math.max(50, Math.floor(SQUARES / input.grids.length));
  return [
    heatmaps({ ...input, grids: input.grids.map((grid) => thinGrid(grid, squares)) }),
    trials(input),
    ridges(input),
    testAgainstTrain(input),
    learningCurves(input),
    anytimeCurves(input),
    decayAgainstGradient(input),
    bestAgainstBudget(input),
    stepsToGeneraliseFigure(input),
  ]
    .filter((figure) => figure !== null)
    .map((figure) => ({
      ...figure,
      spec: { title: { text: figure.title, subtitle: subject }, ...figure.spec },
    }));
}
