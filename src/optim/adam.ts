/**
 * Algorithm 2 of the paper: Adam with L2 regularisation, and AdamW.
 *
 * The two differ in where lambda theta enters: before the moments, so that it is divided by sqrt(vhat) like the
 * gradient, or after them. In the chain that is the place of one transform (placements.ts).
 */
import type { Places } from './placements.js';
import type { OptimizerRule } from './scalars.js';
import { chain, scaleBy, scaleByAdam, type Transform } from './transforms.js';

/** Adam (https://arxiv.org/abs/1412.6980), with what is at its places. */
export const adam = (rule: OptimizerRule, at: Places): Transform =>
  chain(
    at.gradient,
    scaleByAdam(rule, at),
    scaleBy((s) => s.stepSize),
    at.update,
  );
