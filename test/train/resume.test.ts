/** A run that is cut anywhere and continued is the run that was not cut, bit for bit; and nothing leaks. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ModelSpec } from '../../src/experiment/specs.js';
import { RULE_NAMES } from '../../src/rules/index.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../src/train/checkpoint.js';
import type { Snapshot } from '../../src/train/snapshot.js';
import { train, type Outcome } from '../../src/train/train.js';
import { settingDefaults } from '../rules/defaults.js';
import { cell, decided, tiny } from './tiny.js';

beforeAll(() => tf.setBackend('cpu'));

const stepsPerEpoch = 3;
const mlp: ModelSpec = { name: 'mlp', hidden: [4] };
const filters: ModelSpec = { name: 'cnn', filters: [3], hidden: [] };
const normed: ModelSpec = { name: 'resnet', depth: 8, width: 2 };
const shaken: ModelSpec = { name: 'shake-shake', depth: 8, width: 2, per: 'image' };

/** Stops after each of these numbers of steps, and goes on from the bytes of a checkpoint. */
async function trainCut(of: ReturnType<typeof cell>, cuts: readonly number[]): Promise<Outcome> {
  let from: Snapshot | undefined;
  for (const cut of cuts) {
    let kept: Snapshot | undefined;
    let steps = from ? from.position.epoch * stepsPerEpoch + from.position.batch : 0;
    const observer = {
      shouldStop: () => ++steps >= cut,
      onInterrupt: (snapshot: Snapshot) => void (kept = snapshot),
    };
    const outcome = await train(of, tiny, observer, from);
    if (outcome.status !== 'interrupted') throw new Error(`Not cut at ${cut}: ${outcome.status}`);
    from = decodeCheckpoint(of, encodeCheckpoint(of, kept!));
  }
  return train(of, tiny, {}, from);
}

/** Takes every snapshot that is offered. */
const everySnapshot = (taken: Snapshot[]) => ({
  wantsSnapshot: () => true,
  onSnapshot: (snapshot: Snapshot) => void taken.push(snapshot),
});

describe.each(['adam', 'adamw', 'sgd', 'sgdw'] as const)('%s', (name) => {
  test('cut and continued equals uncut: any place, network, augmentation, recording', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          cuts: fc.uniqueArray(fc.integer({ min: 1, max: 2 * stepsPerEpoch }), {
            minLength: 1,
            maxLength: 3,
          }),
          model: fc.constantFrom(mlp, mlp, normed, shaken),
          augment: fc.record({ crop: fc.integer({ min: 0, max: 2 }), flip: fc.boolean() }),
          recordDecay: fc.boolean(),
          exclude: fc.constantFrom('none' as const, 'rank1' as const),
          momentumForm: fc.constantFrom('paper' as const, 'torch' as const),
          seed: fc.nat(1000),
        }),
        async ({ cuts, model, augment, recordDecay, exclude, momentumForm, seed }) => {
          const of = cell({
            model,
            dataset: { name: 'synthetic-mnist', subsetSeed: 0, labelNoise: 0, augment },
            optimizer: { name, exclude, momentumForm },
            recordDecay,
            seed,
          });
          const whole = await train(of, tiny);
          const pieces = await trainCut(
            of,
            cuts.sort((a, b) => a - b),
          );
          expect(whole.status).toBe('ok');
          expect(decided(pieces)).toEqual(decided(whole));
        },
      ),
      { numRuns: 6 },
    );
  });
});

test.each(RULE_NAMES)(
  '%s keeps all of its state in a checkpoint: cut and continued equals uncut',
  async (name) => {
    for (const placement of ['l2', 'decoupled', 'cautious'] as const) {
      const convention = placement === 'l2' ? 'paper' : 'timescale';
      const optimizer = { ...settingDefaults(name), name, placement, convention, exclude: 'rank1' } as const;
      const of = cell({ model: filters, optimizer });
      const whole = await train(of, tiny);
      expect(whole.status).toBe('ok');
      expect(decided(await trainCut(of, [2, 4]))).toEqual(decided(whole));
    }
  },
);

test('every snapshot offered on the way leads to the same end', async () => {
  const of = cell({ model: normed, recordDecay: true, epochs: 2 });
  const snapshots: Snapshot[] = [];
  const whole = await train(of, tiny, everySnapshot(snapshots));
  expect(snapshots.map(({ position: { epoch, batch } }) => [epoch, batch])).toEqual([
    [0, 1],
    [0, 2],
    [1, 0],
    [1, 1],
    [1, 2],
    [2, 0],
  ]);
  for (const snapshot of snapshots)
    expect(decided(await train(of, tiny, {}, snapshot))).toEqual(decided(whole));
});

test('a snapshot is not changed by the run that goes on from it', async () => {
  const of = cell({ recordDecay: true });
  const snapshots: Snapshot[] = [];
  await train(of, tiny, everySnapshot(snapshots));
  const before = Buffer.from(encodeCheckpoint(of, snapshots[1]!));
  await train(of, tiny, {}, snapshots[1]);
  expect(before.equals(Buffer.from(encodeCheckpoint(of, snapshots[1]!)))).toBe(true);
});

test('two runs are equal bit for bit, and another seed is another run', async () => {
  const of = (seed: number) => cell({ model: shaken, seed });
  const [first, second, other] = [
    await train(of(3), tiny),
    await train(of(3), tiny),
    await train(of(4), tiny),
  ];
  expect(decided(second)).toEqual(decided(first));
  expect(decided(other).theta).not.toBe(decided(first).theta);
  expect(other.metrics[0]!.trainLoss).not.toBe(first.metrics[0]!.trainLoss);
});

test('no tensor outlives a run, however it ends', async () => {
  const before = tf.memory();
  const settings = { model: shaken, recordDecay: true, optimizer: { exclude: 'rank1' as const } };
  const ends = [
    await train(cell(settings), tiny),
    await train(cell({ ...settings, lr: 1e30, optimizer: { name: 'sgd' } }), tiny),
    await train(cell(settings), tiny, { shouldStop: () => true }),
    await trainCut(cell(settings), [2, 4]),
  ];
  expect(ends.map(({ status }) => status)).toEqual(['ok', 'diverged', 'interrupted', 'ok']);
  const throwing = train(cell(settings), tiny, {
    onEpoch: () => {
      throw new Error('the observer failed');
    },
  });
  await expect(throwing).rejects.toThrow('the observer failed');
  const after = tf.memory();
  expect([after.numTensors, after.numBytes]).toEqual([before.numTensors, before.numBytes]);
});

describe('a checkpoint is refused', () => {
  const of = cell();
  const bytes = async () => {
    let kept: Snapshot | undefined;
    await train(of, tiny, {
      shouldStop: () => true,
      onInterrupt: (snapshot) => void (kept = snapshot),
    });
    return encodeCheckpoint(of, kept!);
  };

  test('by another cell', async () => {
    const other = cell({ lr: 0.5 });
    const mine = await bytes();
    expect(() => decodeCheckpoint(other, mine)).toThrow(of.id);
  });

  test('when it is cut short', async () => {
    const mine = await bytes();
    for (const length of [0, 4, 100, mine.length - 1])
      expect(() => decodeCheckpoint(of, mine.subarray(0, length))).toThrow();
  });
});
