/** Variables that take their steps together. */
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { arrange } from '../../src/tf-optimizers/groups.js';
import { AdamW } from '../../src/tf-optimizers/index.js';

beforeAll(() => tf.setBackend('cpu'));
afterEach(() => tf.disposeVariables());

const SIZES = [4000, 10, 4000, 4000, 4097, 4000, 4000, 20000, 7];
const variablesOf = (prefix: string) =>
  SIZES.map((size, i) => tf.variable(tf.sin(tf.range(i, i + size)), true, `${prefix}${i}`));

test('vectors have at most 16,384 numbers, and variables of more than 4,096 go alone', () => {
  const groups = arrange(variablesOf('a'), () => false, true);
  const sizes = groups.map(({ variables }) => variables.map(({ size }) => size));
  expect(sizes).toEqual([[4000, 10, 4000, 4000, 4000], [4000, 7], [4097], [20000]]);
  expect(groups.map(({ layout }) => layout)).toEqual([[[16010]], [[4007]], [[4097]], [[20000]]]);
});

test('a step of many variables is that of each alone', () => {
  const options = { learningRate: 0.1, weightDecay: 0.1 };
  const [together, apart] = [variablesOf('together'), variablesOf('apart')];
  const optimizer = new AdamW(options);
  const own = apart.map(() => new AdamW(options));
  const gradients = (variables: readonly tf.Variable[]) =>
    Object.fromEntries(variables.map((variable) => [variable.name, tf.cos(variable) as tf.Tensor]));
  for (let step = 0; step < 3; step++) {
    optimizer.applyGradients(gradients(together));
    for (const [i, one] of own.entries()) one.applyGradients(gradients([apart[i]!]));
  }
  for (const [i, variable] of together.entries()) expect(variable.dataSync()).toEqual(apart[i]!.dataSync());
});
