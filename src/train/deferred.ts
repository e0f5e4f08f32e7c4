/**
 * A training step and an evaluation for deferred backends (backends/deferred.ts). Each is one computation from tensors
 * to tensors, so that the backend can record it as a whole, and reads nothing. What differs from step to step goes in
 * as a tensor: the batch, the optimizer's numbers, the random numbers of the layers. The score goes into a tally.
 */
import {
  dispose,
  reshape,
  slice,
  tensor1d,
  tensor4d,
  tidy,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
} from '../backends/tfjs.js';
import { repeat } from '../backends/repeat.js';
import type { Model } from '../models/index.js';
import { crossEntropy } from '../nn/crossEntropy.js';
import type { DrawnNumbers } from '../nn/layer.js';
import type { Optimizer, StepInfo } from '../optim/optimizer.js';
import type { Stream } from '../random/stream.js';
import type { DecayRecorder } from './decay.js';
import { differentiate, observedIn, watchDraws, type Batch, type Weights } from './step.js';
import { withScore, type Tally } from './tally.js';

/** What makes one step another than the one before. */
export interface StepInput {
  readonly batch: Batch;
  readonly at: StepInfo;
  readonly random: Stream;
}

/** What trains, and where the scores go. */
export interface DeferredRun {
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly tally: Tally;
  /** Sees each gradient, with the weights before the step; that does read them. */
  readonly recorder?: DecayRecorder | undefined;
}

/**
 * As `step` of step.ts. Disposes of the weights before it. The computation has been asked for when this returns; its
 * promise waits for nothing else unless a recorder reads.
 */
export async function deferredStep(run: DeferredRun, before: Weights, input: StepInput): Promise<Weights> {
  const { model, optimizer, tally, recorder } = run;
  const given = tensorsOf(run, input);
  const stateful = model.stateCount > 0 ? [before.state] : [];
  const constant = optimizer.mask ? [optimizer.mask] : [];
  const results = repeat({
    owner: model,
    name: recorder ? 'step, gradient' : 'step',
    inputs: [before.theta, ...before.slots, ...stateful, ...Object.values(given), ...constant, tally.rows],
    // All that the layers draw is among the inputs; a layer that does draw cannot be recorded.
    run: (unrepeatable) => computeStep(run, before, given, watchDraws(input.random, unrepeatable)),
  });
  const take = (count: number) => results.splice(0, count) as Tensor1D[];
  const [theta] = take(1);
  const slots = take(before.slots.length);
  const [state = before.state] = take(stateful.length);
  const [gradient] = take(recorder ? 1 : 0);
  tally.replace(results[0] as Tensor2D);
  if (gradient) await recorder!.seeDeferred(input.at, before, gradient);
  dispose([before.theta, ...before.slots, ...stateful, gradient ?? [], Object.values(given)]);
  return { theta: theta!, slots, state };
}

/** A step's input as tensors; `drawn` where the layers draw random numbers, which are drawn here in their order. */
function tensorsOf({ model, optimizer }: DeferredRun, { batch, at, random }: StepInput) {
  const draws = model.draws(batch.shape[0]);
  const drawn = Float32Array.from({ length: draws }, () => random.uniform());
  return {
    ...batchTensors(batch),
    numbers: tensor1d(optimizer.numbers(at)),
    ...(draws > 0 ? { drawn: tensor1d(drawn) } : {}),
  };
}

const batchTensors = ({ images, labels, shape }: Batch) => ({
  x: tensor4d(images, shape),
  labels: tensor1d(labels, 'int32'),
});

/** The new theta, slots, state (if the model has one), the gradient (if it is wanted) and the tally's new rows. */
function computeStep(
  { model, optimizer, tally, recorder }: DeferredRun,
  weights: Weights,
  { x, labels, numbers, drawn }: ReturnType<typeof tensorsOf>,
  random: Stream,
): Tensor[] {
  const { theta, slots, state } = weights;
  return tidy(() => {
    const randomness = { random, ...(drawn ? { drawn: dealt(drawn) } : {}) };
    const [loss, kept, gradient, ...statistics] = differentiate(model, weights, x, labels, randomness);
    const logits = kept as Tensor2D;
    const rows = withScore(tally.rows, loss!, logits, labels);
    logits.dispose();
    const next = optimizer.updateBy(numbers, theta, gradient as Tensor1D, slots);
    const observed = model.stateCount > 0 ? [model.observe(state, observedIn(statistics))] : [];
    return [next.theta, ...next.slots, ...observed, ...(recorder ? [gradient!] : []), rows];
  });
}

/** Deals the numbers of a vector out, one after the other. */
function dealt(numbers: Tensor1D): DrawnNumbers {
  let at = 0;
  return (count) => {
    const from = at;
    at += count;
    return () => reshape(slice(numbers, from, count), [count, 1, 1, 1]) as Tensor4D;
  };
}

/** As `evaluate` of step.ts; the score goes into the tally. */
export function deferredEvaluation(
  model: Model,
  { theta, state }: Weights,
  batch: Batch,
  tally: Tally,
): void {
  const { x, labels } = batchTensors(batch);
  const [rows] = repeat({
    owner: model,
    name: 'evaluate',
    inputs: [theta, ...(model.stateCount > 0 ? [state] : []), x, labels, tally.rows],
    run: () =>
      tidy(() => {
        const logits = model.apply(theta, state, x, { training: false });
        return [withScore(tally.rows, crossEntropy(logits, labels), logits, labels)];
      }),
  });
  tally.replace(rows as Tensor2D);
  dispose([x, labels]);
}
