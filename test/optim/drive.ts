/** Runs an optimizer of src/optim over the problem of problem.ts. */
// For the gradients of this file's own operations.
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { makeOptimizer, makeSchedule } from '../../src/optim/index.js';
import type { Optimizer, StepInfo } from '../../src/optim/index.js';
import type { OptimizerRule } from '../../src/optim/scalars.js';
import type { Run } from './paper.js';

export const RULE: OptimizerRule = {
  name: 'adamw',
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  epsForm: 'paper',
  momentumForm: 'paper',
  convention: 'paper',
};

export type Gradient = (theta: readonly number[], t: number) => number[];

/** theta after each step 0..T, as float32, with gradients computed outside of tfjs. */
export function drive(run: Run, theta0: readonly number[], grad: Gradient): number[][] {
  const mask = run.mask && tf.tensor1d([...run.mask]);
  const optimizer = makeOptimizer(run.rule, { lr: run.lr, wd: run.wd, mask });
  const schedule = makeSchedule(run.schedule, { ...run, warmup: 0 });
  const steps = Array.from({ length: run.epochs * run.stepsPerEpoch }, (_, i) => ({
    t: i + 1,
    ...schedule(i + 1),
  }));
  const path = walk(optimizer, theta0, grad, steps);
  mask?.dispose();
  return path;
}

/** The same for any optimizer and any steps. */
export function walk(
  optimizer: Optimizer,
  theta0: readonly number[],
  grad: Gradient,
  steps: readonly StepInfo[],
): number[][] {
  let theta = tf.tensor1d([...theta0]);
  let slots = optimizer.init(theta0.length);
  const path = [Array.from(theta.dataSync())];
  for (const at of steps) {
    const g = tf.tensor1d(grad(path.at(-1)!, at.t));
    const next = optimizer.update(theta, g, slots, at);
    tf.dispose([theta, g, ...slots]);
    ({ theta, slots } = next);
    path.push(Array.from(theta.dataSync()));
  }
  tf.dispose([theta, ...slots]);
  return path;
}
