/** What of an optimizer survives `model.save` and `tf.loadLayersModel`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
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
import { inFolder, inMemory, reload, step, unitLayer, weightsOf } from './layers.js';

beforeAll(() => tf.setBackend('cpu'));
afterEach(() => tf.disposeVariables());

const SGD = extendWithDecoupledWeightDecay(tf.SGDOptimizer);
const still = { learningRate: 0, weightDecay: 0.5 };

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'adamw-bench-saving-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe.each([
  ['AdamW', (include: string[]) => new AdamW({ ...still, include })],
  ['SGDW', (include: string[]) => new SGDW({ ...still, include })],
  ['extended SGD', (include: string[]) => new SGD({ weightDecay: 0.5, include }, 0)],
])('include of %s', (kind, make) => {
  test.each(['memory', 'files'])('keeps a name with an underscore, saved to %s', async (place) => {
    const model = unitLayer((kernel) => make([kernel]));
    expect(model.layers[0]!.weights[0]!.name).toMatch(/_.*\/kernel/);
    await step(model);
    expect(weightsOf(model)).toEqual([0.5]);
    const loaded = await reload(model, place === 'memory' ? inMemory() : inFolder(scratch()));
    await step(loaded);
    expect(weightsOf(loaded)).toEqual([0.25]);
    expect(weightsOf(model)).toEqual([0.5]);
  });

  test('decays the variable that tfjs renamed in a model loaded beside its original', async () => {
    const name = `fc${kind.replace(' ', '')}`;
    const model = unitLayer(make([`${name}/kernel`]), name);
    await step(model);
    expect(weightsOf(model)).toEqual([0.5]);
    const second = await reload(model);
    expect(second.weights[0]!.name).toBe(`${name}/kernel_1`);
    await step(second);
    expect(weightsOf(second)).toEqual([0.25]);
    const third = await reload(second);
    await step(third);
    expect(weightsOf(third)).toEqual([0.125]);
  });

  test('of names that are renamed ones goes on in the next copy, and with the original gone', async () => {
    const name = `again${kind.replace(' ', '')}`;
    const first = unitLayer(make([]), name);
    const second = await reload(first);
    first.dispose();
    second.compile({ optimizer: make([second.weights[0]!.name]), loss: 'meanSquaredError' });
    await step(second);
    expect(weightsOf(second)).toEqual([0.5]);
    const third = await reload(second);
    second.dispose();
    await step(third);
    expect(weightsOf(third)).toEqual([0.25]);
  });

  test('saved as bare names by an earlier version is read', async () => {
    const model = unitLayer((kernel) => make([kernel]));
    await step(model);
    const names = [model.layers[0]!.weights[0]!.name];
    const io = inMemory(({ trainingConfig }) => {
      const config = trainingConfig!['optimizer_config'] as unknown as { config: { include: unknown } };
      config.config.include = names;
    });
    const loaded = await reload(model, io);
    await step(loaded);
    expect(weightsOf(loaded)).toEqual([0.25]);
  });
});

test('a listed variable that a step has keeps its name from its namesakes', async () => {
  const values = () =>
    [tf.variable(tf.scalar(1), true, 'w'), tf.variable(tf.scalar(1), true, 'w_1')] as const;
  const [w, w1] = values();
  const optimizer = new SGDW({ ...still, include: ['w'] });
  const apply = (...variables: tf.Variable[]) =>
    optimizer.applyGradients(variables.map(({ name }) => ({ name, tensor: tf.scalar(0) })));
  apply(w, w1);
  apply(w1);
  expect([w.dataSync()[0], w1.dataSync()[0]]).toEqual([0.5, 1]);
});

test('numbers in a program’s own names are no suffixes of tfjs', () => {
  const w1 = tf.variable(tf.scalar(1), true, 'w_1');
  const w2 = tf.variable(tf.scalar(1), true, 'w_2');
  const optimizer = new SGDW({ ...still, include: ['w_1'] });
  optimizer.applyGradients([{ name: 'w_2', tensor: tf.scalar(0) }]);
  expect([w1.dataSync()[0], w2.dataSync()[0]]).toEqual([1, 1]);
});

test('a name that stands for two renamed variables of one step is refused', () => {
  const names = ['two/kernel_1', 'two/kernel_2'];
  for (const name of names) tf.variable(tf.scalar(1), true, name);
  const optimizer = new SGDW({ ...still, include: ['two/kernel'] });
  expect(() => optimizer.applyGradients(names.map((name) => ({ name, tensor: tf.scalar(0) })))).toThrow(
    expect.objectContaining({ code: 'include-unmatched' }),
  );
});

test.each([
  ['AdamW', new AdamW({ learningRate: 0.1, weightDecay: 0.2, beta1: 0.8, epsilon: null, epsForm: 'torch7' })],
  ['AdamL2', new AdamL2({ learningRate: 0.1, weightDecay: 0.2, convention: 'normalized', cycleSteps: 7 })],
  ['SGDW', new SGDW({ learningRate: 0.1, weightDecay: 0.2, momentum: 0, momentumForm: 'torch' })],
  ['SGDL2', new SGDL2({ learningRate: 0.1, weightDecay: 0.2, convention: 'constant', include: ['a_b/c_1'] })],
  ['extended SGD', new SGD({ weightDecay: 0.2, include: ['a_b/c_1'] }, 0.1)],
  ['extended SGD, exclude', new SGD({ weightDecay: 0.2, exclude: 'rank1' }, 0.1)],
  [
    'NAdamW',
    new NAdamW({
      ...{
        learningRate: 0.1,
        weightDecay: 0.2,
        placement: 'cautious',
        momentumDecay: 1,
        exclude: ['a_b/c_1'],
      },
      schedule: { name: 'step', at: [0.5, 0.9], factor: 0.2, epochs: 3, stepsPerEpoch: 4, warmup: 0.5 },
    }),
  ],
  [
    'RMSPropW',
    new RMSPropW({
      ...{ learningRate: 0.1, weightDecay: 0.2, rho: 0.8, epsilon: 1e-3, epsForm: 'inside', centered: true },
      ...{ momentum: 0.5, momentumForm: 'paper', exclude: 'rank1' },
    }),
  ],
  ['Lion', new Lion({ learningRate: 0.1, weightDecay: 0.2, beta1: 0.5, beta2: 0.6 })],
  [
    'Muon',
    new Muon({
      ...{ learningRate: 0.1, weightDecay: 0.2, momentum: 0.5, iterations: 3, restRate: 0.1 },
      ...{ nesterov: false, biasCorrection: true, convention: 'timescale' },
      ...{ scale: 'spectral', matrices: ['a_b/c_1'], beta1: 0.1, beta2: 0.2, epsilon: 1e-3 },
      schedule: { name: 'warm-restarts', firstCycle: 1, multiply: 3, epochs: 3, stepsPerEpoch: 4 },
    }),
  ],
])('every option of %s survives the files', async (_name, optimizer) => {
  const loaded = await reload(unitLayer(optimizer), inFolder(scratch()));
  expect(loaded.optimizer.getClassName()).toBe(optimizer.getClassName());
  expect(loaded.optimizer.getConfig()).toEqual(optimizer.getConfig());
});
