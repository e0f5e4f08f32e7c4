/**
 * Algorithm 2 of the paper: Adam with L2 regularisation, and AdamW.
 *
 * The two differ in where lambda theta enters: before the moments, so that it is divided by sqrt(vhat) like the
 * gradient, or after them. In the chain that is the place of one transform (placements.ts).
 */
import { classicSettings } from './classic.js';
import { rule } from './rule.js';
import { chain, moments, over, scaleByRate, type Numbers, type Paths, type Transform } from './transforms.js';

interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly epsForm: 'paper' | 'torch7';
}

/** Adam's numbers of step t. `epsilon` is what is added to sqrt(vhat). */
export const adamNumbers = (
  { beta1, beta2, eps, epsForm }: AdamSettings,
  t: number,
): Numbers<'bias1' | 'bias2' | 'epsilon'> => {
  const bias2 = 1 - beta2 ** t;
  // sqrt(v) + eps = sqrt(bias2) (sqrt(vhat) + eps/sqrt(bias2)): Torch's old form is another epsilon.
  return { bias1: 1 - beta1 ** t, bias2, epsilon: epsForm === 'paper' ? eps : eps / Math.sqrt(bias2) };
};

/**
 * u -> mhat / (sqrt(vhat) + eps): Adam (https://arxiv.org/abs/1412.6980; lines 6 to 12 of the paper's Algorithm 2).
 *
 *     m = beta1 m + (1 - beta1) u      mhat = m / (1 - beta1^t)
 *     v = beta2 v + (1 - beta2) u^2    vhat = v / (1 - beta2^t)
 */
export const scaleByAdam = (of: AdamSettings, at: Paths): Transform => {
  const { beta1, beta2, eps, epsForm } = of;
  return moments(at, {
    slots: ['m', 'v'],
    numbers: ({ t }) => adamNumbers(of, t),
    apply(forM, forV, { ops, slots, s }) {
      const { add, mul, div, sqrt, square } = ops;
      const m = add(mul(slots.m, beta1), mul(forM, 1 - beta1));
      const v = add(mul(slots.v, beta2), mul(square(forV), 1 - beta2));
      const mhat = over(ops, m, s.bias1);
      const vhat = over(ops, v, s.bias2);
      const epsilon = epsForm === 'paper' ? eps : s.epsilon;
      return { update: div(mhat, add(sqrt(vhat), epsilon)), slots: { m, v } };
    },
  });
};

/** Adam (https://arxiv.org/abs/1412.6980), with what is at its places. */
export const adam = rule({
  label: 'Adam',
  settings: classicSettings,
  chain: (of, at) =>
    chain(
      at.gradient, // L2
      scaleByAdam(of, at), // or in m or v alone
      scaleByRate,
      at.update, // decoupled
    ),
});
