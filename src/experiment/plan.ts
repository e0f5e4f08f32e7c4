/** From an experiment to its cells: every optimizer's lr x wd grid, once per seed. */
import { axisValues } from './axis.js';
import { optimizerLabel } from './labels.js';
import type { Experiment, OptimizerSpec } from './schema.js';
import { NUMERICS, idsOf, type Cell } from './cell.js';
import { inSlices } from '../runner/slices.js';

/** A cell to be trained, under the name it has in this experiment. */
export interface Job {
  readonly cell: Cell;
  readonly label: string;
}

/**
 * The experiment's cells, one by one, seed by seed, so that an interrupted sweep has whole grids of the first seeds
 * rather than all seeds of the first cells.
 * @param backend what will compute, resolved (never `auto`): part of a result's identity
 */
export function* cellsOf(experiment: Experiment, backend: string): Generator<Job, void, undefined> {
  const grids = experiment.optimizers.map((spec) => gridOf(experiment, spec, backend));
  for (const seed of experiment.train.seeds) {
    for (const { label, lrs, wds, cellAt } of grids) {
      for (const lr of lrs) for (const wd of wds) yield { label, cell: cellAt(lr, wd, seed) };
    }
  }
}

/** All of `cellsOf` at once: for small experiments, as it lets nothing else run meanwhile. */
export const expand = (experiment: Experiment, backend: string): Job[] => [...cellsOf(experiment, backend)];

/**
 * All of `cellsOf`, made in slices, between which signals and timers are heard.
 * @throws the signal's reason once it aborts
 */
export async function expandInSlices(
  experiment: Experiment,
  backend: string,
  signal?: AbortSignal,
): Promise<Job[]> {
  const jobs: Job[] = [];
  await inSlices(cellsOf(experiment, backend), (job) => jobs.push(job), signal);
  return jobs;
}

/** One optimizer's axes, and the cell at a point of its grid. */
function gridOf(experiment: Experiment, spec: OptimizerSpec, backend: string) {
  const { train, dataset, model, grid, threads } = experiment;
  const { batchSize, warmup, recordDecay } = train;
  const optimizer = ruleOf(spec);
  const schedule = spec.schedule ?? train.schedule;
  const epochs = spec.epochs ?? train.epochs;
  const shared = { numerics: NUMERICS, dataset, model, optimizer, schedule, epochs, batchSize, warmup };
  const idOf = idsOf({ ...shared, recordDecay, backend, threads });
  return {
    label: optimizerLabel(spec),
    lrs: axisValues(spec.lr ?? grid.lr),
    wds: axisValues(spec.wd ?? grid.wd),
    cellAt: (lr: number, wd: number, seed: number): Cell => ({
      id: idOf({ lr, wd, seed }),
      ...shared,
      recordDecay,
      lr,
      wd,
      seed,
      backend,
      threads,
    }),
  };
}

/** The part of an optimizer's specification that decides its arithmetic. */
function ruleOf(spec: OptimizerSpec): Cell['optimizer'] {
  const { name, beta1, beta2, eps, epsForm, momentumForm, convention, exclude } = spec;
  return { name, beta1, beta2, eps, epsForm, momentumForm, convention, exclude };
}
