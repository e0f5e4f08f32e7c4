/** Training on WebGPU does not grow: neither the number of tensors, nor the memory that tfjs has on the device. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { loadBackend } from '../../../src/backends/index.js';
import { ruleOf } from '../../experiment/rule.js';
import { training, type Network } from '../../models/trained.js';
import { whyNoDevice } from './softwareDevice.js';

// A software device on a busy machine.
vi.setConfig({ testTimeout: 300_000 });

const networks: readonly { readonly steps: number; readonly spec: Network }[] = [
  { steps: 1000, spec: { name: 'mlp', hidden: [7, 5] } },
  { steps: 200, spec: { name: 'resnet', depth: 8, width: 4 } },
];

/** What the engine and the backend say they hold. */
function held() {
  const { numTensors, numBytesInGPU, numBytesAllocatedInGPU } = tf.memory() as tf.MemoryInfo & {
    numBytesInGPU: number;
    numBytesAllocatedInGPU: number;
  };
  return { numTensors, dataIds: tf.backend().numDataIds(), numBytesInGPU, numBytesAllocatedInGPU };
}

describe.skipIf(whyNoDevice)(`on WebGPU ${whyNoDevice ?? ''}`, () => {
  // tfjs gives small products a kernel that a software device takes long for; memory does not depend on which it is.
  const KERNEL = 'WEBGPU_MATMUL_PROGRAM_TYPE';
  beforeAll(async () => {
    await loadBackend('webgpu');
    tf.env().set(KERNEL, 2);
  });

  test.each(networks)('memory stays flat over $steps steps: $spec.name', async ({ steps, spec }) => {
    const before = tf.memory().numTensors;
    const run = training(spec, ruleOf('adamw'));
    // The losses are read now and then, as the training loop does, and at the end. What was disposed of before is free then.
    const go = async (count: number) => {
      for (let i = 0; i < count; i++) {
        await run.step();
        if (run.isDue()) await run.losses();
      }
      await run.losses();
      return held();
    };
    const first = await go(20);
    expect(first.numBytesInGPU).toBeGreaterThan(0);
    expect(await go(steps)).toEqual(first);
    run.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
