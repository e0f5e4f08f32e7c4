/** How long a step and an epoch take here, from a few timed steps. */
import { identityOf, useBackend } from '../../backends/index.js';
import { DataError, forSeed, loadDataset } from '../../data/index.js';
import type { Experiment } from '../../experiment/experiment.js';
import { plan, type Job } from '../../experiment/plan.js';
import { train } from '../../train/train.js';

/** Steps timed for an estimate; the warm-up steps before them are not counted. */
const timedSteps = 8;
const warmUpSteps = 3;

/** How long a step and an epoch take; undefined if the data are missing, which a note says. */
export async function timeIfDataThere(experiment: Experiment, dataDir: string | undefined) {
  try {
    return await timeSteps(experiment, dataDir);
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    console.error(`note: no estimate of the time, because it needs the data. ${error.message}`);
    return undefined;
  }
}

/** Times a few steps of the first cell. Returns the median time of one, and of an epoch with its evaluation. */
async function timeSteps(experiment: Experiment, dataDir: string | undefined) {
  const backend = await useBackend(experiment.backend, { threads: experiment.threads });
  // A plan downloads nothing.
  const where = dataDir === undefined ? {} : { dataDir };
  const files = await loadDataset(experiment.dataset, { ...where, download: false });
  const times: number[] = [];
  let last = performance.now();
  const { jobs } = plan(experiment, identityOf(backend));
  const { value: first } = jobs().next();
  const dataset = forSeed(files, experiment.dataset, first!.cell.seed);
  await train(longer(first!), dataset, {
    onBeat() {
      const now = performance.now();
      times.push((now - last) / 1000);
      last = now;
    },
    shouldStop: () => times.length >= timedSteps,
    // A device that computes behind our back is waited for after every step.
    wantsSnapshot: () => true,
  });
  const counted = times.slice(Math.min(warmUpSteps, times.length - 1)).sort((a, b) => a - b);
  const stepSeconds = counted[counted.length >> 1]!;
  const { batchSize } = experiment.train;
  // Evaluation is the forward third of a step.
  const evaluated = [dataset.test, dataset.validation].map((split) => Math.ceil((split?.n ?? 0) / batchSize));
  const stepsPerEpoch = Math.ceil(dataset.train.n / batchSize) + (evaluated[0]! + evaluated[1]!) / 3;
  return { backend: backend.name, stepSeconds, epochSeconds: stepsPerEpoch * stepSeconds };
}

/** The same cell with enough epochs for the timed steps, whatever the size of the data set. */
const longer = ({ cell }: Job): Job['cell'] => ({
  ...cell,
  epochs: Math.max(cell.epochs, timedSteps),
  warmup: 0,
});
