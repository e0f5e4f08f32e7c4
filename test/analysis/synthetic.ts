/** Run records of experiments whose truth is known: surfaces of test error over lr x wd, with seed noise. */
import { stream } from '../../src/random/stream.js';
import type { EpochMetrics, RunRecord, RunStatus } from '../../src/experiment/record.js';
import { ruleOf } from '../experiment/rule.js';

export interface Synthetic {
  readonly label: string;
  readonly optimizer?: 'adam' | 'adamw' | 'sgd' | 'sgdw';
  readonly lrs: readonly number[];
  readonly wds: readonly number[];
  readonly seeds: number;
  /** Standard deviation of ln error between seeds, everywhere or by cell. */
  readonly noise: number | ((lr: number, wd: number) => number);
  /** Expected test error. */
  readonly error: (lr: number, wd: number) => number;
  readonly diverges?: (lr: number, wd: number) => boolean;
  readonly trainLoss?: (lr: number, wd: number, testError: number) => number;
  readonly epochs?: number;
  /** Which of many replications of the experiment. */
  readonly replication?: number;
}

export const powers = (from: number, count: number) =>
  Array.from({ length: count }, (_, k) => 2 ** (from + k));

/**
 * ln error = ln 0.1 + a u^2 + 0.03 (w - slope u - offset)^2 with u, w the octaves from the grid's middle; levelling off at
 * e^2 times the best. slope 0: separable; slope -1: only lr * wd matters to the second term. wd = 0 counts as one and
 * a half octaves under the lowest.
 */
export function bowl(slope: number, size: number, offset = 0.3, a = 0.02) {
  const middle = -10;
  return {
    lrs: powers(middle - (size - 1) / 2, size),
    wds: [0, ...powers(middle - (size - 1) / 2, size)],
    error: (lr: number, wd: number) => {
      const u = Math.log2(lr) - middle;
      const w = wd === 0 ? -(size - 1) / 2 - 1.5 : Math.log2(wd) - middle;
      return 0.1 * Math.exp(Math.min(2, a * u * u + 0.03 * (w - slope * u - offset) ** 2));
    },
  };
}

/**
 * The bowl at half its error, whose noise grows with the error, and past a cliff (lr * wd too large, as for decoupled
 * decay) half-collapsed training: three times the error, and seeds that differ by a factor of two.
 */
export function cliff(slope: number, size: number, noise: number, curvature?: number) {
  const { lrs, wds, error } = bowl(slope, size, 0.3, curvature);
  const isPast = (lr: number, wd: number) => wd > 0 && Math.log2(lr) + Math.log2(wd) + 20 > 1.5;
  const level = (lr: number, wd: number) => 0.5 * error(lr, wd);
  return {
    lrs,
    wds,
    error: (lr: number, wd: number) => (isPast(lr, wd) ? Math.min(0.45, 3 * level(lr, wd)) : level(lr, wd)),
    noise: (lr: number, wd: number) => (isPast(lr, wd) ? 0.6 : (noise * level(lr, wd)) / 0.05),
  };
}

const SCHEDULE = { name: 'cosine' } as const;

export interface Outcome {
  readonly label?: string;
  readonly optimizer?: 'adam' | 'adamw' | 'sgd' | 'sgdw';
  readonly lr: number;
  readonly wd: number;
  readonly seed?: number;
  readonly error: number | null;
  readonly status?: RunStatus;
  readonly trainLoss?: number | null;
  readonly epochs?: readonly EpochMetrics[];
  readonly budget?: number;
}

/** A whole record about one outcome. */
export function record(outcome: Outcome): RunRecord {
  const { lr, wd, seed = 0, label = 'a', optimizer = 'adam', error, trainLoss = null } = outcome;
  return {
    cell: {
      id: `${label} ${lr} ${wd} ${seed}`,
      numerics: 1,
      dataset: {
        name: 'synthetic-mnist',
        subsetSeed: 0,
        labelNoise: 0,
        augment: { crop: 0, flip: false },
      },
      model: { name: 'mlp', hidden: [8] },
      optimizer: ruleOf(optimizer),
      schedule: SCHEDULE,
      epochs: outcome.budget ?? 1,
      batchSize: 128,
      warmup: 0,
      recordDecay: false,
      lr,
      wd,
      seed,
      backend: 'cpu',
      threads: 1,
    },
    label,
    status: outcome.status ?? 'ok',
    epochs: outcome.epochs ?? [],
    finalTestError: error,
    finalTrainLoss: trainLoss,
    attempts: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    seconds: 1,
    peakMemory: 1,
  };
}

export function epochMetrics(epoch: number, testError: number, trainLoss = 0.1): EpochMetrics {
  const still = { lr: 0.1, trainError: 0.1, testLoss: 0.1, thetaNorm: 1, imagesPerSecond: 1, seconds: 1 };
  return { epoch, testError, trainLoss, ...still };
}

/** The records of a synthetic experiment; noise is lognormal with mean 1. */
export function synthesise(spec: Synthetic): RunRecord[] {
  const random = stream(spec.replication ?? 0, 'synthetic', spec.label);
  const { label, optimizer = 'adam' } = spec;
  const noiseAt = typeof spec.noise === 'function' ? spec.noise : () => spec.noise as number;
  const records: RunRecord[] = [];
  for (const lr of spec.lrs)
    for (const wd of spec.wds)
      for (let seed = 0; seed < spec.seeds; seed++) {
        const noise = noiseAt(lr, wd);
        const factor = Math.exp(noise * random.normal() - (noise * noise) / 2);
        const diverged = spec.diverges?.(lr, wd) ?? false;
        const error = diverged ? 0.9 : Math.min(0.9, spec.error(lr, wd) * factor);
        const trainLoss = diverged ? null : (spec.trainLoss?.(lr, wd, error) ?? error);
        const status = diverged ? 'diverged' : 'ok';
        records.push(record({ label, optimizer, lr, wd, seed, error, status, trainLoss }));
      }
  return records;
}
