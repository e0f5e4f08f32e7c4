/**
 * What one update costs: the classes for tfjs programs beside tf.train.adam, on models of 40 variables.
 *
 *   npm run bench:tfjs                  backends cpu and wasm, 20 rounds: about three minutes
 *   npm run bench:tfjs -- --quick       4 rounds, to see that it works
 *   npm run bench:tfjs -- --backend cpu
 *
 * Only `applyGradients` is timed, with the same gradients for all. In each round every optimizer takes its turn, and turns
 * are compared within the round: so a noisy moment spoils a round and not a contender. Prints the median and the range of
 * the ratios to tf.train.adam; below 1 is faster. Wants a quiet machine.
 */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { AdamW, extendWithDecoupledWeightDecay, Lion, NAdamW, RMSPropW, SGDW } from '../src/tf-optimizers/index.js';

const { values: options } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, backend: { type: 'string', multiple: true } },
});
const rounds = options.quick ? 4 : 20;
const MILLISECONDS = options.quick ? 30 : 150;

/** 20 layers, each with a kernel and a bias. */
const MODELS: Record<string, readonly (readonly number[])[]> = {
  'dense 16x16': layers([16, 16]),
  'dense 64x64': layers([64, 64]),
  'convolution 3x3x32x32': layers([3, 3, 32, 32]),
  'dense 256x256': layers([256, 256]),
  'dense 512x512': layers([512, 512]),
};

function layers(kernel: readonly number[]): number[][] {
  return Array.from({ length: 20 }, () => [[...kernel], [kernel.at(-1)!]]).flat();
}

const rates = { learningRate: 1e-3, weightDecay: 1e-2 };
const AdamD = extendWithDecoupledWeightDecay(tf.AdamOptimizer);
const CONTENDERS: Record<string, () => tf.Optimizer> = {
  'tf.train.adam': () => tf.train.adam(1e-3),
  AdamW: () => new AdamW(rates),
  "AdamW, exclude 'rank1'": () => new AdamW({ ...rates, exclude: 'rank1' }),
  NAdamW: () => new NAdamW(rates),
  'RMSPropW, centered, momentum': () => new RMSPropW({ ...rates, centered: true, momentum: 0.9 }),
  SGDW: () => new SGDW(rates),
  Lion: () => new Lion(rates),
  'extended tf.AdamOptimizer': () => new AdamD({ weightDecay: 1e-2 }, 1e-3, 0.9, 0.999),
};

interface Contender {
  readonly name: string;
  readonly step: () => void;
  readonly dispose: () => void;
}

/** An optimizer with variables of its own. */
function contender(name: string, shapes: readonly (readonly number[])[], gradients: readonly tf.Tensor[]): Contender {
  const optimizer = CONTENDERS[name]!();
  const variables = shapes.map((shape, i) => tf.variable(tf.ones([...shape]), true, `${name}/layer/${i}`));
  const given = variables.map((variable, i) => ({ name: variable.name, tensor: gradients[i]! }));
  return {
    name,
    step: () => optimizer.applyGradients(given),
    dispose: () => {
      optimizer.dispose();
      tf.dispose(variables);
    },
  };
}

/** Milliseconds of a step, over at least MILLISECONDS. */
function timed(step: () => void): number {
  const start = performance.now();
  let steps = 0;
  do {
    step();
    steps++;
  } while (performance.now() - start < MILLISECONDS);
  return (performance.now() - start) / steps;
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)]! + sorted[Math.ceil((sorted.length - 1) / 2)]!) / 2;
};

function measure(shapes: readonly (readonly number[])[]): void {
  const gradients = shapes.map((shape) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return tf.tidy(() => tf.reshape(tf.mul(tf.sin(tf.range(0, size)), 0.1), [...shape]));
  });
  const contenders = Object.keys(CONTENDERS).map((name) => contender(name, shapes, gradients));
  for (const { step } of contenders) for (let i = 0; i < 3; i++) step();
  const times = contenders.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    // Who comes first changes from round to round.
    for (let turn = 0; turn < contenders.length; turn++) {
      const i = (round + turn) % contenders.length;
      times[i]!.push(timed(contenders[i]!.step));
    }
  }
  for (const [i, { name, dispose }] of contenders.entries()) {
    const ratios = times[i]!.map((time, round) => time / times[0]![round]!);
    const range = `${Math.min(...ratios).toFixed(2)}-${Math.max(...ratios).toFixed(2)}`;
    console.log(
      `  ${name.padEnd(30)}${median(times[i]!).toFixed(2).padStart(8)} ms${median(ratios).toFixed(2).padStart(7)}  ${range}`,
    );
    dispose();
  }
  tf.dispose(gradients);
}

const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
setWasmPaths(join(dirname(wasm), '/'));
for (const backend of options.backend ?? ['cpu', 'wasm']) {
  if (!(await tf.setBackend(backend))) throw new Error(`There is no backend ${backend} here.`);
  for (const [model, shapes] of Object.entries(MODELS)) {
    console.log(`${backend}, 20 x ${model} with biases: ms a step, ratio to tf.train.adam, its range`);
    measure(shapes);
  }
}
