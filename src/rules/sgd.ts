/**
 * Algorithm 1 of the paper: SGD with momentum and L2 regularisation, and SGDW.
 *
 * As in adam.ts, the two differ in the place of the decay. The rate eta_t alpha stands before the momentum in the paper's
 * form, and after it in PyTorch's and the authors' (`momentumForm`). The two differ only where the rate changes.
 */
import { classicSettings } from './classic.js';
import { onePath, rule } from './rule.js';
import { chain, momentum, scaleByRate } from './transforms.js';

/** SGD with momentum. The momentum is all that the gradient enters: it has no m or v apart. */
export const sgd = rule({
  label: 'SGD',
  settings: classicSettings,
  lacks: onePath,
  chain: ({ beta1, momentumForm }, at) =>
    momentumForm === 'paper'
      ? chain(at.gradient, scaleByRate, momentum(beta1), at.update)
      : chain(at.gradient, momentum(beta1), scaleByRate, at.update),
});
