/** RAdam (https://arxiv.org/abs/1908.03265): Adam without its scale while v has seen too few gradients. */
import { adamNumbers } from './adam.js';
import { rule } from './rule.js';
import { choice, positive, share, type ValuesOf } from './settings.js';
import { chain, moments, over, scaleByRate, type Paths } from './transforms.js';

const settings = {
  beta1: share(0.9, 'Decay rate of the first moment.'),
  beta2: share(0.999, 'Decay rate of the second moment.'),
  eps: positive(1e-8, 'Added to the denominator.'),
  epsForm: choice(
    ['torch7', 'paper'],
    'torch7: eps is added to sqrt(v), before the bias correction (PyTorch). paper: to sqrt(vhat) (optax).',
  ),
};

/** Above so many gradients' worth of averaging v is used; rho_t > 5 in PyTorch, at least 5 in optax. */
const THRESHOLD = 5;

/** The rectification r_t, or 0 where v is not used yet. */
function rectification(beta2: number, t: number): number {
  const most = 2 / (1 - beta2) - 1;
  const rho = most - (2 * t * beta2 ** t) / (1 - beta2 ** t);
  if (rho <= THRESHOLD) return 0;
  return Math.sqrt(((rho - 4) * (rho - 2) * most) / ((most - 4) * (most - 2) * rho));
}

/**
 * u -> r_t mhat / (sqrt(vhat) + eps), or mhat while r_t is not defined. Both as one formula,
 * mhat (r / (sqrt(vhat) + eps) + plain), so that every step is the same operations.
 */
const scaleByRadam = (of: ValuesOf<typeof settings>, at: Paths) => {
  const { beta1, beta2, eps, epsForm } = of;
  return moments(at, {
    slots: ['m', 'v'],
    numbers({ t }) {
      const r = rectification(beta2, t);
      return { ...adamNumbers(of, t), r, plain: r === 0 ? 1 : 0 };
    },
    apply(forM, forV, { ops, slots, s }) {
      const { add, mul, div, sqrt, square } = ops;
      const m = add(mul(slots.m, beta1), mul(forM, 1 - beta1));
      const v = add(mul(slots.v, beta2), mul(square(forV), 1 - beta2));
      const root = add(sqrt(over(ops, v, s.bias2)), epsForm === 'paper' ? eps : s.epsilon);
      return { update: mul(over(ops, m, s.bias1), add(div(s.r, root), s.plain)), slots: { m, v } };
    },
  });
};

export const radam = rule({
  label: 'RAdam',
  settings,
  chain: (of, at) => chain(at.gradient, scaleByRadam(of, at), scaleByRate, at.update),
});
