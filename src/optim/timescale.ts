/** The total decoupled decay of a run and its time scale: they compare runs across budgets, batch sizes and conventions. */
import type { Schedule } from '../experiment/specs.js';
import { placementOf, type Placed } from '../experiment/placement.js';
import { decayFactor, type Convention, type Rates } from './scalars.js';
import { makeSchedule, type ScheduleShape } from './schedule.js';

export interface DecayTimescale {
  /** Sum over all steps of the factor that multiplies theta: in e-folds, to first order in the factor. */
  readonly total: number;
  /**
   * tau, in epochs: after so many epochs at the schedule's full rate a weight without gradients has shrunk by a factor
   * of e (Wang & Aitchison, https://arxiv.org/abs/2405.13698). Null without decay.
   */
  readonly tau: number | null;
}

/**
 * Exact from the settings of a cell: it adds up the factors of every step. Null where no such number exists: with L2 the
 * decay passes the moments, and cautious decay takes only some weights in each step.
 *
 * tau = (sum of eta_t) / (steps per epoch * total); for `constant` decay, which no schedule changes, epochs / total.
 */
export function decayTimescale(
  rule: Placed & { readonly convention: Convention },
  rates: Rates,
  schedule: Schedule,
  shape: ScheduleShape,
): DecayTimescale | null {
  if (placementOf(rule) !== 'decoupled') return null;
  if (rates.wd === 0) return { total: 0, tau: null };
  const at = makeSchedule(schedule, shape);
  const steps = Math.round(shape.epochs * shape.stepsPerEpoch);
  let [total, full] = [0, 0];
  for (let t = 1; t <= steps; t++) {
    const { eta, cycleSteps } = at(t);
    total += decayFactor(
      rule.convention,
      { ...rates, stepsPerEpoch: shape.stepsPerEpoch },
      { t, eta, cycleSteps },
    );
    full += rule.convention === 'constant' ? 1 : eta;
  }
  return { total, tau: full / (shape.stepsPerEpoch * total) };
}
