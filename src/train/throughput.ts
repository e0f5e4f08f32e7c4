/** How many images a second the current backend trains, on batches of noise. */
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { forget } from '../backends/repeat.js';
import { dispose } from '../backends/tfjs.js';
import { optimizerSchema } from '../experiment/optimizerSpec.js';
import type { ModelSpec } from '../experiment/specs.js';
import { buildModel, type InputShape } from '../models/index.js';
import { makeOptimizer } from '../optim/index.js';
import { stream } from '../random/stream.js';
import { passesOf } from './passes.js';
import { weightTensors } from './snapshot.js';
import type { SpeedNetwork } from './speedNetworks.js';
import type { Batch, Weights } from './step.js';

export interface Duration {
  readonly batchSize: number;
  /** Before the count begins: kernels are compiled. */
  readonly warmUpSeconds: number;
  /** At least; three steps in any case. */
  readonly seconds: number;
}

/**
 * Images a second of training with AdamW, in this process alone. The time is that of whole steps as the training loop
 * takes them: the device has computed all of them when the clock is stopped.
 * @throws Error where a loss is not finite
 */
export async function imagesPerSecond(
  { spec, shape }: Pick<SpeedNetwork, 'spec' | 'shape'>,
  { batchSize, warmUpSeconds, seconds }: Duration,
): Promise<number> {
  const training = startTraining(spec, shape, batchSize);
  try {
    await training.stepsFor(warmUpSeconds);
    const began = performance.now();
    const steps = await training.stepsFor(seconds);
    return (1000 * steps * batchSize) / (performance.now() - began);
  } finally {
    training.end();
  }
}

const fewestSteps = 3;

function startTraining(spec: ModelSpec, shape: InputShape, batchSize: number) {
  const model = buildModel(spec, shape);
  const optimizer = makeOptimizer(optimizerSchema.parse({ name: 'adamw', convention: 'lr' }), {
    lr: 1e-3,
    wd: 1e-2,
  });
  const passes = passesOf(model, optimizer);
  const batches = noise(shape, batchSize);
  const random = stream(0, 'forward');
  const theta = model.initialTheta(0);
  let weights: Weights = weightTensors({
    theta,
    slots: optimizer.slots.map(() => new Float32Array(theta.length)),
    state: model.initialState(),
  });
  let taken = 0;

  async function settle(): Promise<void> {
    for (const { loss } of await passes.scores())
      if (!Number.isFinite(loss)) throw new Error(`the loss was ${loss} before step ${taken}`);
  }

  return {
    /** Steps for so long; resolves with their number when the device has computed them. */
    async stepsFor(seconds: number): Promise<number> {
      const [began, before] = [performance.now(), taken];
      while (taken - before < fewestSteps || performance.now() - began < 1000 * seconds) {
        const at = { t: taken + 1, eta: 1, cycleSteps: 1000 };
        weights = await passes.train(weights, batches[taken % batches.length]!, at, random);
        taken++;
        if (passes.isDue()) await settle();
        await yieldToEvents();
      }
      await settle();
      return taken - before;
    },
    end(): void {
      dispose([weights.theta, ...weights.slots, weights.state]);
      passes.dispose();
      forget(model);
    },
  };
}

/** A few batches, so that no step finds its input in a cache because of the one before. */
function noise({ height, width, channels, classes }: InputShape, n: number): Batch[] {
  return Array.from({ length: 8 }, (_, b) => {
    const random = stream(0, 'bench', b);
    return {
      images: Float32Array.from({ length: n * height * width * channels }, () => random.normal()),
      labels: Int32Array.from({ length: n }, () => random.integer(0, classes - 1)),
      shape: [n, height, width, channels],
    };
  });
}
