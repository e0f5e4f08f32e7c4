/**
 * Schedules: eta_t, the multiplier of the learning rate (and, by convention, of the decay), as pure functions of t.
 *
 * Time is counted in steps. t = 1 is the first step and is evaluated at progress (t-1)/T, so the first step has
 * eta 1 and the last one T-1 steps of annealing behind it (its eta is small, not 0: a step at eta 0 would be wasted).
 */
import type { Schedule } from '../experiment/specs.js';

/** How long a run is. */
export interface ScheduleShape {
  /** Epochs of the whole run, warm-up included. */
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Epochs of linear warm-up before the schedule proper; 0 for none. Fractions are allowed. */
  readonly warmup: number;
}

/** eta_t and the length of the annealing cycle that step t (counted from 1) belongs to. */
export type ScheduleFunction = (t: number) => { eta: number; cycleSteps: number };

/** Of a phase without warm-up, with steps counted from 0. */
type Phase = (step: number) => { eta: number; cycleSteps?: number };

/**
 * The schedule as a function of t = 1..T, T = epochs * stepsPerEpoch.
 *
 * - `constant` 1.
 * - `step` multiplied by `factor` from step round(at * T) + 1 on, for each `at`.
 * - `cosine` 0.5 (1 + cos(pi (t-1)/T)).
 * - `wsd` 1 at first; then, for the last D = round(decay * T) steps, 1 - p or 1 - sqrt(p), p being the share of these
 *   steps that are done: with a warm-up, warm-up-stable-decay (https://arxiv.org/abs/2404.06395,
 *   https://arxiv.org/abs/2405.18392).
 * - `warm-restarts` (SGDR, https://arxiv.org/abs/1608.03983) the same within each cycle; cycle i is T_0 T_mult^i
 *   epochs long (its ends rounded to whole steps). The last one may be cut short by the end of the run.
 *
 * Warm-up precedes: for its W = round(warmup * stepsPerEpoch) steps eta_t = t/W, then the schedule runs its whole
 * course over the T - W steps that are left.
 *
 * `cycleSteps` is what `normalized` decay is normalised by: a restart cycle's own full length (also of one that is
 * cut short; during warm-up the first cycle's), otherwise T, warm-up included.
 *
 * @throws RangeError for a run without steps, a warm-up as long as the run, a first cycle shorter than one step; and
 * from the function returned for a t that is not an integer in 1..T.
 */
export function makeSchedule(schedule: Schedule, shape: ScheduleShape): ScheduleFunction {
  const total = Math.round(shape.epochs * shape.stepsPerEpoch);
  if (!(total >= 1))
    throw new RangeError(`A run of ${total} steps cannot be scheduled: it needs at least one.`);
  const warm = Math.round(shape.warmup * shape.stepsPerEpoch);
  if (!(warm >= 0 && warm < total))
    throw new RangeError(
      `A warm-up of ${shape.warmup} epochs in a run of ${shape.epochs} leaves no step to train: shorten the warm-up or train longer.`,
    );
  const phase = phaseOf(schedule, total - warm, shape.stepsPerEpoch);
  return (t) => {
    if (!(Number.isInteger(t) && t >= 1 && t <= total))
      throw new RangeError(`Step ${t} is outside of the schedule, whose steps are 1 to ${total}.`);
    const { eta, cycleSteps = total } = phase(Math.max(0, t - 1 - warm));
    return { eta: t <= warm ? t / warm : eta, cycleSteps };
  };
}

function phaseOf(schedule: Schedule, steps: number, stepsPerEpoch: number): Phase {
  switch (schedule.name) {
    case 'constant':
      return () => ({ eta: 1 });
    case 'step': {
      const drops = schedule.at.map((fraction) => Math.round(fraction * steps));
      return (step) => ({ eta: schedule.factor ** drops.filter((drop) => step >= drop).length });
    }
    case 'cosine':
      return (step) => ({ eta: cosine(step / steps) });
    case 'wsd': {
      const stable = steps - Math.round(schedule.decay * steps);
      return (step) => {
        if (step < stable) return { eta: 1 };
        const progress = (step - stable) / (steps - stable);
        return { eta: 1 - (schedule.shape === 'linear' ? progress : Math.sqrt(progress)) };
      };
    }
    case 'warm-restarts': {
      const starts = cycleStarts(schedule.firstCycle * stepsPerEpoch, schedule.multiply, steps);
      return (step) => {
        const i = starts.findLastIndex((start) => start <= step);
        const cycleSteps = starts[i + 1]! - starts[i]!;
        return { eta: cosine((step - starts[i]!) / cycleSteps), cycleSteps };
      };
    }
  }
}

const cosine = (progress: number): number => 0.5 * (1 + Math.cos(Math.PI * progress));

/** First steps (from 0) of the cycles, until one that starts at or after `steps`. */
function cycleStarts(first: number, multiply: number, steps: number): number[] {
  if (!(first >= 1))
    throw new RangeError(
      `A first cycle of ${first} steps is shorter than one step: raise firstCycle, which is in epochs.`,
    );
  const starts = [0];
  let end = 0;
  for (let length = first; starts.at(-1)! < steps; length *= multiply) {
    end += length;
    starts.push(Math.round(end));
  }
  return starts;
}
