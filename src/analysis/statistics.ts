/**
 * The types of the decoupling statistics, for the report and for programs. Every value is plain JSON: in place of NaN
 * or Infinity stands null, with a sentence that says why. Definitions are in docs/statistics.md.
 */
import type { Estimate } from './interval.js';
import type { Shrinkage } from './shrinkage.js';
import type { StepsStatistics } from './stepsToGeneralise.js';

export type { Estimate } from './interval.js';

/** The grid cell of lowest mean test error. */
export interface Best {
  readonly lr: number;
  readonly wd: number;
  readonly mean: number;
  readonly sd: number | null;
  readonly runs: number;
  /** How many of them diverged. */
  readonly diverged: number;
  /** The images whose error chose this cell: those held back, or the test set itself. `mean` is its test error. */
  readonly chosenBy: 'validation' | 'test';
  /** True if the cell lies on the border of the grid: the optimum may lie outside. */
  readonly edge: boolean;
  /** Total decay of a run there in e-folds, and tau in epochs; null for L2, tau also without decay. */
  readonly decay: number | null;
  readonly tau: number | null;
  /** Expected test error of this cell for fresh seeds: `mean`, corrected for the luck of selection. */
  readonly expected: Estimate;
}

/** Shares of the grid's known cells, in [0, 1]. With enough seeds the best error is corrected for selection luck. */
export interface Basin {
  /** Within 10% of the best error. */
  readonly relative: Estimate;
  /** Within one percentage point of the best error. */
  readonly absolute: Estimate;
  /** Cells with a known mean: the denominator. */
  readonly cells: number;
}

export interface Separability {
  /** Corrected for seed noise if two or more seeds allow it; otherwise equal to `raw`, with no interval. */
  readonly corrected: Estimate;
  /** Share of the variance of log mean test error explained by f(lr) + g(wd), noise included. */
  readonly raw: number | null;
  /** `raw` over the cells in which no seed diverged. */
  readonly rawConverged: number | null;
  readonly cells: number;
  readonly missing: number;
  readonly diverged: number;
}

/**
 * The result of one lr's column of cells. `used`; `edge`: the lowest error is at the first or last positive wd;
 * `zero`: it is at wd = 0; `flat`: no minimum could be told from a constant; `few`: fewer than three cells with wd > 0
 * have a run that did not diverge.
 */
export type RidgeColumnStatus = 'used' | 'edge' | 'zero' | 'flat' | 'few';

export interface RidgeColumn {
  readonly lr: number;
  readonly status: RidgeColumnStatus;
  /** The vertex of a parabola through the cells near the lowest: below the grid's step; null unless used. */
  readonly wd: number | null;
  /** The wd of the lowest cell; noise may put it more than half a step from `wd`. Null unless used. */
  readonly lowest: number | null;
  /** Weight in the regression, summing to 1 over the used columns; 0 unless used. */
  readonly weight: number;
  /** Next to a cliff: the next wd on its side. The true optimum may lie anywhere between it and `wd`. Else null. */
  readonly cliff: number | null;
}

/** Slope of ln(argmin wd) against ln(lr): about -1 coupled, about 0 decoupled. */
export interface Ridge {
  readonly slope: Estimate;
  /** ln wd = intercept + slope * ln lr, for drawing; null with the slope. */
  readonly intercept: number | null;
  readonly columns: readonly RidgeColumn[];
  readonly used: number;
  /** Columns left out because their optimum was at an edge or at wd = 0. */
  readonly censored: number;
}

/** What is lost against the full grid by tuning lr at one fixed wd, then wd at that lr. */
export interface RegretFrom {
  /** The wd at which lr was tuned. */
  readonly startWd: number;
  readonly lr: number;
  readonly wd: number;
  readonly error: number;
  /** error - best, a share of test images. */
  readonly regret: number;
}

export interface Regret {
  /** Mean over all starting wds, expected for fresh seeds; noise may take it a little below 0. */
  readonly mean: Estimate;
  /** Started at wd = 0; null if the grid lacks it. */
  readonly fromZero: RegretFrom | null;
  /** Started at the lower median of the positive wds; null if there is none. */
  readonly fromMedian: RegretFrom | null;
  readonly worst: RegretFrom | null;
}

/** The wd that is best at `fromLr`, kept at `toLr`. */
export interface TransferPair {
  readonly fromLr: number;
  readonly toLr: number;
  /** Whole octaves between the two. */
  readonly octaves: number;
  readonly wd: number;
  /** Error of the kept wd minus that of the best one there, as observed. */
  readonly cost: number;
  /** True if the best wd at one of the two is on the border of the grid: not in the median. */
  readonly edge: boolean;
}

/** Keeping wd when lr changes by so many octaves. */
export interface OctaveCost {
  readonly octaves: number;
  /** Median over the pairs that are not marked of the mean of both directions, expected for fresh seeds. */
  readonly cost: Estimate;
  /** Pairs of learning rates, each once: those of the median, and those that are marked. */
  readonly pairs: number;
  readonly marked: number;
}

/** What it costs to tune wd at one lr and keep it at another: over all ordered pairs of lrs worth using. */
export interface Transfer {
  /** Mean over the pairs, expected for fresh seeds; noise may take it a little below 0. */
  readonly mean: Estimate;
  /** The costliest pair, as observed; null if there is none. */
  readonly worst: number | null;
  /**
   * How many learning rates are worth using: their best error is at most 1.5 times the best of all, or a point above.
   */
  readonly lrs: number;
  readonly octaves: readonly OctaveCost[];
  readonly pairs: readonly TransferPair[];
}

/** The ridge's slope from a quadratic fitted to log error within 25% of the best. */
export interface Quadratic {
  readonly slope: Estimate;
  readonly cells: number;
  /** Whether the intervals of the two slopes overlap; null if one has none. */
  readonly agrees: boolean | null;
}

/** One of the best of the trials that are no grid: the mean over its runs. */
export type Trial = Pick<Best, 'lr' | 'wd' | 'mean' | 'sd' | 'runs'>;

/** All statistics of one optimizer (one label). */
export interface OptimizerStatistics {
  readonly label: string;
  readonly optimizer: string;
  readonly schedule: string;
  readonly epochs: number;
  /** Runs with a final test error, diverged ones included. */
  readonly runs: number;
  /** Null if no cell has a result; `reason` says so. */
  readonly best: Best | null;
  readonly basin: Basin;
  readonly separability: Separability;
  readonly ridge: Ridge;
  readonly quadratic: Quadratic;
  readonly regret: Regret;
  readonly transfer: Transfer;
  /** The ten best, best first; only where the trials are no grid. Then `quadratic` is the only other statistic. */
  readonly trials?: readonly Trial[];
  readonly reason?: string;
}

/** Test error of b minus a at equal training loss, averaged over the range of losses that both reached. */
export interface Generalisation {
  /** In shares of test images; negative: b generalises better. */
  readonly difference: Estimate;
  /** difference / a's average error on that range; -0.15: b has 15% fewer errors. */
  readonly relative: Estimate;
  /** Ends of the range of training losses compared, nats; null if the two do not overlap. */
  readonly range: readonly [number, number] | null;
  readonly runs: readonly [number, number];
  /** The two fitted curves on common losses, for drawing. */
  readonly curve: readonly { readonly trainLoss: number; readonly a: number; readonly b: number }[];
}

/** Two optimizers; every difference is b minus a. If one is L2 and the other decoupled, a is the L2 one. */
export interface Comparison {
  readonly a: string;
  readonly b: string;
  /** `decoupling`: adam and adamw, or sgd and sgdw, all else (schedule, epochs) equal. */
  readonly kind: 'decoupling' | 'other';
  /** Difference of the expected errors of the best cells, a share of test images; negative: b is better. */
  readonly best: Estimate;
  /** The same relative to a's. */
  readonly bestRelative: Estimate;
  readonly basinRelative: Estimate;
  readonly basinAbsolute: Estimate;
  readonly separability: Estimate;
  readonly slope: Estimate;
  readonly regret: Estimate;
  /** Over the learning rates worth using in both. */
  readonly transfer: Estimate;
  readonly generalisation: Generalisation;
  readonly runs: readonly [number, number];
}

/** Best wd at one number of epochs. */
export interface BudgetOptimum {
  readonly epochs: number;
  /**
   * Best wd at its best lr, refined below the grid's step; without a value unless `status` is used. Next to a cliff the
   * interval reaches `cliff`.
   */
  readonly wd: Estimate;
  /** As of a column of the ridge. */
  readonly lowest: number | null;
  readonly cliff: number | null;
  /** Its time scale in epochs (src/optim/timescale.ts); without a value where the decay has none, or one for each lr. */
  readonly tau: Estimate;
  readonly status: RidgeColumnStatus;
  readonly runs: number;
}

export interface BudgetTrend {
  readonly optima: readonly BudgetOptimum[];
  /** Slope of ln(best wd) against ln(epochs); 0 if the best setting stays put. */
  readonly slope: Estimate;
  /** What it costs to tune wd at one budget and keep it at another, lr tuned at both: mean over all ordered pairs. */
  readonly transfer: Estimate;
}

/** The trend of one optimizer and schedule; `labels` are those of its budgets. */
export interface NamedBudgetTrend extends BudgetTrend {
  readonly name: string;
  readonly labels: readonly string[];
}

/** Everything, as the report reads it. */
export interface Decoupling {
  /** Confidence level of all intervals, 0.95. */
  readonly level: number;
  readonly replicates: number;
  readonly optimizers: readonly OptimizerStatistics[];
  readonly comparisons: readonly Comparison[];
  /** One for each setting that was trained at several numbers of epochs; often none. */
  readonly budgets: readonly NamedBudgetTrend[];
  /** How unevenly decay shrinks weights, for each optimizer whose runs recorded their decay; often none. */
  readonly shrinkages: readonly Shrinkage[];
  /** Present where runs are trained on equations: when they generalise. */
  readonly steps?: StepsStatistics;
  /** Present where every error in here is a loss: then nothing is a share of test images. */
  readonly measure?: 'loss';
}

export interface DecouplingOptions {
  /** Confidence level; default 0.95. */
  readonly level?: number;
  /** Bootstrap replicates; default 1000, fewer (never under 200) for grids of more than 10,000 runs. */
  readonly replicates?: number;
  /** Seed of the bootstrap; default 0. */
  readonly seed?: number;
  /** Which points `Generalisation` fits: each run's last epoch (default), or up to 20 epochs of each. */
  readonly points?: 'final' | 'epochs';
}
