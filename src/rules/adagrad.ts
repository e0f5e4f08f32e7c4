/** Adagrad (https://jmlr.org/papers/v12/duchi11a.html). */
import { rule } from './rule.js';
import { atLeast0, choice, positive, type ValuesOf } from './settings.js';
import { chain, moments, scaleByRate, type Paths } from './transforms.js';

const settings = {
  eps: positive(1e-10, 'Added to the denominator.'),
  epsForm: choice(
    ['outside', 'inside'],
    'outside: sqrt(v) + eps (PyTorch). inside: sqrt(v + eps) (Keras, optax).',
  ),
  initial: atLeast0(0, 'What the sum of squares begins with: 0 in PyTorch, 0.1 in Keras and optax.'),
};

/** u -> u / (sqrt(v + initial) + eps), v = v + u^2. State begins at 0, so what v begins with is added outside of it. */
const scaleByAdagrad = ({ eps, epsForm, initial }: ValuesOf<typeof settings>, at: Paths) =>
  moments(at, {
    slots: ['v'],
    apply(forM, forV, { ops: { add, div, sqrt, square }, slots }) {
      const v = add(slots.v, square(forV));
      const outside = initial === 0 ? sqrt(v) : sqrt(add(v, initial));
      const root = epsForm === 'inside' ? sqrt(add(v, initial + eps)) : add(outside, eps);
      return { update: div(forM, root), slots: { v } };
    },
  });

export const adagrad = rule({
  label: 'Adagrad',
  settings,
  chain: (of, at) => chain(at.gradient, scaleByAdagrad(of, at), scaleByRate, at.update),
});
