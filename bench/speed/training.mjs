/** Training steps by the built package, on a few batches of noise: what the workers of the benchmarks share. */
import { setImmediate as breathe } from 'node:timers/promises';
import { engine, getKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import * as kernels from '../../dist/backends/kernels.js';
import { optimizerSchema } from '../../dist/experiment/optimizerSpec.js';
import { buildModel } from '../../dist/models/index.js';
import { makeOptimizer } from '../../dist/optim/index.js';
import { stream } from '../../dist/random/stream.js';
import { weightTensors } from '../../dist/train/snapshot.js';
import { stepsOf } from './steps.mjs';

/** A few batches of noise, so that no step finds its input in the cache because of the one before. */
function batches({ height, width, channels, classes }, n) {
  return Array.from({ length: 8 }, (_, b) => {
    const random = stream(0, 'bench', b);
    const images = Float32Array.from({ length: n * height * width * channels }, () => random.normal());
    const labels = Int32Array.from({ length: n }, () => random.integer(0, classes - 1));
    return { images, labels, shape: [n, height, width, channels] };
  });
}

/** Leaves the current backend the kernels of its package alone. */
function forgetOwnKernels() {
  const { backendName } = engine();
  for (const name of Object.values(kernels))
    if (typeof name === 'string' && getKernel(name, backendName) != null) unregisterKernel(name, backendName);
}

/**
 * Chooses how the current backend takes steps: `tfjs`, with the kernels of its package alone; `eager`, kernel by
 * kernel, as if it had no recorder; `recorded`; `xla`, recorded and compiled. @throws Error where it cannot
 */
export function chooseMode(mode) {
  const { backend } = engine();
  if (mode === 'tfjs') forgetOwnKernels();
  if (mode === 'tfjs' || mode === 'eager') backend.repeat = undefined;
  else if (!backend.repeat)
    throw new Error('this backend does not record steps: run `adamw-bench setup` again');
  if (mode !== 'xla') return;
  if (!backend.useXla) throw new Error('this backend does not compile steps');
  backend.useXla(true);
}

/**
 * A training of `setup.model` on images of `setup.shape`, AdamW, batches of `setup.batchSize`, on the current backend.
 * `step()` takes one step as train.ts takes it, its pause for messages included; `settle()` resolves when all steps have
 * been computed. Both reject where a loss is not finite.
 */
export function startTraining(setup) {
  const model = buildModel(setup.model, setup.shape);
  const rule = optimizerSchema.parse({ name: 'adamw', convention: 'lr' });
  const optimizer = makeOptimizer(rule, { lr: 1e-3, wd: 1e-2 });
  const data = batches(setup.shape, setup.batchSize);
  const random = stream(0, 'forward');
  const theta = model.initialTheta(0);
  const steps = stepsOf(model, optimizer);
  let weights = weightTensors({
    theta,
    slots: optimizer.slots.map(() => new Float32Array(theta.length)),
    state: model.initialState(),
  });
  let t = 0;
  async function settle() {
    for (const { loss } of await steps.scores())
      if (!Number.isFinite(loss)) throw new Error(`the loss was ${loss} before step ${t}`);
  }
  return {
    async step() {
      const at = { t: t + 1, eta: 1, cycleSteps: 1000 };
      weights = steps.train(weights, data[t % data.length], at, random);
      t++;
      if (steps.isDue()) await settle();
      await breathe();
    },
    settle,
  };
}
