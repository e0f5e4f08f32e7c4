/** RMSProp (https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf): plain, centered, with momentum. */
import { rule } from './rule.js';
import { choice, flag, positive, share, type ValuesOf } from './settings.js';
import { chain, moments, momentum, scaleByRate, type Paths } from './transforms.js';

const settings = {
  rho: share(0.99, 'Decay rate of the second moment: 0.99 in PyTorch, 0.9 in Keras and optax.'),
  eps: positive(1e-8, 'Added to the denominator.'),
  epsForm: choice(
    ['outside', 'inside'],
    'outside: sqrt(v) + eps (PyTorch). inside: sqrt(v + eps) (Keras; optax unless eps_in_sqrt is false).',
  ),
  centered: flag(false, 'Subtract the square of the mean gradient from v (https://arxiv.org/abs/1308.0850).'),
  momentum: share(0, 'Momentum of the scaled gradients; 0 is none.'),
  momentumForm: choice(
    ['torch', 'paper'],
    'torch: it accumulates the update, which lr then multiplies (PyTorch, optax). paper: lr times the update (Keras).',
  ),
};
type RmspropSettings = ValuesOf<typeof settings>;

/** u -> u / (sqrt(v) + eps), v = rho v + (1 - rho) u^2; centered, v - a^2 for v, a = rho a + (1 - rho) u. */
const scaleByRms = ({ rho, eps, epsForm, centered }: RmspropSettings, at: Paths) =>
  moments(at, {
    slots: centered ? ['v', 'a'] : ['v'],
    apply(forM, forV, { ops: { add, sub, mul, div, sqrt, square }, slots }) {
      const v = add(mul(slots.v, rho), mul(square(forV), 1 - rho));
      const a = centered ? add(mul(slots.a, rho), mul(forV, 1 - rho)) : v;
      const variance = centered ? sub(v, square(a)) : v;
      const root = epsForm === 'inside' ? sqrt(add(variance, eps)) : add(sqrt(variance), eps);
      return { update: div(forM, root), slots: { v, a } };
    },
  });

export const rmsprop = rule({
  label: 'RMSProp',
  settings,
  chain(of, at) {
    const scaled = scaleByRms(of, at);
    if (of.momentum === 0) return chain(at.gradient, scaled, scaleByRate, at.update);
    return of.momentumForm === 'paper'
      ? chain(at.gradient, scaled, scaleByRate, momentum(of.momentum), at.update)
      : chain(at.gradient, scaled, momentum(of.momentum), scaleByRate, at.update);
  },
});
