/** SGD with Nesterov's momentum (https://proceedings.mlr.press/v28/sutskever13), as PyTorch and Keras write it. */
import { onePath, rule } from './rule.js';
import { choice, positiveShare } from './settings.js';
import { chain, nesterovMomentum, scaleByRate } from './transforms.js';

/**
 * Paper's form: m = beta1 m + eta_t alpha g, theta -= eta_t alpha g + beta1 m (Keras). Torch's form: m = beta1 m + g,
 * theta -= eta_t alpha (g + beta1 m) (`SGD(nesterov=True)` of PyTorch, `sgd(nesterov=True)` of optax).
 */
export const nesterov = rule({
  label: 'Nesterov',
  settings: {
    beta1: positiveShare(0.9, 'The momentum.'),
    momentumForm: choice(
      ['paper', 'torch'],
      'paper: m accumulates lr*g (Keras). torch: m accumulates g, lr multiplies the update (PyTorch, optax).',
    ),
  },
  lacks: onePath,
  chain: ({ beta1, momentumForm }, at) =>
    momentumForm === 'paper'
      ? chain(at.gradient, scaleByRate, nesterovMomentum(beta1), at.update)
      : chain(at.gradient, nesterovMomentum(beta1), scaleByRate, at.update),
});
