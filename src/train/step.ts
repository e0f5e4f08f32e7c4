/** One training step and one evaluation: tensors in, tensors and numbers out. */
import {
  keep,
  tensor1d,
  tensor4d,
  tidy,
  valueAndGrad,
  type Tensor1D,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import type { Model } from '../models/index.js';
import { crossEntropy } from '../nn/crossEntropy.js';
import type { Observed } from '../nn/layer.js';
import type { Optimizer, StepInfo } from '../optim/optimizer.js';
import type { Stream } from '../random/stream.js';

/** Everything that a step changes. The tensors are kept; `step` disposes of the ones it replaces. */
export interface Weights {
  readonly theta: Tensor1D;
  readonly slots: readonly Tensor1D[];
  /** Running statistics of the batch norms. */
  readonly state: Tensor1D;
}

/** Standardised images [b, h, w, c] and their labels [b]. */
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
  const updated = optimizer.update(weights.theta, gradient, weights.slots, at);
  const state = model.observe(weights.state, seen);
  for (const stale of [gradient, weights.theta, ...weights.slots, weights.state]) stale.dispose();
  return { weights: { ...updated, state }, score };
}

function gradientOf(model: Model, weights: Weights, batch: Batch, random: Stream, seen: Observed[]) {
  return tidyKeeping(() => {
    const x = tensor4d(batch.images, batch.shape);
    const labels = tensor1d(batch.labels, 'int32');
    let wrong = 0;
    const lossOf = valueAndGrad((theta) => {
      const pass = { training: true, random, observe: (one: Observed) => void seen.push(one) } as const;
      const logits = model.apply(theta as Tensor1D, weights.state, x, pass);
      wrong = countWrong(logits, batch.labels);
      return crossEntropy(logits, labels);
    });
    const { value, grad } = lossOf(weights.theta);
    return { score: { loss: value.dataSync()[0]!, wrong }, gradient: grad as Tensor1D };
  });
}

/** tidy() that lets the gradient out; everything else made inside is disposed of. */
function tidyKeeping<T extends { gradient: Tensor1D }>(compute: () => T): T {
  let out: T | undefined;
  tidy(() => {
    out = compute();
    keep(out.gradient);
  });
  return out!;
}

/** Classifies a batch with the running statistics; nothing changes. */
export function evaluate(model: Model, weights: Weights, batch: Batch): Score {
  return tidy(() => {
    const x = tensor4d(batch.images, batch.shape);
    const logits = model.apply(weights.theta, weights.state, x, { training: false });
    const loss = crossEntropy(logits, tensor1d(batch.labels, 'int32')).dataSync()[0]!;
    return { loss, wrong: countWrong(logits, batch.labels) };
  });
}

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
      // Ties go to the lower class, as argmax's do.
      if (!(other < own || (other === own && k >= labels[row]!))) best = false;
    }
    if (!best) wrong++;
  }
  return wrong;
}
