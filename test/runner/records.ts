/** Records of cells that were never trained, for tests of what keeps them. */
import { ruleOf } from '../experiment/rule.js';
import fc from 'fast-check';
import { identify, type Cell } from '../../src/experiment/cell.js';
import type { RunRecord } from '../../src/experiment/record.js';

/** A cell; `changes` make it another one. */
export const cellOf = (changes: Partial<Omit<Cell, 'id'>> = {}): Cell =>
  identify({
    numerics: 1,
    dataset: {
      name: 'synthetic-mnist',
      train: 60,
      test: 20,
      subsetSeed: 0,
      labelNoise: 0,
      augment: { crop: 0, flip: false },
    },
    model: { name: 'mlp', hidden: [4] },
    optimizer: ruleOf('adamw'),
    schedule: { name: 'cosine' },
    epochs: 2,
    batchSize: 20,
    warmup: 0,
    recordDecay: false,
    lr: 0.001,
    wd: 0.01,
    seed: 0,
    backend: 'cpu',
    threads: 1,
    ...changes,
  });

export const recordOf = (changes: Partial<RunRecord> & { readonly seed?: number } = {}): RunRecord => {
  const { seed = 0, ...rest } = changes;
  return {
    cell: cellOf({ seed }),
    label: 'AdamW',
    status: 'ok',
    epochs: [
      {
        epoch: 1,
        lr: 0.001,
        trainLoss: 2.25,
        trainError: 0.85,
        testLoss: 2.3,
        testError: 0.9,
        thetaNorm: 4.5,
        imagesPerSecond: 1000,
        seconds: 0.06,
      },
    ],
    finalTestError: 0.9,
    finalTrainLoss: 2.25,
    attempts: 1,
    startedAt: '2026-01-02T03:04:05.678Z',
    seconds: 0.12,
    peakMemory: 100_000_000,
    ...rest,
  };
};

/** Records with labels, reasons and numbers of all kinds. */
export const anyRecord: fc.Arbitrary<RunRecord> = fc
  .record({
    seed: fc.nat(1e6),
    label: fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }),
    reason: fc.string({ maxLength: 30, unit: 'binary' }),
    status: fc.constantFrom('ok', 'diverged', 'failed', 'timeout'),
    finalTestError: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    seconds: fc.double({ min: 0, max: 1e9, noNaN: true }),
  })
  .map((changes) => recordOf(changes as Partial<RunRecord>));
