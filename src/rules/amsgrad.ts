/** AMSGrad (https://openreview.net/forum?id=ryQu7f-RZ): Adam, but the scale never falls. */
import { adamNumbers } from './adam.js';
import { rule } from './rule.js';
import { choice, positive, share, type ValuesOf } from './settings.js';
import { chain, moments, over, scaleByRate, type Paths } from './transforms.js';

const settings = {
  beta1: share(0.9, 'Decay rate of the first moment.'),
  beta2: share(0.999, 'Decay rate of the second moment.'),
  eps: positive(1e-8, 'Added to the denominator.'),
  epsForm: choice(
    ['paper', 'torch7'],
    'paper: eps is added to the root after the bias correction (PyTorch, optax). torch7: before it (Keras).',
  ),
  maxOf: choice(
    ['v', 'vhat'],
    'v: the maximum of the second moments, its bias corrected afterwards (PyTorch, Keras). vhat: of the corrected ones (optax).',
  ),
};

/**
 * u -> mhat / (sqrt(vmax / (1 - beta2^t)) + eps), vmax being the largest v so far; with `maxOf: vhat`,
 * mhat / (sqrt(max of vhat) + eps).
 */
const scaleByAmsgrad = (of: ValuesOf<typeof settings>, at: Paths) =>
  moments(at, {
    slots: ['m', 'v', 'vmax'],
    numbers: ({ t }) => adamNumbers(of, t),
    apply(forM, forV, { ops, slots, s }) {
      const { add, mul, div, sqrt, square, max } = ops;
      const m = add(mul(slots.m, of.beta1), mul(forM, 1 - of.beta1));
      const v = add(mul(slots.v, of.beta2), mul(square(forV), 1 - of.beta2));
      const vmax = max(slots.vmax, of.maxOf === 'v' ? v : over(ops, v, s.bias2));
      const corrected = of.maxOf === 'v' ? over(ops, vmax, s.bias2) : vmax;
      const epsilon = of.epsForm === 'paper' ? of.eps : s.epsilon;
      const update = div(over(ops, m, s.bias1), add(sqrt(corrected), epsilon));
      return { update, slots: { m, v, vmax } };
    },
  });

export const amsgrad = rule({
  label: 'AMSGrad',
  settings,
  chain: (of, at) => chain(at.gradient, scaleByAmsgrad(of, at), scaleByRate, at.update),
});
