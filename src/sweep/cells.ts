/** From an experiment to its cells: every optimizer's lr x wd grid, once per seed. */
import { axisValues } from '../config/grid.js';
import { optimizerLabel } from '../config/labels.js';
import type { Experiment, OptimizerSpec } from '../config/schema.js';
import { NUMERICS, identify, type Cell } from '../train/cell.js';

/** A cell to be trained, under the name it has in this experiment. */
export interface Job {
  readonly cell: Cell;
  readonly label: string;
}

/**
 * The experiment's cells, seed by seed, so that an interrupted sweep has whole grids of the first seeds rather than
 * all seeds of the first cells.
 * @param backend what will compute, resolved (never `auto`): part of a result's identity
 */
export function expand(experiment: Experiment, backend: string): Job[] {
  const { train, dataset, model, grid, threads } = experiment;
  return train.seeds.flatMap((seed) =>
    experiment.optimizers.flatMap((spec) => {
      const { lr: ownLr, wd: ownWd, schedule, epochs } = spec;
      const optimizer = ruleOf(spec);
      return axisValues(ownLr ?? grid.lr).flatMap((lr) =>
        axisValues(ownWd ?? grid.wd).map((wd) => ({
          label: optimizerLabel(spec),
          cell: identify({
            numerics: NUMERICS,
            dataset,
            model,
            optimizer,
            schedule: schedule ?? train.schedule,
            epochs: epochs ?? train.epochs,
            batchSize: train.batchSize,
            warmup: train.warmup,
            recordDecay: train.recordDecay,
            lr,
            wd,
            seed,
            backend,
            threads,
          }),
        })),
      );
    }),
  );
}

/** The part of an optimizer's specification that decides its arithmetic. */
function ruleOf(spec: OptimizerSpec): Cell['optimizer'] {
  const { name, beta1, beta2, eps, epsForm, momentumForm, convention, exclude } = spec;
  return { name, beta1, beta2, eps, epsForm, momentumForm, convention, exclude };
}
