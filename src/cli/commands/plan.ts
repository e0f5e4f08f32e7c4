/** `adamw-bench plan`: the cells of an experiment, and how long they would take here. */
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { identityOf, useBackend } from '../../backends/index.js';
import { axisValues, loadExperiment, optimizerLabel, type Experiment } from '../../config/index.js';
import { loadDataset } from '../../data/index.js';
import { expand, type Job } from '../../sweep/index.js';
import { train } from '../../train/train.js';
import { exitCode } from '../exit.js';
import { elapsed, wholeNumber } from '../units.js';
import { setOption } from './run.js';

interface PlanFlags {
  readonly set: readonly string[];
  readonly dataDir?: string;
  readonly workers?: number;
  readonly time: boolean;
  readonly json?: boolean;
}

const examples = `
Examples:
  adamw-bench plan configs/cifar-cpu.yaml               cells, and an estimate from a few timed steps
  adamw-bench plan configs/cifar.yaml --no-time         cells only: needs no data

With --json, "seconds" is what the sweep takes on its workers, "workerSeconds" what all its cells take one after the
other, "stepSeconds" what one step takes.`;

/** Adds the command to the program. */
export function addPlan(program: Command, finish: (code: number) => void): void {
  program
    .command('plan')
    .description('show the cells of a configuration and estimate the time they take')
    .argument('<config>', 'YAML file')
    .addOption(setOption('override a setting (repeatable)'))
    .option('--data-dir <dir>', 'where data sets are')
    .option('-w, --workers <n>', 'worker processes (default: one per core)', wholeNumber(1))
    .option('--no-time', 'do not train a few steps for the estimate')
    .option('--json', 'print one JSON object')
    .addHelpText('after', examples)
    .action(async (config: string, flags: PlanFlags) => finish(await plan(config, flags)));
}

async function plan(config: string, flags: PlanFlags): Promise<number> {
  const experiment = loadExperiment(config, { set: flags.set });
  const seeds = experiment.train.seeds.length;
  const optimizers = experiment.optimizers.map((spec) => {
    const lr = axisValues(spec.lr ?? experiment.grid.lr);
    const wd = axisValues(spec.wd ?? experiment.grid.wd);
    return { label: optimizerLabel(spec), lr, wd, cells: lr.length * wd.length * seeds };
  });
  const cells = optimizers.reduce((sum, { cells }) => sum + cells, 0);
  const workers = Math.min(
    cells,
    flags.workers ??
      experiment.workers ??
      Math.max(1, Math.floor(availableParallelism() / experiment.threads)),
  );
  const estimate = flags.time ? await estimateSeconds(experiment, workers, flags.dataDir) : undefined;
  if (flags.json) {
    console.log(JSON.stringify({ name: experiment.name, cells, workers, optimizers, ...estimate }));
    return exitCode.ok;
  }
  console.log(`${experiment.name}: ${experiment.model.name} on ${experiment.dataset.name}`);
  for (const { label, lr, wd, cells } of optimizers) {
    console.log(
      `  ${label}: ${lr.length} lr (${range(lr)}) x ${wd.length} wd (${range(wd)}) x ${seeds} seed${seeds === 1 ? '' : 's'} = ${cells} cells`,
    );
  }
  console.log(`${cells} cells on ${workers} worker${workers === 1 ? '' : 's'}`);
  if (estimate) {
    const { backend, stepSeconds, seconds } = estimate;
    console.log(
      `about ${elapsed(seconds)} with backend ${backend} (${(stepSeconds * 1000).toFixed(1)} ms a step)`,
    );
  }
  return exitCode.ok;
}

const range = (values: readonly number[]) => {
  const show = (value: number) => Number(value.toPrecision(3)).toString();
  return values.length === 1 ? show(values[0]!) : `${show(values[0]!)} .. ${show(values.at(-1)!)}`;
};

/** Steps timed for an estimate; the first ones warm up and are not counted. */
const timedSteps = 8;
const warmUpSteps = 3;

/**
 * From a few steps of the first cell: the median time of one, the seconds that all cells take one after the other
 * (`workerSeconds`), and those that so many workers take for them side by side (`seconds`).
 */
async function estimateSeconds(experiment: Experiment, workers: number, dataDir: string | undefined) {
  const backend = await useBackend(experiment.backend, { threads: experiment.threads });
  const dataset = await loadDataset(experiment.dataset, dataDir === undefined ? {} : { dataDir });
  const jobs = expand(experiment, identityOf(backend));
  const times: number[] = [];
  let last = performance.now();
  await train(longer(jobs[0]!), dataset, {
    onBeat() {
      const now = performance.now();
      times.push((now - last) / 1000);
      last = now;
    },
    shouldStop: () => times.length >= timedSteps,
  });
  const counted = times.slice(Math.min(warmUpSteps, times.length - 1)).sort((a, b) => a - b);
  const stepSeconds = counted[counted.length >> 1]!;
  const workerSeconds = jobs.reduce((sum, { cell }) => {
    const steps = Math.ceil(dataset.train.n / cell.batchSize);
    // Evaluation is the forward third of a step.
    const evaluation = Math.ceil(dataset.test.n / cell.batchSize) / 3;
    return sum + cell.epochs * (steps + evaluation) * stepSeconds;
  }, 0);
  return { backend: backend.name, stepSeconds, workerSeconds, seconds: workerSeconds / workers };
}

/** The same cell with epochs enough for the timed steps, whatever the size of the data set. */
const longer = ({ cell }: Job): Job['cell'] => ({
  ...cell,
  epochs: Math.max(cell.epochs, timedSteps),
  warmup: 0,
});
