/** steps.csv: when the runs of each cell generalise. */
import type { CellSteps, StepsStatistics } from '../../analysis/stepsToGeneralise.js';
import { write, type Row } from './write.js';

const STEPS_COLUMNS = [
  'label', 'lr', 'wd', 'stage', 'runs', 'steps', 'generalised', 'fell_back', 'share', 'share_low', 'share_high',
  'median_to_fit', 'median', 'low', 'high', 'range_low', 'range_high', 'range_confidence', 'restricted_mean', 'each',
  'note',
] as const; // prettier-ignore

/** One row per cell, in the order of runs.csv; those of the second stage last. An empty number is beyond the last step. */
export function stepsCsv(grid: StepsStatistics, fresh: StepsStatistics | undefined): string {
  const rows = [
    ...grid.cells.map((cell) => rowOf(cell, 'grid')),
    ...(fresh?.cells ?? []).map((cell) => rowOf(cell, 'confirmation')),
  ];
  return write(rows, STEPS_COLUMNS, true);
}

const rowOf = ({ label, lr, wd, ...cell }: CellSteps, stage: string): Row => ({
  label,
  lr,
  wd,
  stage,
  runs: cell.runs.length,
  steps: cell.horizon,
  generalised: cell.generalised,
  fell_back: cell.fellBack,
  share: cell.share.value,
  share_low: cell.share.low,
  share_high: cell.share.high,
  median_to_fit: cell.fit.value,
  median: cell.steps.value,
  low: cell.steps.low,
  high: cell.steps.high,
  range_low: cell.range.low,
  range_high: cell.range.high,
  range_confidence: cell.range.confidence,
  restricted_mean: cell.restrictedMean,
  each: cell.runs
    .map(({ seed, generalise: { steps, horizon } }) => `${seed}: ${steps ?? `>${horizon}`}`)
    .join(', '),
  note: cell.steps.reason ?? null,
});
