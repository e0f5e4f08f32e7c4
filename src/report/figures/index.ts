/** All figures that the records at hand can fill, in the report's order. */
import { bestAgainstBudget } from './budget.js';
import { anytimeCurves, learningCurves } from './curves.js';
import type { Figure, FigureInput } from './figure.js';
import { heatmaps } from './heatmaps.js';
import { subjectOf } from '../subject.js';
import { ridges } from './ridge.js';
import { decayAgainstGradient, testAgainstTrain } from './scatter.js';
import { trials } from './trials.js';

export type { Figure, FigureInput } from './figure.js';
export { figureInput } from './figure.js';
export { styled } from './style.js';

/** Figures without data (no decay recorded, one budget only, ...) are left out. */
export function figuresOf(input: FigureInput): Figure[] {
  if (input.grids.length === 0) return [];
  const subject = subjectOf(input.records);
  return [
    heatmaps(input),
    trials(input),
    ridges(input),
    testAgainstTrain(input),
    learningCurves(input),
    anytimeCurves(input),
    decayAgainstGradient(input),
    bestAgainstBudget(input),
  ]
    .filter((figure) => figure !== null)
    .map((figure) => ({
      ...figure,
      spec: { title: { text: figure.title, subtitle: subject }, ...figure.spec },
    }));
}
