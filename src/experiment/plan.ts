/** From an experiment to its cells. Only here are settings resolved and cells made. */
import { axisValues } from './axis.js';
import { NUMERICS, idsOf, type Cell } from './cell.js';
import type { Experiment } from './experiment.js';
import { optimizerLabel } from './labels.js';
import { cellOptimizerOf, type OptimizerSpec } from './optimizerSpec.js';
import { placeless } from './ownData.js';
import type { Schedule } from './specs.js';

/** A cell to be trained, under the name it has in this experiment. */
export interface Job {
  readonly cell: Cell;
  readonly label: string;
}

/** One optimizer of a plan: its own settings, or else those of the experiment. */
export interface PlannedOptimizer {
  readonly label: string;
  /** Ascending. */
  readonly lrs: readonly number[];
  readonly wds: readonly number[];
  readonly schedule: Schedule;
  readonly epochs: number;
  /** How many cells it has, over all seeds. */
  readonly size: number;
  cellAt(lr: number, wd: number, seed: number): Cell;
}

/** All cells of an experiment on one backend. */
export interface Plan {
  readonly experiment: Experiment;
  /** The backend that computes: a part of every cell's identity, never `auto`. */
  readonly backend: string;
  readonly optimizers: readonly PlannedOptimizer[];
  /** How many cells there are; counting them makes none. */
  readonly size: number;
  /**
   * The cells, made one by one, seed by seed. So an interrupted sweep has whole grids of the first seeds, not all
   * seeds of the first cells. Two optimizers with overlapping grids may give the same cell twice.
   */
  jobs(): Generator<Job, void, undefined>;
}

/**
 * The plan of an experiment. Pure.
 * @param backend what will compute, resolved by the caller
 * @param numerics version of the arithmetic: today's, or that of a folder which is only read
 */
export function plan(experiment: Experiment, backend: string, numerics = NUMERICS): Plan {
  const { seeds } = experiment.train;
  const optimizers = experiment.optimizers.map((spec) => resolve(experiment, spec, { backend, numerics }));
  return {
    experiment,
    backend,
    optimizers,
    size: optimizers.reduce((sum, { size }) => sum + size, 0),
    *jobs() {
      for (const seed of seeds) {
        for (const { label, lrs, wds, cellAt } of optimizers) {
          for (const lr of lrs) for (const wd of wds) yield { label, cell: cellAt(lr, wd, seed) };
        }
      }
    },
  };
}

/** How many different cells a plan's grids have together: fewer than their sizes where grids of one rule overlap. */
export function distinctSize({ optimizers, experiment }: Pick<Plan, 'optimizers' | 'experiment'>): number {
  const byRule = new Map<string, PlannedOptimizer[]>();
  for (const one of optimizers) {
    // Of two optimizers with the same rule, cells at the same place are the same.
    const rule = one.cellAt(1, 1, 0).id;
    byRule.set(rule, [...(byRule.get(rule) ?? []), one]);
  }
  return [...byRule.values()].reduce((sum, same) => {
    if (same.length === 1) return sum + same[0]!.size;
    const places = same.flatMap(({ lrs, wds }) => lrs.flatMap((lr) => wds.map((wd) => `${lr} ${wd}`)));
    return sum + new Set(places).size * experiment.train.seeds.length;
  }, 0);
}

function resolve(
  experiment: Experiment,
  spec: OptimizerSpec,
  { backend, numerics }: Pick<Cell, 'backend' | 'numerics'>,
): PlannedOptimizer {
  const { train, model, grid, threads, xla } = experiment;
  const dataset = placeless(experiment.dataset);
  const { batchSize, warmup, recordDecay } = train;
  const optimizer = cellOptimizerOf(spec);
  const schedule = spec.schedule ?? train.schedule;
  const epochs = spec.epochs ?? train.epochs;
  const lrs = axisValues(spec.lr ?? grid.lr);
  const wds = axisValues(spec.wd ?? grid.wd);
  const shared = { numerics, dataset, model, optimizer, schedule, epochs, batchSize, warmup };
  const compiled = xla ? ({ xla } as const) : {};
  const idOf = idsOf({ ...shared, recordDecay, backend, threads, ...compiled });
  return {
    label: optimizerLabel(spec),
    lrs,
    wds,
    schedule,
    epochs,
    size: lrs.length * wds.length * train.seeds.length,
    cellAt: (lr, wd, seed) => ({
      id: idOf({ lr, wd, seed }),
      ...shared,
      recordDecay,
      lr,
      wd,
      seed,
      backend,
      threads,
      ...compiled,
    }),
  };
}
