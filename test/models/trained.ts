/** Steps of every network on a backend, on fixed numbers, for comparison with another backend. */
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend, type BackendName } from '../../src/backends/index.js';
import { forget } from '../../src/backends/repeat.js';
import type { Tokens } from '../../src/data/dataset.js';
import type { OptimizerSettings } from '../../src/experiment/optimizerSettings.js';
import type { ModelSpec } from '../../src/experiment/specs.js';
import { buildModel } from '../../src/models/index.js';
import { makeOptimizer } from '../../src/optim/index.js';
import { passesOf } from '../../src/train/passes.js';
import { weightArrays, weightTensors } from '../../src/train/snapshot.js';
import type { Batch } from '../../src/train/step.js';
import { goldenStream, images, labels, thetaOf } from './formula.js';

const sgd: OptimizerSettings = {
  name: 'sgd',
  beta1: 0.9,
  beta2: 0,
  eps: 1e-8,
  epsForm: 'paper',
  momentumForm: 'paper',
  convention: 'paper',
};

/** A network, and the tokens that it reads; none: images. */
export type Network = ModelSpec & { readonly tokens?: Tokens };

/** A batch of images with a label each, or of six tokens with as many labels as are answered. */
function batchFor(tokens: Tokens | undefined) {
  const [batch, size, classes] = [4, 6, 5];
  if (!tokens) {
    const shape: Batch['shape'] = [batch, size, size, 3];
    return { classes, input: { images: images(shape), labels: labels(batch, classes), shape } };
  }
  const shape: Batch['shape'] = [batch, 1, size, 1];
  const answers = tokens.answers === 'each' ? batch * size : batch;
  const text = Float32Array.from({ length: batch * size }, (_, i) => (7 * i * i + 3 * i) % tokens.vocabulary);
  return { classes, input: { images: text, labels: labels(answers, classes), shape } };
}

/** Steps of a network on the current backend, all on one batch, from weights by formula. */
export function training({ tokens, ...spec }: Network, settings: OptimizerSettings) {
  const { classes, input } = batchFor(tokens);
  const [, height, width, channels] = input.shape;
  const model = buildModel(spec, { height, width, channels, classes, tokens });
  const layout = model.params.map(({ shape }) => shape);
  const wd = settings.placement === 'none' ? 0 : 0.01;
  const optimizer = makeOptimizer(settings, { lr: 0.02, wd, layout });
  const passes = passesOf(model, optimizer);
  const theta = thetaOf(model.params);
  const slots = optimizer.slots.map(() => new Float32Array(theta.length));
  let weights = weightTensors({ theta, slots, state: model.initialState() });
  const random = goldenStream();
  let t = 0;
  return {
    step: () => void (weights = passes.train(weights, input, { t: ++t, eta: 1, cycleSteps: 3 }, random)),
    evaluate: () => passes.evaluate(weights, input),
    isDue: () => passes.isDue(),
    losses: async () => (await passes.scores()).map(({ loss }) => loss),
    arrays: () => weightArrays(weights),
    dispose() {
      passes.dispose();
      tf.dispose([weights.theta, weights.state, ...weights.slots]);
      forget(model);
    },
  };
}

/** Parameters and running statistics after three steps, the losses of the steps, and the loss in evaluation. */
export async function trained(backend: BackendName, spec: Network, settings: OptimizerSettings = sgd) {
  await loadBackend(backend, { threads: 1 });
  const run = training(spec, settings);
  for (let i = 0; i < 3; i++) run.step();
  const arrays = await run.arrays();
  run.evaluate();
  const losses = await run.losses();
  run.dispose();
  return { ...arrays, losses: losses.slice(0, -1), loss: losses.at(-1)! };
}

const references = new Map<Network, ReturnType<typeof trained>>();
/** What the cpu backend, slow and trusted, makes of a network; computed once for all that are compared with it. */
export function reference(spec: Network): ReturnType<typeof trained> {
  const known = references.get(spec) ?? trained('cpu', spec);
  references.set(spec, known);
  return known;
}

/** Euclidean, relative to the second. */
export const distance = (a: Float32Array, b: Float32Array) =>
  Math.hypot(...a.map((value, i) => value - b[i]!)) / Math.max(Math.hypot(...b), 1e-30);

/** Widths of 16 and more take the onednn backend's Winograd kernels. */
const transformer = {
  name: 'transformer',
  layers: 2,
  width: 8,
  heads: 2,
  expand: 4,
  norm: true,
  patch: 3,
} as const;

export const networks: Network[] = [
  { name: 'mlp', hidden: [7, 5] },
  { name: 'mlp', hidden: [7, 5], batchNorm: true },
  { name: 'cnn', filters: [3, 4], hidden: [6] },
  { name: 'resnet', depth: 8, width: 4 },
  { name: 'resnet', depth: 8, width: 16 },
  { name: 'shake-shake', depth: 8, width: 4, per: 'image' },
  { name: 'wide-resnet', depth: 10, widen: 1 },
  transformer,
  { ...transformer, tokens: { vocabulary: 9, answers: 'last' } },
  { ...transformer, tokens: { vocabulary: 9, answers: 'each' } },
];
