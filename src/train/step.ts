/**
 * One training step and one evaluation: tensors in, tensors and numbers out. Backends that compute behind the caller's
 * back have their own (deferred.ts).
 */
import {
  dispose,
  keep,
  tensor1d,
  tensor4d,
  tidy,
  valueAndGrad,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '../backends/tfjs.js';
import { repeat } from '../backends/repeat.js';
import type { Model } from '../models/index.js';
import { crossEntropy } from '../nn/crossEntropy.js';
import type { Observed, Pass } from '../nn/layer.js';
import type { Optimizer, StepInfo } from '../optim/optimizer.js';
import type { Stream } from '../random/stream.js';

/** Everything that a step changes. The tensors are kept; `step` disposes of the ones it replaces. */
export interface Weights {
  readonly theta: Tensor1D;
  readonly slots: readonly Tensor1D[];
  /** Running statistics of the batch norms. */
  readonly state: Tensor1D;
}

/** Standardised images [b, h, w, c] and their labels [b]; of tokens with an answer at each position [b w]. */
export interface Batch {
  readonly images: Float32Array;
  readonly labels: Int32Array;
  readonly shape: [number, number, number, number];
}

/** How a batch was classified: mean cross-entropy in nats, and the number of wrong answers. */
export interface Score {
  readonly loss: number;
  readonly wrong: number;
}

/** Forward, backward, update. `onGradient` sees theta and the gradient before the update. */
export function step(
  model: Model,
  optimizer: Optimizer,
  weights: Weights,
  batch: Batch,
  at: StepInfo,
  random: Stream,
  onGradient?: (weights: Weights, gradient: Tensor1D) => void,
): { weights: Weights; score: Score } {
  const seen: Observed[] = [];
  const { score, gradient } = gradientOf(model, weights, batch, random, seen);
  onGradient?.(weights, gradient);
  const updated = optimizer.update(weights.theta, gradient, weights.slots, at, true);
  const state = model.observe(weights.state, seen);
  for (const stale of [gradient, weights.theta, ...weights.slots, weights.state]) stale.dispose();
  return { weights: { ...updated, state }, score };
}

function gradientOf(model: Model, weights: Weights, batch: Batch, random: Stream, seen: Observed[]) {
  const { theta, state } = weights;
  const x = tensor4d(batch.images, batch.shape);
  const labels = tensor1d(batch.labels, 'int32');
  const [loss, logits, gradient, ...statistics] = repeat({
    owner: model,
    name: 'gradient',
    inputs: [theta, state, x, labels],
    run: (unrepeatable) =>
      differentiate(model, weights, x, labels, { random: watchDraws(random, unrepeatable) }),
  });
  seen.push(...observedIn(statistics));
  const score = scoreOf(loss!, logits as Tensor2D, batch.labels);
  dispose([x, labels, loss!, logits!]);
  return { score, gradient: gradient as Tensor1D };
}

/** The statistics of `differentiate`, layer by layer. */
export const observedIn = (statistics: readonly Tensor[]): Observed[] =>
  Array.from({ length: statistics.length / 2 }, (_, k) => ({
    mean: statistics[2 * k] as Tensor1D,
    variance: statistics[2 * k + 1] as Tensor1D,
  }));

/** Where a training pass gets its random numbers. */
export type Randomness = Pick<Extract<Pass, { training: true }>, 'random' | 'drawn'>;

/**
 * The loss [], the logits, the gradient by theta, and each batch norm's mean and variance. The caller disposes of all,
 * also within a tidy.
 */
export function differentiate(
  model: Model,
  { theta, state }: Weights,
  x: Tensor4D,
  labels: Tensor1D,
  randomness: Randomness,
): Tensor[] {
  const statistics: Tensor[] = [];
  const observe = ({ mean, variance }: Observed) => void statistics.push(mean, variance);
  const results = tidy(() => {
    let logits: Tensor2D | undefined;
    const lossOf = valueAndGrad((at) => {
      const pass: Pass = { training: true, ...randomness, observe };
      logits = keep(model.apply(at as Tensor1D, state, x, pass));
      return crossEntropy(logits, labels);
    });
    const { value, grad } = lossOf(theta);
    return [value, logits!, grad];
  });
  return [...results, ...statistics];
}

/** The same stream; calls `notice` on every draw. */
export const watchDraws = (random: Stream, notice: () => void): Stream => ({
  uniform: () => (notice(), random.uniform()),
  integer: (low, high) => (notice(), random.integer(low, high)),
  normal: () => (notice(), random.normal()),
});

/** Classifies a batch with the running statistics; nothing changes. */
export function evaluate(model: Model, weights: Weights, batch: Batch): Score {
  const { theta, state } = weights;
  const x = tensor4d(batch.images, batch.shape);
  const labels = tensor1d(batch.labels, 'int32');
  const [loss, logits] = repeat({
    owner: model,
    name: 'evaluate',
    inputs: [theta, state, x, labels],
    run: () =>
      tidy(() => {
        const logits = model.apply(theta, state, x, { training: false });
        return [crossEntropy(logits, labels), logits];
      }),
  });
  const score = scoreOf(loss!, logits as Tensor2D, batch.labels);
  dispose([x, labels, loss!, logits!]);
  return score;
}

const scoreOf = (loss: Tensor, logits: Tensor2D, labels: Int32Array): Score => ({
  loss: loss.dataSync()[0]!,
  wrong: countWrong(logits, labels),
});

/** Rows whose largest logit is not the label's; a row without a largest (NaN) is wrong. */
function countWrong(logits: Tensor2D, labels: Int32Array): number {
  const classes = logits.shape[1];
  const values = logits.dataSync();
  let wrong = 0;
  for (let row = 0; row < labels.length; row++) {
    const at = row * classes;
    const own = values[at + labels[row]!]!;
    let best = own === own;
    for (let k = 0; k < classes && best; k++) {
      const other = values[at + k]!;
      // Ties go to the lower class, as in argmax.
      if (!(other < own || (other === own && k >= labels[row]!))) best = false;
    }
    if (!best) wrong++;
  }
  return wrong;
}
