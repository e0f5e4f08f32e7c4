/**
 * Algorithm 1 of the paper: SGD with momentum and L2 regularisation, and SGDW.
 *
 * As in adam.ts, the two differ in the place of the decay. One of the two scales around the momentum is always 1. The
 * other is eta_t alpha: the first in the paper's form, the second in PyTorch's and the authors' (`momentumForm`).
 */
import type { Places } from './placements.js';
import type { OptimizerRule } from './scalars.js';
import { chain, momentum, scaleBy, type Transform } from './transforms.js';

/** SGD with momentum, with what is at its places. The momentum is all that the gradient enters: it has no m or v apart. */
export const sgd = (rule: OptimizerRule, at: Pick<Places, 'gradient' | 'update'>): Transform =>
  chain(
    at.gradient,
    scaleBy((s) => s.gradientScale),
    momentum(rule.beta1),
    scaleBy((s) => s.momentumScale),
    at.update,
  );
