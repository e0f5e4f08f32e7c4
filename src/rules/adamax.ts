/** Adamax (https://arxiv.org/abs/1412.6980, section 7.1): Adam with the infinity norm for a scale. */
import { rule } from './rule.js';
import { choice, positive, share, type ValuesOf } from './settings.js';
import { chain, moments, over, scaleByRate, type Paths } from './transforms.js';

const settings = {
  beta1: share(0.9, 'Decay rate of the first moment.'),
  beta2: share(0.999, 'Decay rate of the infinity norm.'),
  eps: positive(1e-8, 'Keeps the denominator above 0.'),
  epsForm: choice(
    ['inside', 'outside'],
    'inside: v = max(beta2 v, |g| + eps) (PyTorch, optax). outside: mhat / (v + eps) (Keras).',
  ),
};

/** u -> mhat / v: m = beta1 m + (1 - beta1) u, v = max(beta2 v, |u| + eps), mhat = m / (1 - beta1^t). */
const scaleByAdamax = ({ beta1, beta2, eps, epsForm }: ValuesOf<typeof settings>, at: Paths) =>
  moments(at, {
    slots: ['m', 'v'],
    numbers: ({ t }) => ({ bias1: 1 - beta1 ** t }),
    apply(forM, forV, { ops, slots, s }) {
      const { add, mul, div, abs, max } = ops;
      const isInside = epsForm === 'inside';
      const m = add(mul(slots.m, beta1), mul(forM, 1 - beta1));
      const v = max(mul(slots.v, beta2), isInside ? add(abs(forV), eps) : abs(forV));
      return { update: div(over(ops, m, s.bias1), isInside ? v : add(v, eps)), slots: { m, v } };
    },
  });

export const adamax = rule({
  label: 'Adamax',
  settings,
  chain: (of, at) => chain(at.gradient, scaleByAdamax(of, at), scaleByRate, at.update),
});
