/** One kernel for a whole step is the chain of the rule, for every rule and placement. */
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoDevice } from './softwareDevice.js';
import { useBackend } from '../../../src/backends/index.js';
import { hasKernel, RunProgram } from '../../../src/backends/kernels.js';
import * as tf from '../../../src/backends/tfjs.js';

describe.skipIf(whyNoDevice)(`programs ${whyNoDevice ?? ''}`, () => {
  beforeAll(async () => void (await useBackend('webgpu')));

  test('are compiled', () => {
    expect(hasKernel(RunProgram)).toBe(true);
    expect(tf.getBackend()).toBe('webgpu');
  });
});
