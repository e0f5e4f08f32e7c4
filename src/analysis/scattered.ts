/**
 * The statistics of trials that are no grid: those of a random search, or of a sampler that chooses each trial by the
 * ones before (TPE). Rows and columns do not exist there, so all that needs them has the reason `NOT_A_GRID`.
 */
import type { Grid, GridCell } from '../experiment/grid.js';
import type { Sampled, Samples } from './bootstrap.js';
import { STATISTICS } from './bootstrap.js';
import { estimate, noEstimate, RULES, widen } from './estimate.js';
import { scatteredRidge } from './quadratic.js';
import type { Best, OptimizerStatistics } from './statistics.js';

export const NOT_A_GRID =
  'The trials are not a grid: at least half of their combinations of learning rate and weight decay have no run.';

/** Trials that are listed. */
const SHOWN = 10;

/** What a grid's analysis has too, with nothing to draw from. */
export const noSamples: Samples = Object.fromEntries(
  STATISTICS.map((name): [string, Sampled] => [
    name,
    { value: NaN, deviations: new Float64Array(0), freedom: 0 },
  ]),
) as Record<(typeof STATISTICS)[number], Sampled>;

type Found = Omit<OptimizerStatistics, 'label' | 'optimizer' | 'schedule' | 'epochs' | 'runs'>;

/**
 * @param quadraticReason why the quadratic is not identifiable, if it is not
 */
export function scatteredStatistics(grid: Grid, level: number, quadraticReason: string): Found {
  const cells = grid.cells.flat();
  const known = cells.filter(({ mean }) => mean !== null);
  const none = noEstimate(NOT_A_GRID);
  const trials = known
    .toSorted((a, b) => a.mean! - b.mean! || a.lr - b.lr || a.wd - b.wd)
    .slice(0, SHOWN)
    .map(({ lr, wd, mean, sd, errors }) => ({ lr, wd, mean: mean!, sd, runs: errors.length }));
  const best: Best | null =
    trials[0] === undefined
      ? null
      : {
          ...trials[0],
          chosenBy: 'test',
          edge: false,
          diverged: 0,
          decay: null,
          tau: null,
          expected: none,
        };
  return {
    best,
    basin: { relative: none, absolute: none, cells: known.length },
    separability: {
      corrected: none,
      raw: null,
      rawConverged: null,
      cells: known.length,
      missing: cells.length - known.length,
      diverged: cells.filter(({ diverged }) => diverged > 0).length,
    },
    ridge: { slope: none, intercept: null, columns: [], used: 0, censored: 0 },
    quadratic: quadraticOf(known, level, quadraticReason),
    regret: { mean: none, fromZero: null, fromMedian: null, worst: null },
    transfer: { mean: none, worst: null, lrs: 0, octaves: [], pairs: [] },
    trials,
  };
}

/** Its interval is the t interval of the scatter about the fit. */
function quadraticOf(known: readonly GridCell[], level: number, reason: string) {
  const usable = known.filter(({ wd, status, mean }) => wd > 0 && status === 'ok' && mean! > 0);
  const fit = scatteredRidge(usable.map(({ lr, wd, mean }) => ({ lr, wd, error: mean! })));
  const sampled = { value: fit.slope, deviations: new Float64Array(0), freedom: 0 };
  const slope = widen(estimate(sampled, RULES.slope, level, reason), fit.error, fit.cells - 6, level);
  return { slope, cells: fit.cells, agrees: null };
}
