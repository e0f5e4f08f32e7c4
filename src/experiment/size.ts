/** How large an experiment is, without making any of its cells. */
import { axisLength } from './axis.js';
import type { Endpoint } from './endpoints.js';
import type { OptimizerSpec } from './optimizerSpec.js';
import type { DatasetSpec, GridSpec, ModelSpec, TrainSpec } from './specs.js';

/** The sections of an experiment that must fit to each other. */
export interface Sections {
  readonly dataset: DatasetSpec;
  readonly model: ModelSpec;
  readonly train: TrainSpec;
  readonly optimizers: readonly OptimizerSpec[];
  readonly grid: GridSpec;
  /** What computes, as configurations name it. */
  readonly backend: string;
  readonly xla?: boolean | undefined;
  readonly confirm?: object | undefined;
  readonly endpoints?: readonly Endpoint[] | undefined;
}

/** More cells than this are refused: each takes memory before any is trained. */
export const MAX_CELLS = 1_000_000;

/** How many cells (optimizer x lr x wd x seed) the experiment has. Only multiplies: no cell or value is made. */
export function cellCount({ optimizers, grid, train }: Sections): number {
  const perSeed = optimizers.map((o) => axisLength(o.lr ?? grid.lr) * axisLength(o.wd ?? grid.wd));
  return perSeed.reduce((sum, n) => sum + n, 0) * train.seeds.length;
}
