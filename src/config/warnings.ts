/** What a valid experiment's author should know before it runs. */
import { cellCount } from '../experiment/size.js';
import type { Experiment } from '../experiment/experiment.js';
import type { Schedule } from '../experiment/specs.js';

/** More cells than this are said aloud. */
const MANY_CELLS = 100_000;

/** Sentences for the user; none if there is nothing to say. */
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
  // A cycle of a thousandth of an epoch that does not grow is not worth walking to its end.
  for (let i = 0; end < epochs - 1e-9 && i < 10_000; i++) {
    cycle *= schedule.multiply;
    end += cycle;
  }
  return Math.abs(end - epochs) > 1e-9;
}
