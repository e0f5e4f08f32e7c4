/**
 * Algorithm 2 of the paper: Adam with L2 regularisation, and AdamW.
 *
 * The two differ in where lambda theta enters: before the moments, so that it is divided by sqrt(vhat) like the
 * gradient, or after them. In the chain that is the place of one transform.
 */
import type { Tensor1D } from '@tensorflow/tfjs-core';
import type { OptimizerRule } from './scalars.js';
import { addDecay, chain, scaleBy, scaleByAdam, type Transform } from './transforms.js';

/** Adam, with lambda/2 |theta|^2 added to the loss. */
export const adamL2 = (rule: OptimizerRule, mask?: Tensor1D): Transform =>
  chain(
    addDecay((s) => s.l2, mask),
    scaleByAdam(rule),
    scaleBy((s) => s.stepSize),
  );

/** Adam, with theta decayed beside the update. */
export const adamW = (rule: OptimizerRule, mask?: Tensor1D): Transform =>
  chain(
    scaleByAdam(rule),
    scaleBy((s) => s.stepSize),
    addDecay((s) => s.decay, mask),
  );
