/**
 * Speed of the wasm backend's training kernels on one core, beside its forward ones.
 *
 *   npm run bench:wasm
 *
 * Prints the median and the best of the rounds in GFLOP/s (two operations a multiply-add; the convolutions are
 * counted as the plain ones they compute, without what padding or rearrangement add).
 */
import * as tf from '@tensorflow/tfjs-core';
import { loadWasm } from '../src/backends/wasm/index.js';

interface Case {
  readonly name: string;
  readonly flop: number;
  readonly run: () => tf.Tensor;
}

/** A 3x3 "same" convolution on square images: forward and both gradients. */
function convolution(n: number, size: number, cIn: number, cOut: number, stride = 1, k = 3): Case[] {
  const out = Math.ceil(size / stride);
  const x = tf.randomNormal<tf.Rank.R4>([n, size, size, cIn]);
  const dy = tf.randomNormal<tf.Rank.R4>([n, out, out, cOut]);
  const filter = tf.randomNormal<tf.Rank.R4>([k, k, cIn, cOut]);
  const flop = 2 * n * out * out * k * k * cIn * cOut;
  const attrs = { strides: stride, pad: 'same', dataFormat: 'NHWC', dimRoundingMode: undefined };
  const name = `${k}x${k} [${n},${size},${size},${cIn}] -> ${cOut}${stride > 1 ? ` stride ${stride}` : ''}`;
  const kernel = (kernelName: string, inputs: tf.NamedTensorMap, more: object) => (): tf.Tensor =>
    tf.engine().runKernel(kernelName, inputs, { ...attrs, ...more } as unknown as tf.NamedAttrMap);
  return [
    { name: `${name} forward`, flop, run: () => tf.conv2d(x, filter, stride, 'same') },
    {
      name: `${name} input gradient`,
      flop,
      run: kernel(tf.Conv2DBackpropInput, { dy, filter }, { inputShape: x.shape }),
    },
    {
      name: `${name} filter gradient`,
      flop,
      run: kernel(tf.Conv2DBackpropFilter, { x, dy }, { filterShape: filter.shape }),
    },
  ];
}

function products(size: number): Case[] {
  const [a, b] = [tf.randomNormal<tf.Rank.R2>([size, size]), tf.randomNormal<tf.Rank.R2>([size, size])];
  return [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) => ({
      name: `matmul ${size} ${transposeA ? 'A^T' : 'A'} ${transposeB ? 'B^T' : 'B'}`,
      flop: 2 * size ** 3,
      run: () => tf.matMul(a, b, transposeA, transposeB),
    })),
  );
}

/** Milliseconds of each round; the cases take turns, so that a noisy moment does not fall on one of them. */
function measure(cases: readonly Case[], rounds: number): number[][] {
  const times = cases.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    cases.forEach(({ run }, i) => {
      const start = performance.now();
      run().dispose();
      times[i]!.push(performance.now() - start);
    });
  }
  return times;
}

await loadWasm();
const cases = [
  ...convolution(128, 32, 16, 16),
  ...convolution(128, 16, 32, 32),
  ...convolution(128, 8, 64, 64),
  ...convolution(128, 32, 16, 32, 2),
  ...convolution(128, 32, 16, 32, 2, 1),
  ...convolution(128, 14, 16, 32, 1, 5),
  ...products(512),
];
measure(cases, 2);
const times = measure(cases, 15);
console.log(`${''.padEnd(48)}${'median'.padStart(10)}${'best'.padStart(10)}  GFLOP/s`);
cases.forEach(({ name, flop }, i) => {
  const sorted = times[i]!.sort((p, q) => p - q);
  const rate = (ms: number): string => (flop / ms / 1e6).toFixed(1).padStart(10);
  console.log(name.padEnd(48) + rate(sorted[sorted.length >> 1]!) + rate(sorted[0]!));
});
