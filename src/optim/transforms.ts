/**
 * Small pure transforms of an update, chained into optimizers as in optax.
 *
 * A chain begins with the gradient; its output is subtracted from theta. All tensors are flat vectors of theta's
 * length. Only `applyChain` disposes of tensors; the transforms run inside its tidy.
 */
import {
  add,
  cast,
  div,
  greater,
  less,
  logicalAnd,
  logicalNot,
  logicalOr,
  mul,
  sqrt,
  square,
  sub,
  tidy,
  type Scalar,
  type Tensor1D,
} from '../backends/tfjs.js';
import type { Updated } from './optimizer.js';
import type { StepScalars } from './scalars.js';

/** A number, or a tensor of one: a recorded step gets as tensors what changes from step to step (deferred.ts). */
export type Factor = number | Scalar;

/** The numbers of a step, each as one or the other. */
export type StepFactors = Readonly<Record<keyof StepScalars, Factor>>;

/** An update on its way to theta, and the state vectors that the next step will need. */
export interface Transformed {
  readonly update: Tensor1D;
  readonly slots: readonly Tensor1D[];
}

/** One link of a chain. */
export interface Transform {
  /** Names of the state vectors it keeps. */
  readonly slots: readonly string[];
  /** `theta` is the value before the step, wherever in the chain this stands. */
  apply(update: Tensor1D, theta: Tensor1D, slots: readonly Tensor1D[], s: StepFactors): Transformed;
}

/** Picks a coefficient among the numbers of a step. */
export type Coefficient = (s: StepFactors) => Factor;

/** u -> u. */
export const identity: Transform = { slots: [], apply: (update, _theta, slots) => ({ update, slots }) };

/** u -> c u. */
export const scaleBy = (coefficient: Coefficient): Transform => ({
  slots: [],
  apply: (update, _theta, slots, s) => ({ update: times(update, coefficient(s)), slots }),
});

/**
 * u -> u + c theta, or u + c mask theta: weight decay. First in a chain it is L2 regularisation (the gradient of
 * c/2 |theta|^2), last it is decoupled decay.
 *
 * @param mask 1 if a parameter decays and 0 if not; absent: all decay. Stays the caller's.
 */
export const addDecay = (coefficient: Coefficient, mask?: Tensor1D): Transform => ({
  slots: [],
  apply(update, theta, slots, s) {
    const c = coefficient(s);
    if (c === 0) return { update, slots };
    return { update: add(update, mul(mask ? mul(theta, mask) : theta, c)), slots };
  },
});

/**
 * u -> u + c theta where u theta >= 0, else u: cautious weight decay (https://arxiv.org/abs/2510.12402). Last in a
 * chain, u is what the step subtracts from theta, so that decay acts where it and the step pull the same way. The
 * signs are compared, since u theta of two small numbers rounds to 0. tfjs's `sign` would not do: on wasm it calls
 * small numbers 0.
 *
 * @param mask as for `addDecay`
 */
export const addCautiousDecay = (coefficient: Coefficient, mask?: Tensor1D): Transform => ({
  slots: [],
  apply(update, theta, slots, s) {
    if (coefficient(s) === 0) return { update, slots };
    const opposed = logicalOr(
      logicalAnd(greater(update, 0), less(theta, 0)),
      logicalAnd(less(update, 0), greater(theta, 0)),
    );
    const agree = cast(logicalNot(opposed), 'float32') as Tensor1D;
    return addDecay(coefficient, mask ? mul(agree, mask) : agree).apply(update, theta, slots, s);
  },
});

/** u -> m, with m = beta m + u: heavy-ball momentum, without dampening. */
export const momentum = (beta: number): Transform => ({
  slots: ['m'],
  apply(update, _theta, slots) {
    const m: Tensor1D = add(mul(slots[0]!, beta), update);
    return { update: m, slots: [m] };
  },
});

/**
 * u -> mhat / (sqrt(vhat) + eps): Adam (https://arxiv.org/abs/1412.6980; lines 6 to 12 of the paper's Algorithm 2).
 *
 *     m = beta1 m + (1 - beta1) u      mhat = m / (1 - beta1^t)
 *     v = beta2 v + (1 - beta2) u^2    vhat = v / (1 - beta2^t)
 *
 * @param into what u goes through on its way into m, and into v; transforms without state
 */
export const scaleByAdam = (
  { beta1, beta2 }: { beta1: number; beta2: number },
  into: { m: Transform; v: Transform } = { m: identity, v: identity },
): Transform => ({
  slots: ['m', 'v'],
  apply(update, theta, slots, s) {
    const forM = into.m.apply(update, theta, [], s).update;
    const forV = into.v.apply(update, theta, [], s).update;
    const m: Tensor1D = add(mul(slots[0]!, beta1), mul(forM, 1 - beta1));
    const v: Tensor1D = add(mul(slots[1]!, beta2), mul(square(forV), 1 - beta2));
    const mhat = over(m, s.bias1);
    const vhat = over(v, s.bias2);
    return { update: div(mhat, add(sqrt(vhat), s.epsilon)), slots: [m, v] };
  },
});

/** Applies transforms one after the other; its slots are theirs, in that order. */
export function chain(...links: readonly Transform[]): Transform {
  return {
    slots: links.flatMap((link) => link.slots),
    apply(gradient, theta, slots, s) {
      let update = gradient;
      let from = 0;
      const next: Tensor1D[] = [];
      for (const link of links) {
        const own = slots.slice(from, (from += link.slots.length));
        const out = link.apply(update, theta, own, s);
        update = out.update;
        next.push(...out.slots);
      }
      return { update, slots: next };
    },
  };
}

/** One step: theta - chain(gradient), in fresh tensors. The specification of the fused kernels (fused.ts). */
export function applyChain(
  links: Transform,
  theta: Tensor1D,
  gradient: Tensor1D,
  slots: readonly Tensor1D[],
  s: StepFactors,
): Updated {
  const [next, ...nextSlots] = tidy(() => {
    const out = links.apply(gradient, theta, slots, s);
    return [sub<Tensor1D>(theta, out.update), ...out.slots];
  });
  return { theta: next, slots: nextSlots };
}

// A factor that float32 cannot tell from 1 changes nothing, so the operation is skipped.
const isOne = (c: Factor): boolean => typeof c === 'number' && Math.fround(c) === 1;
const times = (x: Tensor1D, c: Factor): Tensor1D => (isOne(c) ? x : mul(x, c));
const over = (x: Tensor1D, c: Factor): Tensor1D => (isOne(c) ? x : div(x, c));
