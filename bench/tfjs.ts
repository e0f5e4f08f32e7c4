/**
 * What one update costs: the classes for tfjs programs beside tf.train.adam, on models of 40 variables.
 *
 *   npm run bench:tfjs                  backends cpu and wasm, 20 rounds: some ten minutes
 *   npm run bench:tfjs -- --write       the same, and puts the table into docs/tfjs.md
 *   npm run bench:tfjs -- --quick       4 rounds, to see that it works
 *   npm run bench:tfjs -- --backend cpu
 *
 * Only `applyGradients` is timed, with the same gradients for all. In each round every optimizer takes its turn, and turns
 * are compared within the round: so a noisy moment spoils a round and not a contender. Prints the median and the range of
 * the ratios to tf.train.adam; below 1 is faster. Wants a quiet machine.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { format, resolveConfig } from 'prettier';
import { writeAtomically } from '../src/files/atomic.js';
import {
  AdamW,
  extendWithDecoupledWeightDecay,
  Lion,
  NAdamW,
  RMSPropW,
  SGDW,
} from '../src/tf-optimizers/index.js';
import { aligned, markdown, type Table } from './table.js';

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    backend: { type: 'string', multiple: true },
  },
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
function contender(
  name: string,
  shapes: readonly (readonly number[])[],
  gradients: readonly tf.Tensor[],
): Contender {
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

/** Each contender's milliseconds a step, round by round. */
function measure(shapes: readonly (readonly number[])[]): number[][] {
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
  for (const { dispose } of contenders) dispose();
  tf.dispose(gradients);
  return times;
}

/** A row of the table: tf.train.adam in ms, then the others' ratios to it. */
function row(backend: string, model: string, [adam, ...others]: readonly number[][]): string[] {
  const ratios = others.map((times) => times.map((time, round) => time / adam![round]!));
  const shown = ratios.map(
    (all) => `${median(all).toFixed(2)} (${Math.min(...all).toFixed(2)}–${Math.max(...all).toFixed(2)})`,
  );
  return [backend, model, median(adam!).toFixed(2), ...shown];
}

const marks = /(<!-- tfjs speed -->\n)[\s\S]*?(<!-- end tfjs speed -->)/;

/** Puts the table into docs/tfjs.md. */
async function publish(table: Table): Promise<void> {
  const file = fileURLToPath(new URL('../docs/tfjs.md', import.meta.url));
  const text = await readFile(file, 'utf8');
  if (!marks.test(text))
    throw new Error('docs/tfjs.md has no <!-- tfjs speed --> and <!-- end tfjs speed -->.');
  const where = `tfjs ${tf.version_core}, Node ${process.versions.node}, ${cpus()[0]!.model}, ${new Date().toISOString().slice(0, 10)}`;
  const section =
    `A step of 20 layers with biases, as a multiple of the time of \`tf.train.adam\`: median and range of ${rounds} ` +
    `rounds taken in turn. Below 1 is faster. ${where}.`;
  const whole = text.replace(
    marks,
    (_, open: string, close: string) => `${open}\n${section}\n\n${markdown(table)}\n\n${close}`,
  );
  const style = (await resolveConfig(file)) ?? {};
  await writeAtomically(file, await format(whole, { ...style, parser: 'markdown' }));
}

const [adam, ...others] = Object.keys(CONTENDERS);
const heads = ['backend', '20 layers', `${adam!}, ms`, ...others];
const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
setWasmPaths(join(dirname(wasm), '/'));
const rows: string[][] = [];
for (const backend of options.backend ?? ['cpu', 'wasm']) {
  if (!(await tf.setBackend(backend))) throw new Error(`There is no backend ${backend} here.`);
  for (const [model, shapes] of Object.entries(MODELS)) {
    console.error(`${backend}, ${model} ...`);
    rows.push(row(backend, model, measure(shapes)));
  }
}
console.log(aligned({ heads, rows }));
if (options.write) await publish({ heads, rows });
