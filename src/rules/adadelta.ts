/** Adadelta (https://arxiv.org/abs/1212.5701). Its own learning rate is 1; ours multiplies its step. */
import { rule } from './rule.js';
import { positive, share, type ValuesOf } from './settings.js';
import { chain, moments, scaleByRate, type Paths } from './transforms.js';

const settings = {
  rho: share(0.9, 'Decay rate of both averages: 0.9 in PyTorch and optax, 0.95 in Keras.'),
  eps: positive(1e-6, 'Added to both averages: 1e-6 in PyTorch and optax, 1e-7 in Keras.'),
};

/** u -> d = u sqrt(a + eps) / sqrt(v + eps), v = rho v + (1 - rho) u^2, then a = rho a + (1 - rho) d^2. */
const scaleByAdadelta = ({ rho, eps }: ValuesOf<typeof settings>, at: Paths) =>
  moments(at, {
    slots: ['v', 'a'],
    apply(forM, forV, { ops: { add, mul, div, sqrt, square }, slots }) {
      const v = add(mul(slots.v, rho), mul(square(forV), 1 - rho));
      const d = mul(div(sqrt(add(slots.a, eps)), sqrt(add(v, eps))), forM);
      const a = add(mul(slots.a, rho), mul(square(d), 1 - rho));
      return { update: d, slots: { v, a } };
    },
  });

export const adadelta = rule({
  label: 'Adadelta',
  settings,
  chain: (of, at) => chain(at.gradient, scaleByAdadelta(of, at), scaleByRate, at.update),
});
