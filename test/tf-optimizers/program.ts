/** A tiny tfjs program to optimize: two variables, and a non-convex loss of them. */
import * as tf from '@tensorflow/tfjs-core';

export interface Program {
  readonly kernel: tf.Variable;
  readonly bias: tf.Variable;
  /** sum(cos(x) + x^2/4) over both variables. */
  loss(): tf.Scalar;
  /** All values, kernel first. */
  values(): number[];
  dispose(): void;
}

export const START = [0.5, -1, 2, 1.5, -0.25, 0.75, 1, -2, 0.1];

// tfjs-core's build for Node registers no gradients; the sum's and the cosine's are written here.
const energy = tf.customGrad((...args) => {
  const inputs = args.slice(0, -1) as tf.Tensor[];
  const value = inputs
    .map((x) => tf.sum(tf.add(tf.cos(x), tf.div(tf.square(x), 4))))
    .reduce((a, b) => tf.add(a, b));
  return {
    value: value as tf.Scalar,
    gradFunc: (dy) => inputs.map((x) => tf.mul(dy as tf.Scalar, tf.sub(tf.div(x, 2), tf.sin(x)))),
  };
});

/** The gradient of the loss at flat values. */
export const gradient = (values: readonly number[]): number[] => values.map((x) => x / 2 - Math.sin(x));

export function makeProgram(suffix = ''): Program {
  const kernel = tf.tidy(() => tf.variable(tf.tensor2d(START.slice(0, 6), [2, 3]), true, `kernel${suffix}`));
  const bias = tf.tidy(() => tf.variable(tf.tensor1d(START.slice(6)), true, `bias${suffix}`));
  return {
    kernel,
    bias,
    loss: () => energy(kernel, bias) as tf.Scalar,
    values: () => [...kernel.dataSync(), ...bias.dataSync()],
    dispose: () => tf.dispose([kernel, bias]),
  };
}

/** Minimizes for some steps. */
export function train(program: Program, optimizer: tf.Optimizer, steps: number): number[] {
  for (let i = 0; i < steps; i++) optimizer.minimize(program.loss, false, [program.kernel, program.bias]);
  return program.values();
}

/** The values after some steps of a fresh program, which is disposed of with the optimizer. */
export function finish(optimizer: tf.Optimizer, steps = 20): number[] {
  const program = makeProgram();
  const values = train(program, optimizer, steps);
  program.dispose();
  optimizer.dispose();
  return values;
}
