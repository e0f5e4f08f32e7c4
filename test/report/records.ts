/**
 * Records as a real sweep leaves them, without training: L2 optimizers have a diagonal ridge (only lr*wd matters),
 * decoupled ones a basin, large rates diverge. For tests and benchmarks of the report only.
 */
import type { Cell } from '../../src/experiment/cell.js';
import type { EpochMetrics, RunRecord } from '../../src/experiment/record.js';
import { ruleOf } from '../experiment/rule.js';

export interface SurfaceOptions {
  readonly labels?: readonly string[];
  readonly lrs?: readonly number[];
  readonly wds?: readonly number[];
  readonly seeds?: readonly number[];
  readonly epochs?: number;
  readonly decay?: boolean;
}

/** `count` powers of two from 2^from, after a 0 where asked. */
export const powers = (from: number, count: number, zero = false): number[] => [
  ...(zero ? [0] : []),
  ...Array.from({ length: count }, (_, i) => 2 ** (from + i)),
];

/** Small reproducible noise in [-1, 1], so that records are the same in every run. */
function noise(...keys: number[]): number {
  const x = Math.sin(keys.reduce((sum, k, i) => sum + k * (12.9898 + 65.13 * i), 0.7)) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
}

/** Test error at (log2 lr, log2 wd): a ridge of slope -1, or an axis-aligned bowl. */
export function surface(decoupled: boolean, lr: number, wd: number): number {
  const x = Math.log2(lr) + 9;
  if (wd === 0) return 0.09 + 0.004 * x * x;
  const y = Math.log2(wd) + 11;
  const bend = decoupled ? 0.0022 * x * x + 0.0025 * y * y : 0.0045 * (x + y) ** 2 + 0.0012 * x * x;
  return Math.min(0.9, (decoupled ? 0.052 : 0.058) + bend);
}

function curve(final: number, trainLoss: number, lr: number, epochs: number, seed: number): EpochMetrics[] {
  return Array.from({ length: epochs }, (_, i) => {
    const left = Math.exp((-5 * (i + 1)) / epochs) - Math.exp(-5);
    const wobble = 1 + 0.03 * noise(seed, i, lr * 1e3) * (1 - (i + 1) / epochs);
    return {
      epoch: i + 1,
      lr: lr * 0.5 * (1 + Math.cos((Math.PI * (i + 1)) / epochs)),
      trainLoss: trainLoss + 1.9 * left,
      trainError: Math.min(0.9, trainLoss * 0.3 + 0.6 * left),
      testLoss: final * 3.2 + 1.5 * left,
      testError: Math.min(0.9, (final + 0.6 * left) * wobble),
      thetaNorm: 30 + 10 * left,
      imagesPerSecond: 2400 + 60 * noise(i, seed),
      seconds: 4.2,
    };
  });
}

function cellOf(
  decoupled: boolean,
  lr: number,
  wd: number,
  seed: number,
  epochs: number,
  index: number,
): Cell {
  return {
    id: index.toString(16).padStart(16, '0'),
    numerics: 1,
    dataset: {
      name: 'cifar10',
      train: 10_000,
      subsetSeed: 0,
      labelNoise: 0,
      augment: { crop: 4, flip: true },
    },
    model: { name: 'resnet', depth: 8, width: 16 },
    optimizer: ruleOf(decoupled ? 'adamw' : 'adam'),
    schedule: { name: 'cosine' },
    epochs,
    batchSize: 128,
    warmup: 0,
    recordDecay: false,
    lr,
    wd,
    seed,
    backend: 'onednn',
    threads: 1,
  };
}

function runOf(label: string, cell: Cell, decoupled: boolean, decay: boolean): RunRecord {
  const { lr, wd, seed, epochs } = cell;
  const common = {
    cell,
    label,
    attempts: 1,
    startedAt: '2026-11-22T10:00:00.000Z',
    seconds: 42.5,
    peakMemory: 3e8,
  };
  if (lr >= 2 ** -3 || (lr >= 2 ** -4 && wd >= 2 ** (decoupled ? -7 : -9))) {
    const done = curve(0.5, 1, lr, Math.max(1, Math.floor(epochs / 3)), seed);
    const reason = 'The training loss became NaN.';
    return { ...common, status: 'diverged', reason, epochs: done, finalTestError: 0.9, finalTrainLoss: null };
  }
  const shape = surface(decoupled, lr, wd);
  const error = Math.max(0.001, shape * (1 + 0.03 * noise(Math.log2(lr), Math.log2(wd + 1e-9), seed)));
  const loss =
    0.015 + 1.6 * Math.max(0, error - (decoupled ? 0.05 : 0.057)) ** 0.9 + 0.004 * (noise(seed, lr, wd) + 1);
  const buckets = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2].map((gradient) => ({
    gradient: gradient * (1 + 0.1 * noise(gradient, seed)),
    relativeDecay: (decoupled ? wd : (lr * wd) / (gradient * 20)) * (1 + 0.05 * noise(gradient, seed, 3)),
    count: 2_000,
  }));
  return {
    ...common,
    status: 'ok',
    epochs: curve(error, loss, lr, epochs, seed),
    finalTestError: error,
    finalTrainLoss: loss,
    ...(decay ? { decay: buckets } : {}),
  };
}

/** Records of a whole sweep. Labels containing a `w` (any case) are decoupled. */
export function sweepRecords(options: SurfaceOptions = {}): RunRecord[] {
  const { labels = ['Adam', 'AdamW'], lrs = powers(-13, 11), wds = powers(-15, 9, true) } = options;
  const { seeds = [0, 1, 2], epochs = 30, decay = false } = options;
  let index = 0;
  return labels.flatMap((label) => {
    const decoupled = /w/i.test(label);
    return lrs.flatMap((lr) =>
      wds.flatMap((wd) =>
        seeds.map((seed) =>
          runOf(
            label,
            cellOf(decoupled, lr, wd, seed, epochs, index++),
            decoupled,
            decay && lr === 2 ** -9 && wd > 0,
          ),
        ),
      ),
    );
  });
}
