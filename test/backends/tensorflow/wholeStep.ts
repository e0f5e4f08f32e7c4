/** A training step as one computation for `repeat`: forward, backward, AdamW, running statistics. */
import * as tf from '@tensorflow/tfjs-core';
import { repeat } from '../../../src/backends/repeat.js';
import type { ModelSpec } from '../../../src/experiment/specs.js';
import { buildModel, type Model } from '../../../src/models/index.js';
import { crossEntropy } from '../../../src/nn/crossEntropy.js';
import type { Observed } from '../../../src/nn/layer.js';
import { goldenStream, images, labels, thetaOf } from '../../models/formula.js';

/** Networks of all kinds but those that draw random numbers, tiny. */
export const networks: Record<NetworkName, ModelSpec> = {
  mlp: { name: 'mlp', hidden: [8], batchNorm: true },
  cnn: { name: 'cnn', filters: [3, 4], hidden: [6] },
  resnet: { name: 'resnet', depth: 8, width: 4 },
  'wide-resnet': { name: 'wide-resnet', depth: 10, widen: 1 },
  'resnet-20': { name: 'resnet', depth: 20, width: 4 },
};

export type NetworkName = 'mlp' | 'cnn' | 'resnet' | 'wide-resnet' | 'resnet-20';

export const classes = 5;
const imageShape = { height: 8, width: 8, channels: 3, classes };

export const makeModel = (name: NetworkName): Model => buildModel(networks[name], imageShape);

/** theta, m, v, running statistics. */
export type State = readonly tf.Tensor1D[];

export const initial = (model: Model): State => [
  tf.tensor1d(thetaOf(model.params)),
  tf.zeros([model.parameterCount]),
  tf.zeros([model.parameterCount]),
  tf.tensor1d(model.initialState()),
];

/** The batch of a step: other images in every step. */
export function batchOf(size: number, t: number): [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D] {
  const shape: [number, number, number, number] = [size, 8, 8, 3];
  const pixels = images(shape).map((pixel, i) => pixel * Math.cos(t + i));
  const numbers = tf.tensor1d([0.01 / (1 - 0.9 ** t), 1 / (1 - 0.999 ** t), 1e-4]);
  return [tf.tensor4d(pixels, shape), tf.tensor1d(labels(size, classes), 'int32'), numbers];
}

/** What the step computes: the new state, and the loss. */
function compute(
  model: Model,
  [theta, m, v, statistics]: State,
  [x, y, numbers]: ReturnType<typeof batchOf>,
): tf.Tensor[] {
  return tf.tidy(() => {
    const seen: Observed[] = [];
    const pass = {
      training: true,
      random: goldenStream(),
      observe: (one: Observed) => seen.push(one),
    } as const;
    const { value, grad } = tf.valueAndGrad((at: tf.Tensor) =>
      crossEntropy(model.apply(at as tf.Tensor1D, statistics!, x, pass), y),
    )(theta!);
    const [stepSize, correction, decay] = tf.split(numbers, 3);
    const m2 = tf.add(tf.mul(m!, 0.9), tf.mul(grad, 0.1));
    const v2 = tf.add(tf.mul(v!, 0.999), tf.mul(tf.square(grad), 0.001));
    const update = tf.div(tf.mul(m2, stepSize!), tf.add(tf.sqrt(tf.mul(v2, correction!)), 1e-8));
    const next = tf.sub(tf.sub(theta!, update), tf.mul(theta!, decay!));
    return [next, m2, v2, model.observe(statistics!, seen), value];
  });
}

/** One step; disposes of the state before and of the batch. `asItIs` does without `repeat`. */
export function step(
  model: Model,
  state: State,
  size: number,
  t: number,
  asItIs = false,
): { state: State; loss: tf.Tensor } {
  const batch = batchOf(size, t);
  const run = () => compute(model, state, batch);
  const results = asItIs ? run() : repeat({ owner: model, name: 'step', inputs: [...state, ...batch], run });
  tf.dispose([...state, ...batch]);
  return { state: results.slice(0, 4) as tf.Tensor1D[], loss: results[4]! };
}

/** The bits of the state after some steps of the given batch sizes. */
export function bitsAfter(model: Model, sizes: readonly number[], asItIs: boolean): string {
  let state = initial(model);
  sizes.forEach((size, i) => {
    const next = step(model, state, size, i + 1, asItIs);
    next.loss.dispose();
    state = next.state;
  });
  const text = bitsOf(state);
  tf.dispose([...state]);
  return text;
}

export const bitsOf = (tensors: readonly tf.Tensor[]): string =>
  tensors.map((tensor) => Buffer.from(tensor.dataSync().slice().buffer).toString('base64')).join();
