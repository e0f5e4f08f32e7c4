/** The conventions once more, from docs/decay.md and not from src/: what a step multiplies theta by and subtracts. */
import type { Convention, Run } from '../../src/convert/index.js';
import { makeSchedule } from '../../src/optim/index.js';

interface At {
  readonly eta: number;
  readonly lr: number;
  /** Steps of the cycle. */
  readonly cycle: number;
  /** Steps of an epoch. */
  readonly epoch: number;
}

export const FACTOR: Readonly<Record<Convention, (wd: number, at: At) => number>> = {
  paper: (wd, { eta }) => eta * wd,
  lr: (wd, { eta, lr }) => eta * lr * wd,
  constant: (wd) => wd,
  normalized: (wd, { eta, cycle }) => (eta * wd) / Math.sqrt(cycle),
  timescale: (wd, { eta, epoch }) => (eta * wd) / epoch,
  corrected: (wd, { eta, lr }) => eta * (eta * lr) * wd,
};

/** The factor of every step of a run. */
export function factors(convention: Convention, { lr, wd }: { lr: number; wd: number }, run: Run): number[] {
  const { epochs, images, batchSize } = run.length!;
  const epoch = Math.ceil(images / batchSize);
  const at = makeSchedule(run.schedule, { epochs, stepsPerEpoch: epoch, warmup: run.warmup });
  return Array.from({ length: epochs * epoch }, (_, i) => {
    const { eta, cycleSteps } = at(i + 1);
    return FACTOR[convention](wd, { eta, lr, cycle: cycleSteps, epoch });
  });
}
