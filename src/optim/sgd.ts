/**
 * Algorithm 1 of the paper: SGD with momentum and L2 regularisation, and SGDW.
 *
 * As in adam.ts, the two differ in the place of `addDecay`. One of the two scales around the momentum is always 1. The
 * other is eta_t alpha: the first in the paper's form, the second in PyTorch's and the authors' (`momentumForm`).
 */
import type { Tensor1D } from '@tensorflow/tfjs-core';
import type { OptimizerRule } from './scalars.js';
import { addDecay, chain, momentum, scaleBy, type Transform } from './transforms.js';

/** SGD with momentum, with lambda/2 |theta|^2 added to the loss. */
export const sgdL2 = (rule: OptimizerRule, mask?: Tensor1D): Transform =>
  chain(
    addDecay((s) => s.l2, mask),
    scaleBy((s) => s.gradientScale),
    momentum(rule.beta1),
    scaleBy((s) => s.momentumScale),
  );

/** SGD with momentum, with theta decayed beside the update. */
export const sgdW = (rule: OptimizerRule, mask?: Tensor1D): Transform =>
  chain(
    scaleBy((s) => s.gradientScale),
    momentum(rule.beta1),
    scaleBy((s) => s.momentumScale),
    addDecay((s) => s.decay, mask),
  );
