/**
 * Every number of one optimizer step, as a pure function of the settings and the position of the step.
 *
 * The rules' chains (rules/) and the fused kernels (fused.ts) both take their numbers from here. So eta and the decay
 * conventions are defined once.
 */
import type { ClassicSettings, Convention, OptimizerSettings } from '../experiment/optimizerSettings.js';
import { actionOf } from '../experiment/placement.js';
import { adamNumbers } from '../rules/adam.js';
import type { At } from '../rules/transforms.js';
import type { StepInfo } from './optimizer.js';

export type { Convention, OptimizerSettings };

/** The settings of Adam and SGD, by any of their names: what the fused kernels compute. */
export type OptimizerRule = ClassicSettings;

/** alpha and lambda of the paper. */
export interface Rates {
  readonly lr: number;
  readonly wd: number;
  /** Steps of an epoch; what convention `timescale` needs. */
  readonly stepsPerEpoch?: number | undefined;
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

/**
 * What multiplies theta in decoupled decay, per step.
 *
 * - `paper` eta_t lambda (Algorithms 1 and 2; big_vision)
 * - `lr` eta_t alpha lambda (PyTorch, optax, Keras)
 * - `constant` lambda, whatever the schedule does (TensorFlow's contrib and addons)
 * - `normalized` eta_t lambda sqrt(b/(B T)) = eta_t lambda / sqrt(steps of the cycle) (the paper's appendix B.1)
 * - `timescale` eta_t lambda / (steps per epoch): lambda = 1/tau, tau being the epochs after which a weight without
 *   gradients has shrunk by a factor of e (https://arxiv.org/abs/2405.13698)
 *
 * @throws RangeError for `timescale` without `stepsPerEpoch`
 */
export function decayFactor(convention: Convention, { lr, wd, stepsPerEpoch }: Rates, at: StepInfo): number {
  switch (convention) {
    case 'paper':
      return at.eta * wd;
    case 'lr':
      return at.eta * lr * wd;
    case 'constant':
      return wd;
    case 'normalized':
      return at.eta * wd * Math.sqrt(1 / at.cycleSteps);
    case 'timescale':
      return (at.eta * wd) / known(stepsPerEpoch);
  }
}

function known(stepsPerEpoch: number | undefined): number {
  if (stepsPerEpoch !== undefined && stepsPerEpoch > 0) return stepsPerEpoch;
  throw new RangeError('The convention timescale needs stepsPerEpoch, the number of steps of an epoch.');
}

/** The position of a step as the rules see it: rates with eta, and the decay factor, which is 0 where none is needed. */
export function positionOf(settings: OptimizerSettings, rates: Rates, at: StepInfo): At {
  const decays = actionOf(settings) === 'on theta';
  return {
    t: at.t,
    stepSize: at.eta * rates.lr,
    decay: decays ? decayFactor(settings.convention, rates, at) : 0,
  };
}

/**
 * The numbers of step `at` of Adam or SGD, for the fused kernels.
 *
 * L2's coefficient is always lambda: it is part of the gradient, which the schedule multiplies.
 *
 * `epsForm: torch7` adds eps to sqrt(v), before the bias correction, as the authors' Lua code does.
 *
 * `momentumForm: paper` accumulates eta_t alpha g_t (Algorithm 1); `torch` accumulates g_t and multiplies by
 * eta_t alpha afterwards. They differ only where eta changes.
 */
export function stepScalars(rule: OptimizerRule, rates: Rates, at: StepInfo): StepScalars {
  const { stepSize, decay } = positionOf(rule, rates, at);
  const scaledFirst = rule.momentumForm === 'paper';
  const { bias1, bias2, epsilon } = adamNumbers(rule, at.t);
  return {
    l2: actionOf(rule) === 'on gradient' ? rates.wd : 0,
    decay,
    stepSize,
    bias1,
    bias2,
    epsilon,
    gradientScale: scaledFirst ? stepSize : 1,
    momentumScale: scaledFirst ? 1 : stepSize,
  };
}
