/**
 * Every number of one optimizer step, as a pure function of the settings and the position of the step.
 *
 * The chains of transforms (adam.ts, sgd.ts) and the fused kernels (fused.ts) both take their numbers from here. So
 * eta, the bias corrections and the four decay conventions are defined once.
 */
import { placementOf, type Placement } from '../experiment/placement.js';
import type { OptimizerSpec } from '../experiment/specs.js';
import type { StepInfo } from './optimizer.js';

/** What decides an optimizer's arithmetic, apart from lr, wd and the mask. */
export type OptimizerRule = Pick<
  OptimizerSpec,
  'name' | 'placement' | 'beta1' | 'beta2' | 'eps' | 'epsForm' | 'momentumForm' | 'convention'
>;

/** alpha and lambda of the paper. */
export interface Rates {
  readonly lr: number;
  readonly wd: number;
}

/** The numbers of one step. Those an optimizer has no use for are there all the same. */
export interface StepScalars {
  /** Multiplies theta where it joins the gradient, in whole or for one moment; 0 for decoupled decay. */
  readonly l2: number;
  /** Multiplies theta where it joins the finished update, after the moments; 0 for L2. */
  readonly decay: number;
  /** eta_t alpha. */
  readonly stepSize: number;
  /** 1 - beta1^t. */
  readonly bias1: number;
  /** 1 - beta2^t. */
  readonly bias2: number;
  /** What is added to sqrt(vhat). */
  readonly epsilon: number;
  /** SGD: multiplies the gradient on its way into the momentum. */
  readonly gradientScale: number;
  /** SGD: multiplies the momentum on its way out. */
  readonly momentumScale: number;
}

/** Whether wd acts through the gradient, on theta directly, or not at all. */
const ACTS: Readonly<Record<Placement, 'on gradient' | 'on theta' | undefined>> = {
  l2: 'on gradient',
  'l2-in-m': 'on gradient',
  'l2-in-v': 'on gradient',
  decoupled: 'on theta',
  cautious: 'on theta',
  none: undefined,
};

/** Whether the step needs `decay`: AdamW, SGDW and the cautious forms. */
export const decaysTheta = (rule: OptimizerRule): boolean => ACTS[placementOf(rule)] === 'on theta';

/**
 * What multiplies theta in decoupled decay, per step.
 *
 * - `paper` eta_t lambda (Algorithms 1 and 2; big_vision)
 * - `lr` eta_t alpha lambda (PyTorch, optax, Keras)
 * - `constant` lambda, whatever the schedule does (TensorFlow's contrib and addons)
 * - `normalized` eta_t lambda sqrt(b/(B T)) = eta_t lambda / sqrt(steps of the cycle) (the paper's appendix B.1)
 */
export function decayFactor(
  convention: OptimizerRule['convention'],
  { lr, wd }: Rates,
  at: StepInfo,
): number {
  switch (convention) {
    case 'paper':
      return at.eta * wd;
    case 'lr':
      return at.eta * lr * wd;
    case 'constant':
      return wd;
    case 'normalized':
      return at.eta * wd * Math.sqrt(1 / at.cycleSteps);
  }
}

/**
 * The numbers of step `at`.
 *
 * L2's coefficient is always lambda: it is part of the gradient, which the schedule multiplies.
 *
 * `epsForm: torch7` adds eps to sqrt(v), before the bias correction, as the authors' Lua code does. Divided by
 * sqrt(bias2) that is the paper's formula with another epsilon: sqrt(v) + eps = sqrt(bias2) (sqrt(vhat) +
 * eps/sqrt(bias2)).
 *
 * `momentumForm: paper` accumulates eta_t alpha g_t (Algorithm 1); `torch` accumulates g_t and multiplies by
 * eta_t alpha afterwards. They differ only where eta changes.
 */
export function stepScalars(rule: OptimizerRule, rates: Rates, at: StepInfo): StepScalars {
  const stepSize = at.eta * rates.lr;
  const bias2 = 1 - rule.beta2 ** at.t;
  const scaledFirst = rule.momentumForm === 'paper';
  return {
    l2: ACTS[placementOf(rule)] === 'on gradient' ? rates.wd : 0,
    decay: decaysTheta(rule) ? decayFactor(rule.convention, rates, at) : 0,
    stepSize,
    bias1: 1 - rule.beta1 ** at.t,
    bias2,
    epsilon: rule.epsForm === 'paper' ? rule.eps : rule.eps / Math.sqrt(bias2),
    gradientScale: scaledFirst ? stepSize : 1,
    momentumScale: scaledFirst ? 1 : stepSize,
  };
}
