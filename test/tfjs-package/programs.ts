/** The programs that are tried with an installed package: README's first example, and every class. */
import { readFileSync } from 'node:fs';

export const NAME = '@adamw-bench/tfjs-weight-decay';

/** A statement that prints `result`, for programs in Node. */
export const PRINT = 'console.log(JSON.stringify(result));';
const readme = new URL('../../packages/tfjs-weight-decay/README.md', import.meta.url);

/** What README's example ends with: did it learn, and did the optimizer come back? */
export interface ExampleResult {
  readonly losses: readonly [number, number, number];
  readonly optimizer: string;
  readonly iterations: number;
  readonly config: Readonly<Record<string, unknown>>;
}

/** What `classes` of classes.js gives. */
export type ClassesResult = Readonly<
  Record<string, { values: number[]; resumed: number[]; loaded: string; leaked: number }>
>;

/** README's first example, whose models are then looked at. `finish` is a statement that takes `result`. */
export function example(finish: string): string {
  const [, snippet] = /<!-- first example -->\s*```js\n([^]*?)```/.exec(readFileSync(readme, 'utf8'))!;
  return `${snippet!}
const lossOf = (one) => { const loss = one.evaluate(x, y); return loss.dataSync()[0]; };
const fresh = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [8] })] });
fresh.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
const result = {
  losses: [fresh, model, again].map(lossOf),
  optimizer: again.optimizer.getClassName(),
  iterations: again.optimizer.iterations,
  config: again.optimizer.getConfig(),
};
${finish}
`;
}

/** All classes, on a backend. */
export const allClasses = (backend: string, finish: string): string => `
import * as tf from '@tensorflow/tfjs';
import * as ours from '${NAME}';
import { classes } from './classes.js';
const isThere = await tf.setBackend('${backend}');
const result = isThere ? await classes(tf, ours) : null;
${finish}
`;

/** The package by \`require\`. */
export const required = `
const tf = require('@tensorflow/tfjs');
const { AdamW } = require('${NAME}');
const theta = tf.variable(tf.tensor1d([1, -2]), true, 'theta');
const optimizer = new AdamW({ learningRate: 0, weightDecay: 0.5 });
optimizer.applyGradients({ theta: tf.zeros([2]) });
console.log(JSON.stringify([...theta.dataSync()]));
`;

/** As a TypeScript program sees it. */
export const typed = `
import * as tf from '@tensorflow/tfjs-core';
import { AdamW, extendWithDecoupledWeightDecay, Muon, scheduleFunction, type ScheduleOption } from '${NAME}';
const schedule: ScheduleOption = { name: 'cosine', epochs: 2, stepsPerEpoch: 3 };
const optimizer: tf.Optimizer = new AdamW({ learningRate: 1e-3, weightDecay: 1e-2, exclude: 'rank1', schedule });
const muon = new Muon({ learningRate: 1e-3, weightDecay: 0, matrices: (variable) => variable.rank === 2 });
const MomentumW = extendWithDecoupledWeightDecay(tf.MomentumOptimizer);
const momentum: tf.MomentumOptimizer = new MomentumW({ weightDecay: 1e-4 }, 0.1, 0.9);
const eta: number = scheduleFunction(schedule)(1).eta;
// @ts-expect-error -- only if the types of the options are found is this wrong
new AdamW({ learningRate: 1e-3, weightDecay: 1e-2, placement: 'l2' });
// @ts-expect-error -- the decay must be given
new AdamW({ learningRate: 1e-3 });
export { optimizer, muon, momentum, eta };
`;

/** Both packages in one program, in each order: whichever registered a class last, models of the other load. */
export const together = (first: string, second: string): string => `
import * as tf from '@tensorflow/tfjs';
import * as one from '${first}';
import * as two from '${second}';
import { classes } from './classes.js';
const codes = [];
process.on('warning', ({ code }) => codes.push(code));
const result = { one: await classes(tf, one), two: await classes(tf, two), codes };
console.log(JSON.stringify(result));
`;
