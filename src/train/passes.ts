/**
 * How batches go through a model on the current backend: at once, each with its score, or deferred, with the scores
 * on the device until they are read. The training loop is the same for both.
 */
import { isDeferred } from '../backends/deferred.js';
import type { Model } from '../models/index.js';
import type { Optimizer, StepInfo } from '../optim/optimizer.js';
import type { Stream } from '../random/stream.js';
import type { DecayRecorder } from './decay.js';
import { deferredEvaluation, deferredStep } from './deferred.js';
import { evaluate, step, type Batch, type Score, type Weights } from './step.js';
import { Tally } from './tally.js';

/** Takes a model's steps. */
export interface Passes extends Evaluation {
  /** One step. Disposes of the weights before it. The batch may change once this has returned. */
  train(weights: Weights, batch: Batch, at: StepInfo, random: Stream): Weights | Promise<Weights>;
}

/** Evaluates a model. */
export interface Evaluation {
  /** Classifies a batch by the running statistics. */
  evaluate(weights: Weights, batch: Batch): void;
  /** Whether the scores should be read now: at once if that costs nothing, else now and then. */
  isDue(): boolean;
  /** The scores of all batches since the last call, in their order. */
  scores(): Promise<readonly Score[]>;
  dispose(): void;
}

/** Of the current backend. `recorder` sees the gradients. */
export function passesOf(model: Model, optimizer: Optimizer, recorder?: DecayRecorder): Passes {
  if (isDeferred()) {
    const evaluation = deferredEvaluations(model);
    const run = { model, optimizer, recorder, tally: evaluation.tally };
    return {
      ...evaluation,
      train: (weights, batch, at, random) => deferredStep(run, weights, { batch, at, random }),
    };
  }
  const evaluation = immediateEvaluations(model);
  return {
    ...evaluation,
    train(before, batch, at, random) {
      const see = recorder?.see(at);
      const { weights, score } = step(model, optimizer, before, batch, at, random, see);
      evaluation.waiting.push(score);
      return weights;
    },
  };
}

/** As `passesOf`, without training. */
export const evaluationOf = (model: Model): Evaluation =>
  isDeferred() ? deferredEvaluations(model) : immediateEvaluations(model);

function deferredEvaluations(model: Model): Evaluation & { readonly tally: Tally } {
  const tally = new Tally();
  return {
    tally,
    evaluate: (weights, batch) => deferredEvaluation(model, weights, batch, tally),
    isDue: () => tally.isDue,
    scores: () => tally.read(),
    dispose: () => tally.dispose(),
  };
}

function immediateEvaluations(model: Model): Evaluation & { readonly waiting: Score[] } {
  const waiting: Score[] = [];
  return {
    waiting,
    evaluate: (weights, batch) => void waiting.push(evaluate(model, weights, batch)),
    isDue: () => waiting.length > 0,
    scores: () => Promise.resolve(waiting.splice(0)),
    dispose: () => undefined,
  };
}
