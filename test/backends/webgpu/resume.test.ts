/** A run that is cut anywhere and continued gives the bits of one that is not, and so does a second run. */
import { describe, beforeAll, expect, test } from 'vitest';
import { whyNoDevice } from './softwareDevice.js';
import { useBackend } from '../../../src/backends/index.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../../src/train/checkpoint.js';
import type { Snapshot } from '../../../src/train/snapshot.js';
import { train } from '../../../src/train/train.js';
import type { Cell } from '../../../src/experiment/cell.js';
import { cell, decided, tiny } from '../../train/tiny.js';

/** Trains up to so many steps, and goes on from the bytes of a checkpoint. */
async function trainCut(of: Cell, cut: number) {
  let kept: Snapshot | undefined;
  let steps = 0;
  await train(of, tiny, {
    shouldStop: () => ++steps >= cut,
    onInterrupt: (snapshot) => void (kept = snapshot),
  });
  return train(of, tiny, {}, decodeCheckpoint(of, encodeCheckpoint(of, kept!)));
}

describe.skipIf(whyNoDevice)(`the same bits ${whyNoDevice ?? ''}`, () => {
  beforeAll(async () => void (await useBackend('webgpu')));

  // Three steps an epoch, two epochs.
  test.each([
    ['mlp', [2, 4], { recordDecay: true, optimizer: { exclude: 'rank1' } }],
    ['cnn', [4], { model: { name: 'cnn', filters: [3], hidden: [] }, optimizer: { name: 'sgdw' } }],
    ['batch norm', [4], { model: { name: 'mlp', hidden: [4], batchNorm: true } }],
  ] as const)('%s, cut after %j of 6 steps', async (_, cuts, settings) => {
    const of = cell(settings as Parameters<typeof cell>[0]);
    const whole = await train(of, tiny);
    expect(whole.status).toBe('ok');
    for (const cut of cuts) expect(decided(await trainCut(of, cut))).toEqual(decided(whole));
  });

  test('two runs of one cell', async () => {
    const of = cell();
    expect(decided(await train(of, tiny))).toEqual(decided(await train(of, tiny)));
  });
});
