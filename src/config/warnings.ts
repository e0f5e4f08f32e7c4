/** Warnings about a valid experiment, before it runs. */
import { cellCount } from '../experiment/size.js';
import type { Experiment } from '../experiment/experiment.js';
import type { Schedule } from '../experiment/specs.js';

/** Above this many cells there is a warning. */
const MANY_CELLS = 100_000;

export function experimentWarnings(experiment: Experiment): string[] {
  const warnings: string[] = [];
  const cells = cellCount(experiment);
  if (cells >= MANY_CELLS) {
    warnings.push(
      `This is a sweep of ${cells.toLocaleString('en')} cells; \`adamw-bench plan\` estimates its time.`,
    );
  }
  const { train } = experiment;
  const cut = experiment.optimizers.some(({ schedule, epochs }) =>
    endsMidCycle(schedule ?? train.schedule, (epochs ?? train.epochs) - train.warmup),
  );
  if (cut)
    warnings.push('A warm-restart schedule ends in mid-cycle: its last learning rate is not near zero.');
  return warnings;
}

function endsMidCycle(schedule: Schedule, epochs: number): boolean {
  if (schedule.name !== 'warm-restarts') return false;
  let [cycle, end] = [schedule.firstCycle, schedule.firstCycle];
  // Very short cycles that do not grow would take too many iterations.
  for (let i = 0; end < epochs - 1e-9 && i < 10_000; i++) {
    cycle *= schedule.multiply;
    end += cycle;
  }
  return Math.abs(end - epochs) > 1e-9;
}
