/** A run that is saved, loaded beside its original and resumed takes the very steps of one that was not. */
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  AdamL2,
  AdamW,
  extendWithDecoupledWeightDecay,
  Lion,
  Muon,
  NAdamW,
  RMSPropW,
  SGDL2,
  SGDW,
} from '../../src/index.js';
import { inMemory, reload, step, weightsOf } from './layers.js';
import { makeProgram } from './program.js';

beforeAll(() => tf.setBackend('cpu'));
afterEach(() => tf.disposeVariables());

const rates = { learningRate: 0.05, weightDecay: 0.01 };
const decay = { weightDecay: 0.01 };
const SGD = extendWithDecoupledWeightDecay(tf.SGDOptimizer);
const Momentum = extendWithDecoupledWeightDecay(tf.MomentumOptimizer);
const Adam = extendWithDecoupledWeightDecay(tf.AdamOptimizer);
const Adagrad = extendWithDecoupledWeightDecay(tf.AdagradOptimizer);
const Adadelta = extendWithDecoupledWeightDecay(tf.AdadeltaOptimizer);
const RMSProp = extendWithDecoupledWeightDecay(tf.RMSPropOptimizer);

const OPTIMIZERS: [string, () => tf.Optimizer][] = [
  ['AdamW', () => new AdamW(rates)],
  ['AdamL2', () => new AdamL2(rates)],
  ['SGDW', () => new SGDW(rates)],
  ['SGDL2', () => new SGDL2(rates)],
  ['NAdamW', () => new NAdamW(rates)],
  ['RMSPropW', () => new RMSPropW({ ...rates, momentum: 0.5, centered: true, epsilon: 1e-3 })],
  ['Lion', () => new Lion(rates)],
  ['Muon', () => new Muon({ ...rates, schedule: { name: 'cosine', epochs: 5, stepsPerEpoch: 4 } })],
  ['extended SGD', () => new SGD(decay, 0.05)],
  ['extended Momentum', () => new Momentum(decay, 0.05, 0.9)],
  ['extended Adam', () => new Adam(decay, 0.05, 0.9, 0.999, 1e-8)],
  ['extended Adagrad', () => new Adagrad(decay, 0.05, 0.1)],
  ['extended Adadelta', () => new Adadelta(decay, 0.05, 0.95, 1e-6)],
  ['extended RMSProp', () => new RMSProp(decay, 0.05, 0.9, 0.5, 1e-6, true)],
];

/** Two equal layers, so that the state of one fits the other, and a third. */
function network(optimizer: tf.Optimizer): tf.LayersModel {
  const dense = (seed: number, units: number, more = {}) =>
    tf.layers.dense({
      units,
      useBias: true,
      kernelInitializer: tf.initializers.glorotUniform({ seed }),
      ...more,
    });
  const layers = [dense(1, 3, { inputShape: [3], activation: 'tanh' }), dense(2, 3), dense(3, 1)];
  const model = tf.sequential({ layers });
  model.compile({ optimizer, loss: 'meanSquaredError' });
  return model;
}

async function losses(model: tf.LayersModel, from: number, steps: number): Promise<number[]> {
  const values = [];
  for (let i = from; i < from + steps; i++) values.push(await step(model, i));
  return values;
}

/** After some steps the optimizer has state of the layer that is frozen. */
function freeze(model: tf.LayersModel, layer: number, optimizer: tf.Optimizer): void {
  model.layers[layer]!.trainable = false;
  model.compile({ optimizer, loss: 'meanSquaredError' });
}

describe.each(OPTIMIZERS)('%s', (_name, make) => {
  test.each([
    ['no layer frozen', undefined, 0],
    ['the first layer frozen from the start', 0, 0],
    ['the first layer frozen after three steps', 0, 3],
    ['the second layer frozen after three steps', 1, 3],
  ])('resumes to the bit beside the original: %s', async (_case, frozen, after) => {
    const model = network(make());
    await losses(model, 0, after);
    if (frozen !== undefined) freeze(model, frozen, model.optimizer);
    await losses(model, after, 4);
    const resumed = await reload(model);
    const again = await reload(resumed);
    const expected = await losses(model, 10, 4);
    expect(await losses(resumed, 10, 4)).toEqual(expected);
    expect(weightsOf(resumed)).toEqual(weightsOf(model));
    // What was loaded and not yet used is saved again as it was.
    expect(await losses(again, 10, 4)).toEqual(expected);
  });
});

// SGD has no state.
const STATEFUL = OPTIMIZERS.filter(([name]) => name !== 'extended SGD');

describe.each(STATEFUL)('%s', (_name, make) => {
  test('refuses state of a variable that the program does not have, and changes nothing', async () => {
    const model = network(make());
    await losses(model, 0, 2);
    const weights = await model.optimizer.getWeights();
    const other = network(make());
    const strange = weights.slice(1).map(({ name, tensor }) => ({ name: `gone/${name}`, tensor }));
    await other.optimizer.setWeights([weights[0]!, ...strange]);
    const before = weightsOf(other);
    await expect(step(other)).rejects.toThrow(expect.objectContaining({ code: 'optimizer-state-unmatched' }));
    expect(weightsOf(other)).toEqual(before);
  });

  test('names the variable whose loaded state has another shape', async () => {
    const program = makeProgram();
    const before = make();
    before.minimize(program.loss, false, [program.kernel, program.bias]);
    const weights = await before.getWeights();
    program.bias.dispose();
    const bias = tf.variable(tf.zeros([5]), true, 'bias');
    const after = make();
    await after.setWeights(weights);
    expect(() => after.applyGradients([{ name: bias.name, tensor: tf.zeros([5]) }])).toThrow(
      /bias .*\[3\].*\[5\]/,
    );
  });

  test('variables that take turns keep their own state', () => {
    const turns = make();
    const program = makeProgram();
    for (let i = 0; i < 4; i++)
      for (const variable of [program.kernel, program.bias]) turns.minimize(program.loss, false, [variable]);
    const taken = [program.values().slice(0, 6), program.values().slice(6)];
    program.dispose();
    const alone = ['kernel', 'bias'].map((which) => {
      const optimizer = make();
      const other = makeProgram();
      for (let i = 0; i < 8; i++) {
        const variables = { kernel: other.kernel, bias: other.bias };
        // The step count goes on in the turns of the other variable, too.
        if ((i % 2 === 0) === (which === 'kernel'))
          optimizer.minimize(other.loss, false, [variables[which as 'kernel' | 'bias']]);
        else optimizer.applyGradients([]);
      }
      const values = which === 'kernel' ? other.values().slice(0, 6) : other.values().slice(6);
      other.dispose();
      return values;
    });
    expect(taken).toEqual(alone);
  });
});

test.each([
  ['AdamW', () => new AdamW(rates)],
  ['SGDW', () => new SGDW(rates)],
])('%s names the variable that was made anew in another shape', (_name, make) => {
  const optimizer = make();
  const first = tf.variable(tf.zeros([3]), true, 'theta');
  optimizer.applyGradients([{ name: 'theta', tensor: tf.zeros([3]) }]);
  first.dispose();
  tf.variable(tf.zeros([5]), true, 'theta');
  expect(() => optimizer.applyGradients([{ name: 'theta', tensor: tf.zeros([5]) }])).toThrow(
    expect.objectContaining({
      code: 'optimizer-state-unmatched',
      message: expect.stringMatching(/theta .*\[3\].*\[5\]/) as string,
    }),
  );
});

test('each slot of loaded state is checked, not the first alone', async () => {
  const theta = tf.variable(tf.zeros([5]), true, 'theta');
  const optimizer = new AdamW(rates);
  await optimizer.setWeights([
    { name: 'iter', tensor: tf.scalar(1, 'int32') },
    { name: 'theta/m', tensor: tf.zeros([5]) },
    { name: 'theta/v', tensor: tf.zeros([3]) },
  ]);
  expect(() => optimizer.applyGradients([{ name: theta.name, tensor: tf.zeros([5]) }])).toThrow(
    /theta\/v .*\[3\]/,
  );
});

test('the state of a model loaded beside another is saved under the names that a later load finds', async () => {
  const model = network(new AdamW(rates));
  await losses(model, 0, 2);
  const second = await reload(model);
  await losses(second, 2, 2);
  let names: string[] = [];
  await second.save(
    inMemory(({ weightSpecs }) => (names = weightSpecs!.map(({ name }) => name))),
    { includeOptimizer: true },
  );
  expect(new Set(names).size).toBe(names.length);
  const third = await reload(second);
  expect(await losses(third, 4, 3)).toEqual(await losses(second, 4, 3));
});

test.each(STATEFUL)('%s refuses two state tensors of one name', async (_name, make) => {
  const state = [1, 2, 3, 4, 5, 6].map(() => ({ name: 'theta/m', tensor: tf.zeros([5]) }));
  const weights = [{ name: 'iter', tensor: tf.scalar(1, 'int32') }, ...state];
  await expect(make().setWeights(weights)).rejects.toThrow(
    expect.objectContaining({ code: 'optimizer-state-unmatched' }),
  );
});

test('state that was given away can be read after further steps, and put back', async () => {
  const program = makeProgram();
  const optimizer = new AdamW(rates);
  const step = () => optimizer.minimize(program.loss, false, [program.kernel, program.bias]);
  step();
  const [before, kept] = [program.values(), await optimizer.getWeights()];
  const copies = kept.map(({ name, tensor }) => ({ name, tensor: tensor.clone() }));
  step();
  const after = program.values();
  for (const { tensor } of kept) expect(tensor.dataSync().every(Number.isFinite)).toBe(true);
  await optimizer.setWeights(copies);
  program.kernel.assign(tf.tensor2d(before.slice(0, 6), [2, 3]));
  program.bias.assign(tf.tensor1d(before.slice(6)));
  step();
  expect(program.values()).toEqual(after);
});

test('many variables, large and small, take the steps that each takes alone', () => {
  const shapes = [[300, 300], [3], [2, 2, 3, 2], [], [70_000], [5]];
  const take = (together: boolean) => {
    const variables = shapes.map((shape, i) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return tf.variable(
        tf.tidy(() => tf.cos(tf.range(0, size)).reshape(shape)),
        true,
        `many${i}`,
      );
    });
    const optimizers = (together ? [0] : shapes).map(() => new AdamW({ ...rates, exclude: 'rank1' }));
    for (let t = 0; t < 3; t++) {
      const gradients = variables.map((variable) => ({
        name: variable.name,
        tensor: tf.sin(tf.add(variable, t)),
      }));
      if (together) optimizers[0]!.applyGradients(gradients);
      else gradients.forEach((gradient, i) => optimizers[i]!.applyGradients([gradient]));
    }
    const values = variables.map((variable) => [...variable.dataSync()]);
    tf.dispose(variables);
    return values;
  };
  expect(take(true)).toEqual(take(false));
});
