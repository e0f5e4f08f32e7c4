/** Training steps by the built package, on a few batches of noise: what the workers of the benchmarks share. */
import { setImmediate as breathe } from 'node:timers/promises';
import { optimizerSchema } from '../../dist/experiment/specs.js';
import { buildModel } from '../../dist/models/index.js';
import { makeOptimizer } from '../../dist/optim/index.js';
import { stream } from '../../dist/random/stream.js';
import { step } from '../../dist/train/step.js';
import { weightTensors } from '../../dist/train/snapshot.js';

/** A few batches of noise, so that no step finds its input in the cache because of the one before. */
function batches({ height, width, channels, classes }, n) {
  return Array.from({ length: 8 }, (_, b) => {
    const random = stream(0, 'bench', b);
    const images = Float32Array.from({ length: n * height * width * channels }, () => random.normal());
    const labels = Int32Array.from({ length: n }, () => random.integer(0, classes - 1));
    return { images, labels, shape: [n, height, width, channels] };
  });
}

/**
 * A training of `setup.model` on images of `setup.shape`, AdamW, batches of `setup.batchSize`, on the current backend.
 * `step()` takes one step as train.ts takes it, its pause for messages included. It rejects where the loss is not finite.
 */
export function startTraining(setup) {
  const model = buildModel(setup.model, setup.shape);
  const rule = optimizerSchema.parse({ name: 'adamw', convention: 'lr' });
  const optimizer = makeOptimizer(rule, { lr: 1e-3, wd: 1e-2 });
  const data = batches(setup.shape, setup.batchSize);
  const random = stream(0, 'forward');
  const theta = model.initialTheta(0);
  let weights = weightTensors({
    theta,
    slots: optimizer.slots.map(() => new Float32Array(theta.length)),
    state: model.initialState(),
  });
  let t = 0;
  return {
    async step() {
      const at = { t: t + 1, eta: 1, cycleSteps: 1000 };
      const done = step(model, optimizer, weights, data[t % data.length], at, random);
      weights = done.weights;
      t++;
      if (!Number.isFinite(done.score.loss)) throw new Error(`the loss was ${done.score.loss} at step ${t}`);
      await breathe();
    },
  };
}
