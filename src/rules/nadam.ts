/** NAdam (https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ): Adam with Nesterov's momentum. */
import { rule } from './rule.js';
import { atLeast0, positive, share, type ValuesOf } from './settings.js';
import { chain, moments, over, scaleByRate, type Paths } from './transforms.js';

const settings = {
  beta1: share(0.9, 'Decay rate of the first moment, and what the momentum tends to.'),
  beta2: share(0.999, 'Decay rate of the second moment.'),
  eps: positive(1e-8, 'Added to the denominator.'),
  momentumDecay: atLeast0(
    0.004,
    'psi in mu_t = beta1 (1 - 0.5 * 0.96^(psi t)): 0.004 PyTorch, 1 Keras; with 10000, mu = beta1 throughout (optax).',
  ),
};

/** mu_t, and its product over the steps 1 to t. In float64, from t alone: so a run that is continued has the same. */
function momentumSchedule({ beta1, momentumDecay }: ValuesOf<typeof settings>) {
  const mu = (t: number) => beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
  let [known, product] = [0, 1];
  return (t: number) => {
    if (known > t) [known, product] = [0, 1];
    while (known < t) product *= mu(++known);
    return { mu: mu(t), next: mu(t + 1), product };
  };
}

/**
 * u -> (a u + b m) / (sqrt(vhat) + eps), with Adam's m and v, a = (1 - mu_t) / (1 - mu_1...mu_t) and
 * b = mu_{t+1} / (1 - mu_1...mu_{t+1}).
 */
const scaleByNadam = (of: ValuesOf<typeof settings>, at: Paths) => {
  const { beta1, beta2, eps } = of;
  const schedule = momentumSchedule(of);
  return moments(at, {
    slots: ['m', 'v'],
    numbers({ t }) {
      const { mu, next, product } = schedule(t);
      const [a, b] = [(1 - mu) / (1 - product), next / (1 - product * next)];
      return { bias2: 1 - beta2 ** t, a, b };
    },
    apply(forM, forV, { ops, slots, s }) {
      const { add, mul, div, sqrt, square } = ops;
      const m = add(mul(slots.m, beta1), mul(forM, 1 - beta1));
      const v = add(mul(slots.v, beta2), mul(square(forV), 1 - beta2));
      const direction = add(mul(forM, s.a), mul(m, s.b));
      return { update: div(direction, add(sqrt(over(ops, v, s.bias2)), eps)), slots: { m, v } };
    },
  });
};

export const nadam = rule({
  label: 'NAdam',
  settings,
  chain: (of, at) => chain(at.gradient, scaleByNadam(of, at), scaleByRate, at.update),
});
