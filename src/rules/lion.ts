/** Lion (https://arxiv.org/abs/2302.06675): the sign of a momentum. Its own decay is decoupled. */
import { onePath, rule } from './rule.js';
import { share } from './settings.js';
import { chain, link, scaleByRate } from './transforms.js';

/** u -> sign(beta1 m + (1 - beta1) u), and then m = beta2 m + (1 - beta2) u. */
const scaleByLion = ({ beta1, beta2 }: { beta1: number; beta2: number }) =>
  link({
    slots: ['m'],
    apply(update, { ops: { add, mul, sign }, slots }) {
      const direction = sign(add(mul(slots.m, beta1), mul(update, 1 - beta1)));
      return { update: direction, slots: { m: add(mul(slots.m, beta2), mul(update, 1 - beta2)) } };
    },
  });

export const lion = rule({
  label: 'Lion',
  placement: 'decoupled',
  settings: {
    beta1: share(0.9, 'Share of the momentum in the step’s direction.'),
    beta2: share(0.99, 'Decay rate of the momentum.'),
  },
  lacks: onePath,
  chain: (of, at) => chain(at.gradient, scaleByLion(of), scaleByRate, at.update),
});
