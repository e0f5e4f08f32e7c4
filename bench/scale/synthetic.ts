/** Sweeps of any size, and records of their cells, without training. */
import type { Job } from '../../src/experiment/plan.js';
import type { RunRecord } from '../../src/experiment/record.js';

const epochs = 3;
const learningRates = 25;
const decays = 20;
const optimizers = ['adam', 'adamw'];

/** Settings of an experiment with at least that many cells: two optimizers, a grid of 25 x 20, seeds to fill. */
export const experimentOf = (cells: number) =>
  settings(learningRates, decays, Math.ceil(cells / (optimizers.length * learningRates * decays)));

/** The same with one seed: the grid is as wide and high as the cells need. */
export function wideExperimentOf(cells: number) {
  const side = Math.ceil(Math.sqrt(cells / optimizers.length));
  return settings(side, side, 1);
}

function settings(lrs: number, wds: number, seeds: number) {
  return {
    name: 'scale',
    dataset: { name: 'synthetic-mnist', train: 64, test: 16 },
    model: { name: 'mlp', hidden: [4] },
    train: { epochs, batchSize: 16, seeds: Array.from({ length: Math.max(1, seeds) }, (_, seed) => seed) },
    optimizers,
    grid: {
      lr: { logspace: { from: -13, to: -1, steps: lrs } },
      wd: { logspace: { from: -15, to: -1, steps: wds } },
    },
    backend: 'cpu',
  };
}

/** Reproducible noise in [0, 1). */
function noise(key: number): number {
  const x = Math.sin(key * 12.9898 + 4.1414) * 43758.5453;
  return x - Math.floor(x);
}

/** A record as training leaves it: a bowl in log2 of lr and wd, noise by seed. */
export function recordOf({ cell, label }: Job): RunRecord {
  const [x, y] = [Math.log2(cell.lr) + 7, Math.log2(cell.wd) + 8];
  const error = Math.min(0.9, 0.05 + 0.002 * (x * x + y * y) + 0.01 * noise(cell.seed + x + 31 * y));
  const metrics = Array.from({ length: epochs }, (_, i) => {
    const left = (0.3 * (epochs - 1 - i)) / epochs;
    return {
      epoch: i + 1,
      lr: cell.lr * (1 - (i + 1) / epochs),
      trainLoss: 3 * error + left,
      trainError: Math.min(0.9, error + left / 3),
      testLoss: 3.2 * error + left,
      testError: Math.min(0.9, error + left / 3),
      thetaNorm: 10 + left,
      imagesPerSecond: 2400,
      seconds: 0.5,
    };
  });
  return {
    cell,
    label,
    status: 'ok',
    epochs: metrics,
    finalTestError: metrics.at(-1)!.testError,
    finalTrainLoss: metrics.at(-1)!.trainLoss,
    attempts: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    seconds: 1.5,
    peakMemory: 1e8,
  };
}
