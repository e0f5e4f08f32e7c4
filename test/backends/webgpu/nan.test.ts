/**
 * A run that diverges is noticed by its loss. WGSL lets a driver assume that there is no NaN, so that the loss could
 * lose one.
 */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadBackend } from '../../../src/backends/index.js';
import { crossEntropy } from '../../../src/nn/crossEntropy.js';
import { whyNoDevice } from './softwareDevice.js';

describe.skipIf(whyNoDevice)(`on WebGPU ${whyNoDevice ?? ''}`, () => {
  beforeAll(() => loadBackend('webgpu'));

  const lossOf = async (...row: number[]) => {
    const other = [0.5, -1, 2];
    const loss = tf.tidy(() => crossEntropy(tf.tensor2d([other, row]), tf.tensor1d([2, 0], 'int32')));
    const [value] = await loss.data();
    loss.dispose();
    return value;
  };

  test.each([0, 1, 2])('logit %d that is NaN or infinite makes the loss NaN', async (at) => {
    const logits = (value: number) => [1, 2, 3].map((logit, i) => (i === at ? value : logit));
    expect(await lossOf(...logits(NaN))).toBeNaN();
    expect(await lossOf(...logits(Infinity))).toBeNaN();
    expect(Number.isFinite(await lossOf(...logits(30)))).toBe(true);
  });

  test('a label that has no chance makes the loss infinite', async () => {
    expect(await lossOf(-Infinity, 1, 2)).toBe(Infinity);
  });
});
